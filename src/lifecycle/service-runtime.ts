import type { ServiceLogLevel } from '../config/service-config.js';
import type { CancelTimer } from '../kernel/clock.js';
import type { Blockage } from './availability.js';
import type { UpstreamError } from '../upstream/upstream.errors.js';
import type { Attempt } from './attempt.js';
import type { InstancePool } from './instance-pool.js';
import { NO_CRASHES, type RestartHistory } from './restart-policy.js';
import { ServiceLog } from './service-log.js';
import type { ActivationFailure, HealthRecord } from './service-status.js';
import type { FailureFacts } from './failure-mapping.js';

/** How the attempts for one revision ended last. */
export interface Outcome {
  readonly promoted: boolean;
  readonly failure: ActivationFailure | null;
}

/** What takes a service that is `active` out of rotation. */
export interface Fault {
  readonly failure: FailureFacts;
  readonly error: UpstreamError;
  /** Whether it is tried again by itself. */
  readonly restartable: boolean;
}

/**
 * What is known of one service in memory only; after a restart of the gateway it is made anew from the stored documents.
 * Written by the lifecycle's own parts, one at a time per service (`ServiceReconciler`).
 */
export class ServiceRuntime {
  readonly pools = new Map<number, InstancePool>();
  /** Revisions whose pool is on its way out. */
  readonly drains = new Set<number>();
  readonly outcomes = new Map<number, Outcome>();
  attempt: Attempt | null = null;
  restarts: RestartHistory = NO_CRASHES;
  fault: Fault | null = null;
  /** The revision that boot mounted without a proof. */
  trusted: number | null = null;
  proofWanted = false;
  restartWanted = false;
  retryWanted = false;
  /** The drain of the deactivation under way is skipped. */
  expedited = false;
  /** Which required resource outside cannot be reached, as a sentence. */
  externalUnmet: string | null = null;
  /** The security finding for which no new call is let in. */
  blockage: Blockage | null = null;
  healing: 'backoff' | 'dependencies' | 'command' = 'command';
  /** Revisions named by the last published table. */
  published: ReadonlySet<number> = new Set();
  /** Revisions that routes name, the current one perhaps among them: they keep instances of their own. */
  kept: ReadonlySet<number> = new Set();
  /** Failures of revisions other than the current one. */
  readonly keptRestarts = new Map<number, RestartHistory>();
  /** Proofs under way of revisions other than the current one. */
  readonly trials = new Map<number, Attempt>();
  /** The current revision is proven, and the table that names it came too late or is still to come. */
  tableMissed = false;
  /** The table that was published when the availability last changed. */
  tableAtChange = -1;
  /** Availability as last announced, for the comparison. */
  announced = '';
  health: HealthRecord | null = null;
  /** Passes queued or under way. */
  passes = 0;
  /** The pass that is queued and has not begun, to be shared by whoever asks for one. */
  nextPass: Promise<void> | null = null;
  cancelTimer: CancelTimer | null = null;

  constructor(readonly log = new ServiceLog()) {}

  get running(): boolean {
    return [...this.pools.values()].some(
      (pool) => pool.running || this.drains.has(pool.revision.revision),
    );
  }

  get draining(): boolean {
    return [...this.pools.keys()].every((revision) => this.drains.has(revision));
  }

  /** Whether a table or a route leads to the revision. */
  isNamed(revision: number): boolean {
    return this.published.has(revision) || this.kept.has(revision);
  }

  /** Back to what a service that rests is like. Log, outcomes and what routes name stay. */
  reset(): void {
    this.restarts = NO_CRASHES;
    this.fault = null;
    this.trusted = null;
    this.tableMissed = false;
    this.keptRestarts.clear();
    this.proofWanted = false;
    this.restartWanted = false;
    this.retryWanted = false;
    this.expedited = false;
    this.healing = 'command';
    this.externalUnmet = null;
    this.blockage = null;
    this.health = null;
  }

  clearTimer(): void {
    this.cancelTimer?.();
    this.cancelTimer = null;
  }
}

/** The runtimes of all services, made on first use. */
export class RuntimeTable {
  private readonly byId = new Map<string, ServiceRuntime>();

  /** `levelOf` answers what is logged of a service now. */
  constructor(private readonly levelOf: (serviceId: string) => ServiceLogLevel = () => 'info') {}

  of(serviceId: string): ServiceRuntime {
    let runtime = this.byId.get(serviceId);
    if (runtime === undefined) {
      runtime = new ServiceRuntime(new ServiceLog(() => this.levelOf(serviceId)));
      this.byId.set(serviceId, runtime);
    }
    return runtime;
  }

  peek(serviceId: string): ServiceRuntime | undefined {
    return this.byId.get(serviceId);
  }

  entries(): readonly (readonly [string, ServiceRuntime])[] {
    return [...this.byId];
  }

  forget(serviceId: string): void {
    this.byId.get(serviceId)?.clearTimer();
    this.byId.delete(serviceId);
  }
}
