import type { Clock } from '../kernel/clock.js';
import type { InstanceView } from '../lifecycle/instance.js';
import type { ServiceDocument } from '../registry/service.js';
import { InstanceLoads } from './instance-loads.js';

export interface SamplerPorts {
  readonly registry: { list(): readonly ServiceDocument[] };
  readonly lifecycle: { instances(id: string): readonly InstanceView[] };
  readonly metrics: { recordCpu(service: string, usedMs: number): void };
  readonly clock: Clock;
}

/** Looks at what every running instance uses, again and again, so that a share of CPU can be told at any time. */
export class InstanceSampler {
  private readonly loads = new InstanceLoads();

  constructor(private readonly ports: SamplerPorts) {}

  /** One round over all services. Synchronous; the process table is read at most once. */
  sample(): void {
    const { registry, lifecycle, metrics, clock } = this.ports;
    const live = new Set<string>();
    for (const { service_id, spec } of registry.list()) {
      live.add(service_id);
      const instances = lifecycle.instances(service_id);
      if (instances.length === 0) continue;
      const usedMs = this.loads.read(service_id, instances, clock.monotonicMs());
      if (usedMs > 0) metrics.recordCpu(spec.name, usedMs);
    }
    this.loads.keepOnly(live);
  }

  /** Share of a core, 1 = one core; `null` where it is not known, as of a remote connection. */
  cpuOf(serviceId: string, instance: InstanceView): number | null {
    return this.loads.cpuOf(serviceId, instance, this.ports.clock.monotonicMs());
  }

  /** Services that a reading is kept of. */
  get size(): number {
    return this.loads.size;
  }
}
