import type { EventBus } from '../kernel/event-bus.js';
import type { ServiceStatusDocument } from '../lifecycle/service-status.js';
import type { Metrics } from '../observability/metrics.js';
import { ServiceArchived } from '../registry/registry.events.js';
import type { LifecycleAccess, RegistryReading } from './health-ports.js';

/** Where the gauges of services are read from, and the end of a service's own series. */
export class ServiceMetrics {
  private end: () => void = () => undefined;

  constructor(
    private readonly metrics: Pick<Metrics, 'readFrom' | 'forgetService'>,
    private readonly registry: Pick<RegistryReading, 'list'>,
    private readonly lifecycle: Pick<LifecycleAccess, 'statusOf'> & { runningCount(): number },
    private readonly bus: EventBus,
  ) {}

  start(): void {
    this.metrics.readFrom({
      servicesByState: () => this.counted(({ state }) => state),
      servicesByHealth: () => this.counted(({ health }) => health.level),
      instances: () => this.lifecycle.runningCount(),
    });
    this.end = this.bus.subscribe(ServiceArchived, ({ name }) => {
      this.metrics.forgetService(name);
    });
  }

  stop(): void {
    this.end();
  }

  private counted(wordOf: (status: ServiceStatusDocument) => string): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { service_id } of this.registry.list()) {
      const word = wordOf(this.lifecycle.statusOf(service_id));
      counts[word] = (counts[word] ?? 0) + 1;
    }
    return counts;
  }
}
