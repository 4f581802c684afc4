import type { EventBus } from '../kernel/event-bus.js';
import type { DomainEvent } from '../kernel/domain-event.js';
import {
  AvailabilityChanged,
  InstanceReady,
  ServiceStateChanged,
  ToolsChanged,
} from '../lifecycle/lifecycle.events.js';
import {
  DesiredStateChanged,
  RevisionPromoted,
  ServiceArchived,
  ServiceCreated,
  ServiceRestored,
} from '../registry/registry.events.js';

/** What follows from events: the table is compiled anew, and clients hear of it afterwards. */
export interface RouteReactions {
  publish(serviceIds: Iterable<string>): Promise<number>;
  removeOfService(serviceId: string): Promise<void>;
}

/** The part of the session table that hears of changes. */
export interface SessionNews {
  /** Tells every session of the service that its tools are others now. */
  announce(serviceId: string, methods: readonly string[]): void;
  /** Ends every session of a service that is gone. */
  endService(serviceId: string): void;
}

const RECOMPILED_ON = [
  ServiceCreated,
  ServiceRestored,
  RevisionPromoted,
  DesiredStateChanged,
  InstanceReady,
  AvailabilityChanged,
  ServiceStateChanged,
] as const;

/** Subscribes to all that changes the table. Answers the function that ends it. */
export function followEvents(
  bus: EventBus,
  routes: RouteReactions,
  sessions: SessionNews,
): () => void {
  const recompile = async ({ service_id }: DomainEvent): Promise<void> => {
    if (service_id !== null) await routes.publish([service_id]);
  };
  const ends = RECOMPILED_ON.map((type) => bus.subscribe<DomainEvent>(type, recompile));
  ends.push(
    bus.subscribe(ToolsChanged, async ({ service_id }) => {
      await routes.publish([service_id]);
      sessions.announce(service_id, ['notifications/tools/list_changed']);
    }),
    bus.subscribe(ServiceArchived, async ({ service_id, discarded }) => {
      await routes.publish([service_id]);
      sessions.endService(service_id);
      // Extra routes of an archived service wait for its restoration; of an erased one nothing is kept.
      if (discarded) await routes.removeOfService(service_id);
    }),
  );
  return () => {
    for (const end of ends) end();
  };
}
