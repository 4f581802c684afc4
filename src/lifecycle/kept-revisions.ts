import { UpstreamError } from '../upstream/upstream.errors.js';
import type { Attempt } from './attempt.js';
import { proofBudgetMs, type AttemptRunner } from './attempt-runner.js';
import type { InstancePool } from './instance-pool.js';
import type { LifecycleParts } from './lifecycle-parts.js';
import type { PoolKeeper } from './pool-keeper.js';
import { countsAsCrash, isAway } from './restart-policy.js';
import { runnableOf } from './service-observer.js';
import type { ServiceRuntime } from './service-runtime.js';

/**
 * Older revisions that routes name. Each has a pool beside the current one, in which nothing runs until somebody calls:
 * then it is started and proven, apart from whatever the service itself is doing. Its failures are its own.
 */
export class KeptRevisions {
  constructor(
    private readonly parts: LifecycleParts,
    private readonly pools: PoolKeeper,
    private readonly attempts: AttemptRunner,
  ) {}

  /**
   * Exactly these revisions are named from now on. Resolves when each that may be served has a pool. Never rejects: a
   * revision that cannot be read stays without instances, and the log says so.
   */
  async keep(id: string, revisions: readonly number[]): Promise<void> {
    const { runtimes } = this.parts;
    if (revisions.length === 0 && (runtimes.peek(id)?.kept.size ?? 0) === 0) return;
    const runtime = runtimes.of(id);
    const before = runtime.kept;
    runtime.kept = new Set(revisions);
    for (const revision of revisions) if (!before.has(revision)) await this.pin(id, revision, true);
    for (const revision of before) {
      if (!runtime.kept.has(revision)) await this.pin(id, revision, false);
    }
    for (const revision of revisions) await this.provide(id, runtime, revision);
  }

  /** A caller waits for the proof of an older revision. One proof at a time serves everybody who waits. */
  prove(runtime: ServiceRuntime, pool: InstancePool): void {
    const { revision } = pool.revision;
    if (runtime.trials.has(revision)) return;
    const attempt = this.attempts.open(pool.revision, 'keep');
    runtime.trials.set(revision, attempt);
    void this.carryOut(runtime, pool, attempt).finally(() => {
      this.attempts.close(attempt);
      runtime.trials.delete(revision);
    });
  }

  /** Named revisions stay in the history however long it grows. */
  private async pin(id: string, revision: number, pinned: boolean): Promise<void> {
    try {
      await this.parts.registry.annotateRevision(id, revision, { pinned });
    } catch (error) {
      const fields = { err: error, service_id: id, revision, pinned };
      this.parts.logger.warn(fields, 'a revision that routes name could not be marked');
    }
  }

  private async provide(id: string, runtime: ServiceRuntime, revision: number): Promise<void> {
    if (!this.mayProvide(id, runtime, revision)) return;
    try {
      const stored = await this.parts.registry.revision(id, revision);
      if (this.mayProvide(id, runtime, revision)) this.pools.poolOf(runtime, runnableOf(stored));
    } catch (error) {
      const fields = { err: error, service_id: id, revision };
      this.parts.logger.warn(fields, 'a revision that a route names could not be read');
    }
  }

  /** The pools of the current revision and of a candidate come and go with their attempts, not with routes. */
  private mayProvide(id: string, runtime: ServiceRuntime, revision: number): boolean {
    const doc = this.parts.registry.find(id);
    if (doc?.desired !== 'active' || doc.revision === revision || doc.candidate === revision)
      return false;
    const { state } = this.parts.statuses.read(id);
    if (state === 'deactivating' || state === 'inactive') return false;
    return !runtime.pools.has(revision) && runtime.kept.has(revision);
  }

  private async carryOut(
    runtime: ServiceRuntime,
    pool: InstancePool,
    attempt: Attempt,
  ): Promise<void> {
    const { clock } = this.parts;
    const { startTimeoutMs } = pool.plan;
    const delayMs = this.pools.historyOf(runtime, pool.revision).startAtMs - clock.monotonicMs();
    // The caller begins to wait only after it has asked.
    await Promise.resolve();
    if (delayMs > startTimeoutMs) {
      const message = `Revision ${String(pool.revision.revision)} keeps failing; it is tried again later.`;
      pool.refuseWaiting(
        new UpstreamError('crash-loop', message, { retryAfterS: Math.ceil(delayMs / 1000) }),
      );
      return;
    }
    if (delayMs > 0) await clock.sleep(delayMs, attempt.signal);
    const cancel = clock.schedule(startTimeoutMs + proofBudgetMs(pool.revision), () => {
      this.attempts.expire(attempt);
    });
    await this.attempts.launch(attempt, pool);
    await attempt.judged;
    cancel();
    this.conclude(runtime, pool, attempt);
  }

  private conclude(runtime: ServiceRuntime, pool: InstancePool, attempt: Attempt): void {
    const { recorder } = this.parts;
    const { service_id: id, revision } = pool.revision;
    const { instance, failure, cause } = attempt;
    if (attempt.phase === 'proven' && instance !== null && !pool.retired) {
      runtime.keptRestarts.delete(revision);
      pool.admit(instance, null);
      recorder.note(id, `revision ${String(revision)}: proven, for the routes that name it`);
      return;
    }
    const message = failure?.message ?? 'It could not be started.';
    const error = cause instanceof UpstreamError ? cause : new UpstreamError('stopped', message);
    const away = isAway(error.code, !pool.plan.spawns);
    if (!away && (cause === null || countsAsCrash(error.code)))
      this.pools.countCrash(runtime, pool.revision);
    if (instance !== null) pool.dismiss(instance);
    pool.refuseWaiting(error);
    const told = `revision ${String(revision)}: ${failure?.reason ?? 'Failed'}: ${message}`;
    recorder.note(id, told, null, 'error');
  }
}
