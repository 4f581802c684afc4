import { describe, expect, it } from '@jest/globals';
import { EventBus } from '../kernel/event-bus.js';
import { SilentLogger } from '../kernel/logger.js';
import { DesiredStateChanged, ServiceArchived } from '../registry/registry.events.js';
import { FakeRegistry } from '../../test/transcripts/fake-registry.js';
import { LifecycleListener } from './lifecycle-listener.js';
import { ServiceStateChanged } from './lifecycle.events.js';

const ID = (number: number) => `00000000-0000-4000-8000-00000000000${String(number)}`;
const NEEDS_GEO = {
  config: {
    integration: { dependencies: [{ service: 'geo', version: null, tools: [], required: true }] },
  },
};

function setUp() {
  const bus = new EventBus(new SilentLogger());
  const registry = new FakeRegistry();
  registry.create(ID(1), 'geo', {});
  registry.create(ID(2), 'weather', NEEDS_GEO);
  const woken: string[] = [];
  const listener = new LifecycleListener(bus, registry, (id) => {
    woken.push(registry.find(id)?.spec.name ?? id);
    return Promise.resolve();
  });
  listener.start();
  return { bus, registry, woken, listener };
}

describe('the listener', () => {
  it('wakes a service whose documents change, and those that have dependencies', () => {
    const { bus, woken } = setUp();
    bus.publish(new DesiredStateChanged(ID(1), 'inactive'));
    expect(woken).toEqual(['geo', 'weather']);
  });

  it('wakes those alone when a state changes', () => {
    const { bus, woken } = setUp();
    bus.publish(new ServiceStateChanged(ID(1), 'active', 'error', 'X'));
    bus.publish(new ServiceStateChanged(ID(2), 'active', 'error', 'X'));
    expect(woken).toEqual(['weather']);
  });

  it('learns of dependencies that are new or gone', async () => {
    const { bus, registry, woken } = setUp();
    await registry.archive(ID(2));
    bus.publish(new ServiceArchived(ID(2), 'weather', false));
    bus.publish(new ServiceStateChanged(ID(1), 'active', 'error', 'X'));
    expect(woken).toEqual([ID(2)]);
  });

  it('hears nothing once it is stopped', () => {
    const { bus, woken, listener } = setUp();
    listener.stop();
    bus.publish(new DesiredStateChanged(ID(1), 'inactive'));
    expect(woken).toEqual([]);
  });
});
