import { InstanceFailed } from './lifecycle.events.js';
import type { LifecycleParts, Wake } from './lifecycle-parts.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import type { Instance } from './instance.js';
import { InstancePool } from './instance-pool.js';
import type { PoolFailure } from './pool-hooks.js';
import type { RunnableRevision } from './pool-plan.js';
import { crashLoopFailure, failureOf } from './failure-mapping.js';
import { mayRestart, recordCrash } from './restart-policy.js';
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
    const pool = new InstancePool(revision, this.parts.starter, {
      onProofWanted: () => {
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
      startAtMs: () => runtime.restarts.startAtMs,
    });
    runtime.pools.set(revision.revision, pool);
    return pool;
  }

  /** Takes over the stderr that an instance has written since last time. */
  collect(runtime: ServiceRuntime, instance: Instance): void {
    const { stderr } = instance.upstream.facts();
    runtime.log.collect(instance.id, stderr, this.parts.clock.timestamp());
  }

  /** Counts one more failure of the service. */
  countCrash(runtime: ServiceRuntime, revision: RunnableRevision): void {
    runtime.restarts = recordCrash(
      runtime.restarts,
      revision.effective.runtime.restart,
      this.parts.clock.monotonicMs(),
      this.parts.random.fraction(),
    );
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
        return this.wake(id);
      });
  }

  /** Resolves with the first table after the availability last changed, or after a while without one. */
  private tableMoved(runtime: ServiceRuntime): Promise<void> {
    if (runtime.published.size === 0 || this.lastTable > runtime.tableAtChange) {
      return Promise.resolve();
    }
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

  private onFailure(id: string, runtime: ServiceRuntime, failure: PoolFailure): void {
    const { error, instance, counted, revision } = failure;
    const pool = runtime.pools.get(revision);
    this.parts.recorder.note(id, `an instance failed: ${error.message}`, instance?.id ?? null);
    if (instance !== null) {
      this.parts.bus.publish(new InstanceFailed(id, instance.id, error.code, error.message));
    }
    // A revision that serves beside the current one, for a pinned route, does not take the service down.
    const current = this.parts.registry.find(id)?.revision;
    if (!counted || pool === undefined || revision !== current) return;
    this.countCrash(runtime, pool.revision);
    if (!mayRestart(error.code)) {
      runtime.fault ??= { failure: failureOf(error), error, restartable: false };
    } else if (runtime.restarts.looping) {
      const failure = crashLoopFailure(error);
      const loop = new UpstreamError('crash-loop', failure.message, { stderr: failure.stderr });
      runtime.fault ??= { failure, error: loop, restartable: true };
    }
    void this.wake(id);
  }
}
