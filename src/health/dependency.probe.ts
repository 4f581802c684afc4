import type { ExternalResource, ServiceDependency } from '../config/service-config.js';
import { externalsOf } from './check-plan.js';
import type { ReachExternal } from './external-reach.js';
import type { LifecycleAccess, RegistryReading } from './health-ports.js';
import { probeFailure, type ProbeFailure } from './probe-failure.js';
import { Probe, type ProbeFinding, type ProbeTarget } from './probe.js';

/** What is seen of a service that is needed. `unknown` counts for it: nothing shows that it does not work. */
export interface NeededService {
  readonly dependency: Pick<ServiceDependency, 'service' | 'required'>;
  readonly status: 'missing' | 'unhealthy' | 'degraded' | 'unknown' | 'healthy';
  /** Why it is not healthy, as a sentence. */
  readonly summary: string;
}

export interface NeededResource {
  readonly resource: Pick<ExternalResource, 'name' | 'required'>;
  /** `null`: it was reached. */
  readonly fault: string | null;
}

/** Looks at everything that a service needs: other services, by what health says of them, and resources outside. */
export class DependencyProbe extends Probe {
  constructor(
    private readonly registry: Pick<RegistryReading, 'find'>,
    private readonly lifecycle: Pick<LifecycleAccess, 'statusOf' | 'availabilityOf'>,
    private readonly reach: ReachExternal,
  ) {
    super();
  }

  override async run({ config }: ProbeTarget): Promise<ProbeFinding> {
    const { integration } = config;
    const resources = await Promise.all(
      externalsOf(integration).map(async (resource) => ({
        resource,
        fault: await this.reach(resource),
      })),
    );
    const services = integration.dependencies.map((dependency) => this.seen(dependency));
    return judgeDependencies(services, resources);
  }

  private seen(dependency: ServiceDependency): NeededService {
    const doc = this.registry.find(dependency.service);
    if (doc === undefined) return { dependency, status: 'missing', summary: 'not registered' };
    const { serving, message } = this.lifecycle.availabilityOf(doc.service_id);
    if (!serving) return { dependency, status: 'unhealthy', summary: message };
    const { level, summary } = this.lifecycle.statusOf(doc.service_id).health;
    return { dependency, status: level, summary };
  }
}

type Ranked = readonly [rank: number, failure: ProbeFailure];

/**
 * Pure. The worst decides: a required service that does not work, a required resource, an optional one of either, a
 * service that is degraded. What is known of services has been weighed before, so that it counts at once; a resource that
 * was not reached is tried again first.
 */
export function judgeDependencies(
  services: readonly NeededService[],
  resources: readonly NeededResource[],
): ProbeFinding {
  const faults = [...services.flatMap(serviceFault), ...resources.flatMap(resourceFault)];
  const [worst] = faults.sort(([left], [right]) => left - right);
  const count = services.length + resources.length;
  const unwell = String(faults.length);
  const evidence =
    worst === undefined
      ? `${String(count)} needed, all there`
      : `${unwell} of ${String(count)} needed not well: ${worst[1].message}`;
  return { failure: worst?.[1] ?? null, evidence };
}

function serviceFault({ dependency, status, summary }: NeededService): Ranked[] {
  const { service, required } = dependency;
  const text = `The service "${service}" that this one needs`;
  const told = summary.replace(/\.$/, '');
  switch (status) {
    case 'missing':
      return [[required ? 0 : 2, definite('dependency-missing', `${text} is not registered`)]];
    case 'unhealthy':
      return [
        [required ? 0 : 2, definite('dependency-unhealthy', `${text} does not work: ${told}`)],
      ];
    case 'degraded':
      return [[3, definite('dependency-degraded', `${text} is degraded: ${told}`)]];
    case 'unknown':
    case 'healthy':
      return [];
  }
}

function resourceFault({ resource, fault }: NeededResource): Ranked[] {
  if (fault === null) return [];
  const message = `The resource "${resource.name}" cannot be reached: ${fault}`;
  return resource.required
    ? [[1, probeFailure('external-required', message)]]
    : [[2, probeFailure('external-unreachable', message)]];
}

function definite(name: Parameters<typeof probeFailure>[0], message: string): ProbeFailure {
  return { ...probeFailure(name, message), definite: true };
}
