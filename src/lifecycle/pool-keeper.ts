import { AvailabilityChanged, InstanceFailed } from './lifecycle.events.js';
import type { LifecycleParts, Wake } from './lifecycle-parts.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import type { Instance } from './instance.js';
import { InstancePool } from './instance-pool.js';
import type { PoolFailure } from './pool-hooks.js';
import type { RunnableRevision } from './pool-plan.js';
import { crashLoopFailure, failureOf } from './failure-mapping.js';
import {
  isAway,
  mayRestart,
  NO_CRASHES,
  recordCrash,
  recordUnreached,
  type RestartHistory,
} from './restart-policy.js';
import type { ServiceRuntime } from './service-runtime.js';

/** Until the table without a revision is published, a drain waits this long, in milliseconds. */
const TABLE_WAIT_MS = 1000;

/** Makes the pools of services, hears what happens in them, and sees them out. */
export class PoolKeeper {
  private lastTable = -1;
  private readonly tableWaiters = new Set<() => void>();

  constructor(
    private readonly parts: LifecycleParts,
    private readonly wake: Wake,
    /** Hears that a caller waits for the proof of a revision that is not the current one. */
    private readonly onKeptWanted: (runtime: ServiceRuntime, pool: InstancePool) => void,
  ) {}

  /** Version of the last published route table; -1 = none yet. */
  get tableVersion(): number {
    return this.lastTable;
  }

  /** A table was published. */
  tablePublished(version: number): void {
    this.lastTable = Math.max(this.lastTable, version);
    for (const resolve of [...this.tableWaiters]) resolve();
  }

  /** The pool of a revision, made on first use. */
  poolOf(runtime: ServiceRuntime, revision: RunnableRevision): InstancePool {
    const present = runtime.pools.get(revision.revision);
    if (present !== undefined && !present.retired) return present;
    const id = revision.service_id;
    const pool: InstancePool = new InstancePool(revision, this.parts.starter, {
      onProofWanted: () => {
        if (!this.isCurrent(revision)) {
          this.onKeptWanted(runtime, pool);
          return;
        }
        if (runtime.proofWanted) return;
        runtime.proofWanted = true;
        void this.wake(id);
      },
      onFailure: (failure) => {
        this.onFailure(id, runtime, failure);
      },
      onEnding: (instance) => {
        this.collect(runtime, instance);
        runtime.log.forget(instance.id);
      },
      barrier: () => barrierOf(runtime),
      startAtMs: () => this.historyOf(runtime, revision).startAtMs,
    });
    runtime.pools.set(revision.revision, pool);
    return pool;
  }

  /** Takes over the stderr that an instance has written since last time. */
  collect(runtime: ServiceRuntime, instance: Instance): void {
    const { stderr } = instance.upstream.facts();
    runtime.log.collect(instance.id, stderr, this.parts.clock.timestamp());
  }

  /** Counts one more failure: of the service when the revision is its current one, else of the revision alone. */
  countCrash(runtime: ServiceRuntime, revision: RunnableRevision): void {
    this.count(runtime, revision, recordCrash);
  }

  /** One more try did not reach the remote upstream. */
  countUnreached(runtime: ServiceRuntime, revision: RunnableRevision): void {
    this.count(runtime, revision, recordUnreached);
  }

  /** The failures that decide when the revision may be started again. */
  historyOf(runtime: ServiceRuntime, revision: RunnableRevision): RestartHistory {
    if (this.isCurrent(revision)) return runtime.restarts;
    return runtime.keptRestarts.get(revision.revision) ?? NO_CRASHES;
  }

  /** Sees a revision out behind what serves now. Idempotent. */
  sendOff(id: string, runtime: ServiceRuntime, revision: number): void {
    const pool = runtime.pools.get(revision);
    if (pool === undefined) return;
    const { drain_ms, session_drain_ms } = pool.revision.effective.runtime;
    this.see(id, runtime, revision, () => pool.drain(drain_ms, session_drain_ms));
  }

  /** Deactivation: sessions end as soon as their calls have, once no table lets new ones in. */
  drainAll(id: string, runtime: ServiceRuntime): void {
    for (const [revision, pool] of runtime.pools) {
      const { drain_ms } = pool.revision.effective.runtime;
      this.see(id, runtime, revision, async () => {
        if (!runtime.expedited) await this.tableMoved(runtime);
        await (runtime.expedited ? pool.stop() : pool.drain(drain_ms, 0));
      });
    }
  }

  /** Ends everything of a service now. */
  stopAll(id: string, runtime: ServiceRuntime): void {
    for (const [revision, pool] of runtime.pools) {
      if (runtime.drains.has(revision)) void pool.stop();
      else this.see(id, runtime, revision, () => pool.stop());
    }
  }

  /** A failed candidate: nothing of it was ever served. */
  remove(id: string, runtime: ServiceRuntime, revision: number): void {
    const pool = runtime.pools.get(revision);
    if (pool !== undefined) this.see(id, runtime, revision, () => pool.stop());
  }

  private count(
    runtime: ServiceRuntime,
    revision: RunnableRevision,
    record: typeof recordCrash,
  ): void {
    const history = record(
      this.historyOf(runtime, revision),
      revision.effective.runtime.restart,
      this.parts.clock.monotonicMs(),
      this.parts.random.fraction(),
    );
    if (this.isCurrent(revision)) runtime.restarts = history;
    else runtime.keptRestarts.set(revision.revision, history);
  }

  private see(
    id: string,
    runtime: ServiceRuntime,
    revision: number,
    ending: () => Promise<void>,
  ): void {
    if (runtime.drains.has(revision)) return;
    runtime.drains.add(revision);
    void ending()
      .catch((error: unknown) => {
        this.parts.logger.error(
          { err: error, service_id: id, revision },
          'a pool did not end well',
        );
      })
      .then(() => {
        runtime.drains.delete(revision);
        runtime.pools.delete(revision);
        runtime.keptRestarts.delete(revision);
        // Named again while it drained: a new table gives it new instances.
        if (runtime.kept.has(revision)) this.parts.bus.publish(new AvailabilityChanged(id));
        return this.wake(id);
      });
  }

  /** The same where a table names the service. */
  private tableMoved(runtime: ServiceRuntime): Promise<void> {
    return runtime.published.size === 0 ? Promise.resolve() : this.tableFollowed(runtime);
  }

  /** Resolves once a table was published after the availability last changed, or after a while without one. */
  tableFollowed(runtime: ServiceRuntime): Promise<void> {
    return this.lastTable > runtime.tableAtChange ? Promise.resolve() : this.nextTable();
  }

  /** Resolves once a table names the revision, or after a while in which none did. */
  async tableNaming(runtime: ServiceRuntime, revision: number): Promise<void> {
    const untilMs = this.parts.clock.monotonicMs() + TABLE_WAIT_MS;
    while (!runtime.published.has(revision) && this.parts.clock.monotonicMs() < untilMs) {
      await this.nextTable();
    }
  }

  private nextTable(): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        this.tableWaiters.delete(end);
        cancelTimer();
        resolve();
      };
      const cancelTimer = this.parts.clock.schedule(TABLE_WAIT_MS, end);
      this.tableWaiters.add(end);
    });
  }

  private isCurrent({ service_id, revision }: RunnableRevision): boolean {
    return this.parts.registry.find(service_id)?.revision === revision;
  }

  private onFailure(id: string, runtime: ServiceRuntime, failure: PoolFailure): void {
    const { error, instance, counted, revision } = failure;
    const pool = runtime.pools.get(revision);
    const told = `an instance failed: ${error.message}`;
    this.parts.recorder.note(id, told, instance?.id ?? null, 'error');
    if (instance !== null) {
      this.parts.bus.publish(new InstanceFailed(id, instance.id, error.code, error.message));
    }
    if (!counted || pool === undefined) return;
    // The next caller tries to connect again, at once; whether it leaves the rotation is for its health checks to say.
    if (isAway(error.code, !pool.plan.spawns)) return;
    this.countCrash(runtime, pool.revision);
    // A revision that serves beside the current one, for a pinned route, does not take the service down.
    if (!this.isCurrent(pool.revision)) return;
    if (!mayRestart(error.code)) {
      runtime.fault ??= { failure: failureOf(error), error, restartable: false };
    } else if (runtime.restarts.looping) {
      const failure = crashLoopFailure(error);
      const loop = new UpstreamError('crash-loop', failure.message, { stderr: failure.stderr });
      runtime.fault ??= { failure, error: loop, restartable: true };
    } else if (failure.isBereft) {
      // Nobody has to call for it to be started again. Nobody waits for another revision that is on trial, either.
      if ((runtime.attempt?.revision.revision ?? revision) === revision) pool.awaitProof(error);
      runtime.proofWanted = true;
    }
    void this.wake(id);
  }
}

/** Nobody but the gateway itself gets an instance of a service that is blocked. */
function barrierOf({ blockage }: ServiceRuntime): UpstreamError | null {
  return blockage === null ? null : new UpstreamError('stopped', blockage.message);
}
