import { describe, expect, it } from '@jest/globals';
import { settle } from '../../test/support/manual-clock.js';
import { DomainEvent } from './domain-event.js';
import { EventBus } from './event-bus.js';
import type { LogFields } from './logger.js';
import { SilentLogger } from './logger.js';

class Happened extends DomainEvent {
  constructor(readonly service_id: string) {
    super();
  }
}
class OtherHappened extends Happened {}

class RecordingLogger extends SilentLogger {
  readonly errors: LogFields[] = [];
  override error(fields?: LogFields): void {
    this.errors.push(fields ?? {});
  }
}

describe('the event bus', () => {
  it('delivers an event to the listeners of exactly its class, in order of subscription', () => {
    const bus = new EventBus(new SilentLogger());
    const heard: string[] = [];
    bus.subscribe(Happened, () => void heard.push('first'));
    bus.subscribe(Happened, () => void heard.push('second'));
    bus.subscribe(OtherHappened, () => void heard.push('other'));
    bus.publish(new Happened('a'));
    expect(heard).toEqual(['first', 'second']);
  });

  it('delivers nothing after a subscription has ended', () => {
    const bus = new EventBus(new SilentLogger());
    const heard: string[] = [];
    const end = bus.subscribe(Happened, () => void heard.push('x'));
    const endAll = bus.subscribeAll(() => void heard.push('all'));
    end();
    endAll();
    bus.publish(new Happened('a'));
    expect(heard).toEqual([]);
  });

  it('keeps the fault of one listener from the publisher and from the others', async () => {
    const logger = new RecordingLogger();
    const bus = new EventBus(logger);
    const heard: string[] = [];
    bus.subscribe(Happened, () => {
      throw new Error('sync');
    });
    bus.subscribe(Happened, () => Promise.reject(new Error('async')));
    bus.subscribe(Happened, (event) => void heard.push(event.service_id));
    bus.publish(new Happened('a'));
    await settle();
    expect(heard).toEqual(['a']);
    expect(logger.errors).toHaveLength(2);
  });
});
