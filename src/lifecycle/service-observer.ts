import type { Clock } from '../kernel/clock.js';
import type { ServiceDependency } from '../config/service-config.js';
import type { RevisionDocument, ServiceDocument } from '../registry/service.js';
import { availabilityOf, type Availability } from './availability.js';
import {
  checkDependencies,
  type DependencyTarget,
  type DependencyVerdict,
} from './dependency-check.js';
import { failureOf } from './failure-mapping.js';
import type { RegistryAccess } from './lifecycle-ports.js';
import type { RunnableRevision } from './pool-plan.js';
import type { Observation } from './reconcile.js';
import type { RuntimeTable, ServiceRuntime } from './service-runtime.js';
import type { StatusRepository } from './status-repository.js';

/** Reads documents and memory into what the pure parts decide on. Changes nothing. */
export class ServiceObserver {
  constructor(
    private readonly registry: RegistryAccess,
    private readonly statuses: StatusRepository,
    private readonly runtimes: RuntimeTable,
    private readonly clock: Clock,
  ) {}

  observe(id: string, runtime: ServiceRuntime): Observation {
    const doc = this.registry.find(id);
    const status = this.statuses.read(id);
    const { attempt } = runtime;
    const candidate = this.registry.candidateOf(id);
    const declared = doc?.effective.integration.dependencies ?? [];
    const dependencies = this.dependenciesOf(declared, runtime);
    return {
      desired: doc?.desired ?? 'absent',
      revision: doc?.revision ?? 0,
      candidate: doc?.candidate ?? null,
      state: status.state,
      attempt:
        attempt === null
          ? null
          : {
              revision: attempt.revision.revision,
              kind: attempt.kind,
              phase: attempt.phase,
              deadlineMs: attempt.deadlineMs,
              revocable: attempt.isRevocable,
            },
      dependencies,
      candidateDependencies:
        candidate === undefined
          ? dependencies
          : this.dependenciesOf(candidate.effective.integration.dependencies),
      running: runtime.running,
      draining: runtime.draining,
      fault: runtime.fault?.failure.reason ?? null,
      tableCaughtUp: runtime.tableMissed && runtime.published.has(doc?.revision ?? 0),
      proofWanted: runtime.proofWanted,
      restartWanted: runtime.restartWanted,
      retryWanted: runtime.retryWanted,
      healing: runtime.healing,
      retryAtMs: runtime.restarts.startAtMs,
      nowMs: this.clock.monotonicMs(),
    };
  }

  availability(id: string): Availability {
    const doc = this.registry.find(id);
    const status = this.statuses.read(doc?.service_id ?? id);
    const runtime = this.runtimes.peek(doc?.service_id ?? id);
    const pool = doc === undefined ? undefined : runtime?.pools.get(doc.revision);
    const trusted = runtime?.trusted === doc?.revision;
    const phase = runtime?.attempt?.phase ?? 'starting';
    const backsOff = runtime?.healing === 'backoff';
    return availabilityOf({
      desired: doc?.desired ?? 'absent',
      state: status.state,
      admitted: pool !== undefined && !pool.retired && (pool.proven || trusted),
      mounting: ['promoted', 'publishing', 'published'].includes(phase),
      dependencies: this.dependenciesOf(doc?.effective.integration.dependencies ?? [], runtime),
      fault: runtime?.fault?.failure ?? null,
      failure: status.last_failure,
      blockage: runtime?.blockage ?? null,
      outage: pool === undefined || pool.outage === null ? null : failureOf(pool.outage),
      retryInMs: backsOff ? runtime.restarts.startAtMs - this.clock.monotonicMs() : null,
    });
  }

  /** With a runtime, what the service needs outside the gateway is counted in. */
  dependenciesOf(
    dependencies: readonly ServiceDependency[],
    runtime?: ServiceRuntime,
  ): DependencyVerdict {
    const verdict = checkDependencies(dependencies, (nameOrId) => this.targetOf(nameOrId));
    const message = runtime?.externalUnmet ?? null;
    if (!verdict.met || message === null) return verdict;
    return { met: false, reason: 'DependencyExternal', message };
  }

  private targetOf(nameOrId: string): DependencyTarget | undefined {
    const doc = this.registry.find(nameOrId);
    if (doc === undefined) return undefined;
    const status = this.statuses.read(doc.service_id);
    return {
      name: doc.spec.name,
      version: doc.spec.version,
      state: status.state,
      toolNames: status.tools.map((tool) => (typeof tool['name'] === 'string' ? tool['name'] : '')),
    };
  }
}

/** What of a stored document is run. */
export function runnableOf(doc: ServiceDocument | RevisionDocument): RunnableRevision {
  return {
    service_id: doc.service_id,
    name: doc.spec.name,
    revision: doc.revision,
    hosting_mode: doc.spec.hosting_mode,
    effective: doc.effective,
    command_file: doc.command_file,
  };
}
