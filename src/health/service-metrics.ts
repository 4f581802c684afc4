import type { EventBus } from '../kernel/event-bus.js';
import type { InstanceView } from '../lifecycle/instance.js';
import { InstanceFailed } from '../lifecycle/lifecycle.events.js';
import type { ServiceStatusDocument } from '../lifecycle/service-status.js';
import type { MetricSources, ServiceReading } from '../observability/metric-sources.js';
import type { Metrics } from '../observability/metrics.js';
import { ServiceArchived } from '../registry/registry.events.js';
import type { LifecycleAccess, ProbeObserver, RegistryReading } from './health-ports.js';
import type { InstanceRotation } from './passive-monitor.js';

type Counted = Pick<Metrics, 'readFrom' | 'forgetService' | 'recordFailure' | 'recordEjection'> &
  ProbeObserver;
type Observed = Pick<LifecycleAccess, 'statusOf' | 'instances'> & { runningCount(): number };

/** Where the gauges of services are read from, what their instances do, and the end of a service's own series. */
export class ServiceMetrics implements ProbeObserver {
  private endings: (() => void)[] = [];

  constructor(
    private readonly metrics: Counted,
    private readonly registry: Pick<RegistryReading, 'list' | 'find'>,
    private readonly lifecycle: Observed,
    private readonly bus: EventBus,
  ) {}

  start(): void {
    this.metrics.readFrom({
      servicesByState: () => this.counted(({ state }) => state),
      servicesByHealth: () => this.counted(({ health }) => health.level),
      services: () => this.readings(),
      instances: () => this.lifecycle.runningCount(),
    });
    this.endings = [
      this.bus.subscribe(ServiceArchived, ({ name }) => {
        this.metrics.forgetService(name);
      }),
      this.bus.subscribe(InstanceFailed, ({ service_id }) => {
        const name = this.nameOf(service_id);
        if (name !== undefined) this.metrics.recordFailure(name);
      }),
    ];
  }

  stop(): void {
    for (const end of this.endings.splice(0)) end();
  }

  /** Where the numbers of checks are read from. */
  countProbes(read: NonNullable<MetricSources['probes']>): void {
    this.metrics.readFrom({ probes: read });
  }

  recordProbeStart(latenessMs: number): void {
    this.metrics.recordProbeStart(latenessMs);
  }

  recordProbeEnd(kind: string, result: string, durationMs: number): void {
    this.metrics.recordProbeEnd(kind, result, durationMs);
  }

  /** The same rotation, whose ejections are counted. */
  counting(rotation: InstanceRotation): InstanceRotation {
    return {
      ejectInstance: (serviceId, instanceId, forMs) => {
        const isOut = rotation.ejectInstance(serviceId, instanceId, forMs);
        const name = isOut ? this.nameOf(serviceId) : undefined;
        if (name !== undefined) this.metrics.recordEjection(name);
        return isOut;
      },
      pardonInstance: (serviceId, instanceId) => {
        rotation.pardonInstance(serviceId, instanceId);
      },
    };
  }

  private nameOf(serviceId: string): string | undefined {
    return this.registry.find(serviceId)?.spec.name;
  }

  private readings(): ServiceReading[] {
    return this.registry.list().map(({ service_id, spec, effective }) => {
      const { health, conditions } = this.lifecycle.statusOf(service_id);
      const instances = this.lifecycle.instances(service_id);
      return {
        service: spec.name,
        health: health.level,
        crash_looping: conditions.some(
          ({ type, status }) => type === 'CrashLoopBackOff' && status === 'true',
        ),
        instances: countBy(instances, ({ state }) => state),
        memory_bytes: memoryOf(instances),
        labels: effective.monitoring.metrics.labels,
      };
    });
  }

  private counted(wordOf: (status: ServiceStatusDocument) => string): Record<string, number> {
    return countBy(this.registry.list(), ({ service_id }) =>
      wordOf(this.lifecycle.statusOf(service_id)),
    );
  }
}

function countBy<T>(members: readonly T[], wordOf: (member: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const member of members) {
    const word = wordOf(member);
    counts[word] = (counts[word] ?? 0) + 1;
  }
  return counts;
}

/** `null`: none of them is a process of ours. */
function memoryOf(instances: readonly InstanceView[]): number | null {
  const known = instances.flatMap(({ memory_bytes }) => memory_bytes ?? []);
  return known.length === 0 ? null : known.reduce((sum, bytes) => sum + bytes, 0);
}
