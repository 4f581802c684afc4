import { authProblems } from '../auth/auth.errors.js';
import { maySeeService, type Principal } from '../auth/principal.js';
import type { Endpoint } from '../gateway/endpoint.js';
import type { Clock } from '../kernel/clock.js';
import type { InstanceView } from '../lifecycle/instance.js';
import type { ServiceDocument } from '../registry/service.js';
import { callLoadOf } from './call-loads.js';
import type { CallPerformance } from './call-performance.js';
import {
  InstancePerformanceView,
  WindowView,
  type PerformanceView,
} from './dto/performance.view.js';
import type { InstanceSampler } from './instance-sampler.js';

export interface PerformancePorts {
  /** Throws `registry.unknown` or `registry.archived`. */
  readonly registry: { require(idOrName: string): ServiceDocument };
  readonly lifecycle: { instances(id: string): readonly InstanceView[] };
  readonly calls: CallPerformance;
  readonly sampler: InstanceSampler;
  /** Endpoints of the table that serves. */
  readonly endpoints: () => readonly Endpoint[];
  readonly clock: Clock;
}

/** How a service does: its calls of the last minutes, what goes on now, and what its instances use. */
export class PerformanceService {
  constructor(private readonly ports: PerformancePorts) {}

  /** By id or name; what a key's patterns leave out is as if it were not there. */
  of(idOrName: string, top: number, principal: Principal): PerformanceView {
    const { registry, lifecycle, calls, sampler, endpoints, clock } = this.ports;
    const { service_id, spec } = registry.require(idOrName);
    if (!maySeeService(principal, spec.name)) {
      throw authProblems['service-unknown'](`There is no service ${JSON.stringify(idOrName)}.`);
    }
    return {
      service_id,
      name: spec.name,
      at: clock.timestamp(),
      ...callLoadOf(endpoints(), service_id, clock.monotonicMs()),
      windows: calls.report(service_id, top).map((window) => WindowView.of(window)),
      instances: lifecycle
        .instances(service_id)
        .map((instance) =>
          InstancePerformanceView.of(instance, sampler.cpuOf(service_id, instance)),
        ),
    };
  }
}
