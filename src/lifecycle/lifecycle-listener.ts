import type { EventBus } from '../kernel/event-bus.js';
import {
  DesiredStateChanged,
  RevisionDiscarded,
  RevisionPromoted,
  RevisionProposed,
  ServiceArchived,
  ServiceCreated,
  ServiceRestored,
  ServiceRewritten,
} from '../registry/registry.events.js';
import { ServiceStateChanged, ToolsChanged } from './lifecycle.events.js';
import type { RegistryAccess } from './lifecycle-ports.js';
import type { Wake } from './lifecycle-parts.js';

const REGISTRY_EVENTS = [
  ServiceCreated,
  RevisionProposed,
  RevisionPromoted,
  RevisionDiscarded,
  DesiredStateChanged,
  ServiceArchived,
  ServiceRestored,
  ServiceRewritten,
] as const;

/** Wakes a service when its documents change, and those that depend on it when it does. */
export class LifecycleListener {
  private readonly unsubscribes: (() => void)[] = [];
  /** Services that declare dependencies; a change anywhere is looked at by these alone. */
  private readonly dependents = new Set<string>();

  constructor(
    private readonly bus: EventBus,
    private readonly registry: RegistryAccess,
    private readonly wake: Wake,
  ) {}

  start(): void {
    for (const doc of this.registry.list()) this.index(doc.service_id);
    for (const type of REGISTRY_EVENTS) {
      this.unsubscribes.push(
        this.bus.subscribe<{ service_id: string }>(type, ({ service_id }) => {
          this.index(service_id);
          void this.wake(service_id);
          this.wakeDependents(service_id);
        }),
      );
    }
    for (const type of [ServiceStateChanged, ToolsChanged] as const) {
      this.unsubscribes.push(
        this.bus.subscribe<{ service_id: string }>(type, ({ service_id }) => {
          this.wakeDependents(service_id);
        }),
      );
    }
  }

  stop(): void {
    for (const unsubscribe of this.unsubscribes.splice(0)) unsubscribe();
  }

  private index(id: string): void {
    const doc = this.registry.find(id);
    if ((doc?.effective.integration.dependencies.length ?? 0) > 0) this.dependents.add(id);
    else this.dependents.delete(id);
  }

  private wakeDependents(changed: string): void {
    for (const id of this.dependents) if (id !== changed) void this.wake(id);
  }
}
