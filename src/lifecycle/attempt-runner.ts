import { checkTimeoutMs, DEFAULT_CHECKS } from '../config/defaults.js';
import { InstanceReady, InstanceStarted, ToolsChanged } from './lifecycle.events.js';
import type { LifecycleParts, Wake } from './lifecycle-parts.js';
import { equalJson } from '../kernel/json.js';
import type { UpstreamError } from '../upstream/upstream.errors.js';
import { Attempt, type AttemptKind } from './attempt.js';
import { contractBreak } from './contract-gate.js';
import {
  failureOf,
  lossOf,
  mountTimeout,
  promotionRefused,
  proofTimeout,
  startTimeout,
  superseded,
} from './failure-mapping.js';
import type { InstancePool } from './instance-pool.js';
import type { PoolKeeper } from './pool-keeper.js';
import { poolPlan, type RunnableRevision } from './pool-plan.js';
import { recordRecovery } from './restart-policy.js';
import type { ServiceRuntime } from './service-runtime.js';
import { StartTurns } from './start-turns.js';

/** What listing the tools may take in a proof, in milliseconds. */
const LIST_TIMEOUT_MS = 10_000;
/** Longest from `InstanceReady` to the table that names the revision, in milliseconds. */
const PUBLISH_TIMEOUT_MS = 10_000;
/** How long a prover has to say at which stage the upstream ended, in milliseconds. */
const LOSS_GRACE_MS = 1000;
/** On top of the upstream's own start timeout, so that its precise error comes first. */
const START_GRACE_MS = 2000;

/**
 * Moves an attempt from phase to phase: start → prove → promote → publish. Invariant: nothing that is served is touched
 * before the table with the new revision is published.
 */
export class AttemptRunner {
  private readonly live = new Map<string, Attempt>();
  private readonly turns: StartTurns;

  constructor(
    private readonly parts: LifecycleParts,
    private readonly pools: PoolKeeper,
    private readonly wake: Wake,
  ) {
    this.turns = new StartTurns(parts.starter.budget.limit);
  }

  /** An attempt that is not over, by its id. */
  find(attemptId: string): Attempt | undefined {
    return this.live.get(attemptId);
  }

  /** Begins an attempt; what follows is heard through `wake`. */
  begin(runtime: ServiceRuntime, revision: RunnableRevision, kind: AttemptKind): void {
    const attempt = this.open(revision, kind);
    runtime.attempt = attempt;
    runtime.outcomes.delete(revision.revision);
    if (kind === 'activate') runtime.retryWanted = false;
    const pool = this.pools.poolOf(runtime, revision);
    void this.launch(attempt, pool);
  }

  /** A new attempt, to be found by its id until `close`. */
  open(revision: RunnableRevision, kind: AttemptKind): Attempt {
    const { random, recorder } = this.parts;
    const attempt = new Attempt(random.uuid(), revision, kind, this.startDeadline(revision));
    this.live.set(attempt.id, attempt);
    recorder.note(revision.service_id, `revision ${String(revision.revision)}: starting (${kind})`);
    return attempt;
  }

  /** What is said about it from now on is ignored. */
  close(attempt: Attempt): void {
    this.live.delete(attempt.id);
    this.turns.end(attempt.id);
  }

  /** Makes the proven revision the current one. Its upstream is let into the pool first: from the commit on it serves. */
  async promote(runtime: ServiceRuntime, attempt: Attempt, candidate: boolean): Promise<void> {
    const { registry, recorder, bus, statuses } = this.parts;
    const { service_id: id, revision } = attempt.revision;
    const { instance, proof } = attempt;
    if (instance === null || proof === null) return;
    if (candidate) {
      const broken = await contractBreak(this.parts, id, proof.tools);
      if (broken !== null) attempt.fail(broken);
      // While the contract was compared the upstream may have ended.
      if (attempt.phase !== 'proven') return;
    }
    const pool = this.pools.poolOf(runtime, attempt.revision);
    const { tools } = proof;
    const { fault } = runtime;
    pool.admit(
      instance,
      attempt.kind === 'restart' ? attempt.revision.effective.runtime.drain_ms : null,
    );
    try {
      if (candidate) await registry.promote(id, revision, { tools });
      else await registry.annotateRevision(id, revision, { tools });
    } catch (error) {
      attempt.fail(promotionRefused(error instanceof Error ? error.message : 'unknown'), error);
      return;
    }
    // What it met since it serves is another one.
    if (runtime.fault === fault) runtime.fault = null;
    const changed = !equalJson(statuses.read(id).tools, tools);
    await recorder.mark(id, [], [], { tools, proof: proof.proof, server: proof.server });
    attempt.enter('promoted', Infinity);
    if (changed) bus.publish(new ToolsChanged(id));
  }

  /** Asks for a table that names the revision; one that is named already, and serves, needs none. */
  publish(runtime: ServiceRuntime, attempt: Attempt): void {
    const { bus, clock } = this.parts;
    const { service_id: id, revision } = attempt.revision;
    const served = runtime.published.has(revision);
    const isQuiet = served && (attempt.kind === 'prove' || attempt.kind === 'restart');
    if (isQuiet || runtime.blockage !== null) {
      attempt.enter('published', Infinity);
      return;
    }
    attempt.enter('publishing', clock.monotonicMs() + PUBLISH_TIMEOUT_MS);
    bus.publish(new InstanceReady(id, revision, attempt.id));
  }

  /** The phase took too long. */
  expire(attempt: Attempt): void {
    const { start_timeout_ms } = attempt.revision.effective.runtime;
    if (attempt.phase === 'starting') attempt.fail(startTimeout(start_timeout_ms));
    else if (attempt.phase === 'proving')
      attempt.fail(proofTimeout(proofBudgetMs(attempt.revision)));
    else attempt.fail(mountTimeout(PUBLISH_TIMEOUT_MS));
  }

  /** A newer command ended it. What served before is not touched. */
  cancel(runtime: ServiceRuntime, attempt: Attempt, why: string): void {
    const { recorder } = this.parts;
    const { service_id: id, revision } = attempt.revision;
    const failure = superseded(why);
    attempt.fail(failure);
    runtime.outcomes.set(revision, { promoted: false, failure: recorder.dated(failure, revision) });
    recorder.note(id, `revision ${String(revision)}: given up, ${why}`, null, 'warn');
    this.abandon(runtime, attempt);
  }

  /** The attempt is over and its revision not served by it: its upstream is stopped, a candidate's pool removed. */
  abandon(runtime: ServiceRuntime, attempt: Attempt): void {
    const { service_id: id, revision } = attempt.revision;
    this.close(attempt);
    const pool = runtime.pools.get(revision);
    if (attempt.instance !== null) pool?.dismiss(attempt.instance);
    const current = this.parts.registry.find(id)?.revision;
    if (current !== revision) this.pools.remove(id, runtime, revision);
    runtime.attempt = null;
  }

  /** The revision is served: what the attempt was for is done. */
  finish(runtime: ServiceRuntime, attempt: Attempt): void {
    const { service_id: id, revision } = attempt.revision;
    this.close(attempt);
    runtime.attempt = null;
    runtime.trusted = null;
    runtime.tableMissed = false;
    // What was proven may have ended since, be it for good: then that counts, and not its proof.
    const outage = runtime.pools.get(revision)?.outage ?? null;
    const isLost = outage !== null || runtime.fault !== null;
    if (!isLost) {
      runtime.proofWanted = false;
      runtime.restarts = recordRecovery(runtime.restarts);
    }
    runtime.restartWanted = false;
    runtime.retryWanted = false;
    runtime.healing = 'command';
    this.settle(id, runtime, revision);
  }

  /** The current revision is the one that is served: what neither it nor a route needs is seen out. */
  settle(id: string, runtime: ServiceRuntime, current: number): void {
    runtime.outcomes.set(current, { promoted: true, failure: null });
    for (const revision of runtime.pools.keys()) {
      if (revision !== current && !runtime.isNamed(revision)) {
        this.pools.sendOff(id, runtime, revision);
      }
    }
  }

  /** Starts an upstream for the attempt and asks for its proof. Never rejects. */
  async launch(attempt: Attempt, pool: InstancePool): Promise<void> {
    const { bus, clock, logger } = this.parts;
    const { service_id: id, revision } = attempt.revision;
    const turn = this.turnOf(attempt);
    if (turn !== null) {
      await turn;
      if (attempt.phase === 'failed') return;
      attempt.deadlineMs = this.startDeadline(attempt.revision);
      void this.wake(id);
    }
    try {
      attempt.instance = await pool.beginTrial(attempt.signal, {
        reuse: ['prove', 'recover', 'keep'].includes(attempt.kind),
        reclaim: attempt.kind !== 'prove' || pool.waiters > 0,
        onDown: (error) => {
          this.lose(attempt, error);
        },
      });
    } catch (error) {
      const failure = failureOf(error);
      if (failure.code === 'lifecycle.internal')
        logger.error({ err: error, service_id: id }, 'activation failed');
      attempt.fail(failure, error);
      await this.wake(id);
      return;
    }
    attempt.enter('proving', clock.monotonicMs() + proofBudgetMs(attempt.revision));
    if (attempt.phase === 'proving') {
      bus.publish(new InstanceStarted(id, revision, attempt.id, attempt.instance.id));
    }
    await this.wake(id);
  }

  /**
   * When it may start; `null` at once. Only what somebody may ask for in great numbers waits: a proof that callers wait for,
   * and what heals by itself, never stand behind an import.
   */
  private turnOf(attempt: Attempt): Promise<void> | null {
    const { service_id: id, revision } = attempt.revision;
    const waits = attempt.kind === 'activate' || attempt.kind === 'update';
    if (!waits || !poolPlan(attempt.revision).spawns) return null;
    const turn = this.turns.take(attempt.id);
    if (turn === null) return null;
    attempt.deadlineMs = Infinity;
    this.parts.recorder.note(id, `revision ${String(revision)}: waits until others have started`);
    return turn;
  }

  private startDeadline({ effective }: RunnableRevision): number {
    return this.parts.clock.monotonicMs() + effective.runtime.start_timeout_ms + START_GRACE_MS;
  }

  /** The upstream ended by itself. While it is proven its prover says where; should it not, this does. */
  private lose(attempt: Attempt, error: UpstreamError): void {
    const { service_id: id } = attempt.revision;
    if (attempt.phase === 'proving') {
      attempt.lost = error;
      this.parts.clock.schedule(LOSS_GRACE_MS, () => {
        if (attempt.phase !== 'proving') return;
        attempt.fail(lossOf(error), error);
        void this.wake(id);
      });
      return;
    }
    attempt.fail(failureOf(error), error);
    void this.wake(id);
  }
}

/** The handshake, the listing, and every functional check, one after another: what a proof may take, in milliseconds. */
export function proofBudgetMs(revision: RunnableRevision): number {
  const { runtime, monitoring } = revision.effective;
  const stated = monitoring.checks.filter(({ kind }) => kind === 'functional');
  const checks = stated.length === 0 ? [DEFAULT_CHECKS.functional] : stated;
  const proving = checks.filter(({ enabled }) => enabled);
  const checksMs = proving.reduce((sum, check) => sum + checkTimeoutMs(check), 0);
  return runtime.start_timeout_ms + LIST_TIMEOUT_MS + checksMs;
}
