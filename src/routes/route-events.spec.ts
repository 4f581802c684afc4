import { beforeEach, describe, expect, it } from '@jest/globals';
import { settle } from '../../test/support/manual-clock.js';
import { EventBus } from '../kernel/event-bus.js';
import { SilentLogger } from '../kernel/logger.js';
import {
  AvailabilityChanged,
  InstanceReady,
  InstanceStarted,
  ToolsChanged,
} from '../lifecycle/lifecycle.events.js';
import { ServiceArchived, ServiceCreated } from '../registry/registry.events.js';
import { followEvents } from './route-events.js';

describe('followEvents', () => {
  let bus: EventBus;
  let done: string[];
  let end: () => void;

  beforeEach(() => {
    bus = new EventBus(new SilentLogger());
    done = [];
    const routes = {
      publish: async (ids: Iterable<string>) => {
        await Promise.resolve();
        done.push(`publish ${[...ids].join()}`);
        return 1;
      },
      removeOfService: (id: string) => {
        done.push(`forget routes of ${id}`);
        return Promise.resolve();
      },
    };
    const sessions = {
      announce: (id: string, methods: readonly string[]) => {
        done.push(`announce ${methods.join()} of ${id}`);
      },
      endService: (id: string) => {
        done.push(`end sessions of ${id}`);
      },
    };
    end = followEvents(bus, routes, sessions);
  });

  it.each([
    [new ServiceCreated('s', 'n', 1), ['publish s']],
    [new InstanceReady('s', 1, 'a'), ['publish s']],
    [new AvailabilityChanged('s'), ['publish s']],
    [new InstanceStarted('s', 1, 'a', 'i'), []],
    [new ToolsChanged('s'), ['publish s', 'announce notifications/tools/list_changed of s']],
    [new ServiceArchived('s', 'n', false), ['publish s', 'end sessions of s']],
    [new ServiceArchived('s', 'n', true), ['publish s', 'end sessions of s', 'forget routes of s']],
  ])('after %o does, in this order, %j', async (event, wanted) => {
    bus.publish(event);
    await settle();
    expect(done).toEqual(wanted);
  });

  it('hears nothing once it has ended', async () => {
    end();
    bus.publish(new AvailabilityChanged('s'));
    await settle();
    expect(done).toEqual([]);
  });
});
