import type { DomainEvent } from './domain-event.js';
import type { Logger } from './logger.js';

type EventClass<E extends DomainEvent> = abstract new (...parameters: never[]) => E;
type Listener<E extends DomainEvent> = (event: E) => void | Promise<void>;

/**
 * Events by class, delivered synchronously in the order of subscription. Upper layers learn through it, lower layers
 * publish and never wait. Invariant: a listener's fault is logged and touches neither the publisher nor other listeners.
 */
export class EventBus {
  private readonly listeners = new Map<unknown, Set<Listener<DomainEvent>>>();
  private readonly all = new Set<Listener<DomainEvent>>();

  constructor(private readonly logger: Logger) {}

  /** Answers the function that ends the subscription. */
  subscribe<E extends DomainEvent>(type: EventClass<E>, listener: Listener<E>): () => void {
    const own = listener as Listener<DomainEvent>;
    const set = this.listeners.get(type) ?? new Set();
    this.listeners.set(type, set.add(own));
    return () => {
      set.delete(own);
    };
  }

  /** Hears every event; for logs and the event stream. */
  subscribeAll(listener: Listener<DomainEvent>): () => void {
    this.all.add(listener);
    return () => {
      this.all.delete(listener);
    };
  }

  publish(event: DomainEvent): void {
    for (const listener of [...(this.listeners.get(event.constructor) ?? [])]) {
      this.deliver(listener, event);
    }
    for (const listener of [...this.all]) this.deliver(listener, event);
  }

  private deliver(listener: Listener<DomainEvent>, event: DomainEvent): void {
    const failed = (error: unknown): void => {
      this.logger.error({ err: error, event: event.constructor.name }, 'an event listener failed');
    };
    try {
      const done = listener(event);
      if (done instanceof Promise) done.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}
