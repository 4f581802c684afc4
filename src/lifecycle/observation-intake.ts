import type { JsonObject } from '../kernel/json.js';
import { equalJson } from '../kernel/json.js';
import { UpstreamError, type UpstreamErrorCode } from '../upstream/upstream.errors.js';
import type { Upstream } from '../upstream/upstream.js';
import type { ServiceConfig } from '../config/service-config.js';
import type { ProofFacts } from './attempt.js';
import type { AttemptRunner } from './attempt-runner.js';
import type { Blockage } from './availability.js';
import type { ConditionChange } from './conditions.js';
import { lossOf, upstreamCodeOf, type FailureFacts } from './failure-mapping.js';
import { ToolsChanged } from './lifecycle.events.js';
import type { LifecycleParts, Wake } from './lifecycle-parts.js';
import type { PoolKeeper } from './pool-keeper.js';
import { isAway } from './restart-policy.js';
import type { ServiceRuntime } from './service-runtime.js';
import type { ConditionType, HealthRecord } from './service-status.js';

/** What a prover found about an attempt. */
export type ProofResult =
  ({ readonly ok: true } & ProofFacts) | { readonly ok: false; readonly failure: FailureFacts };

/** What else is known of a failure that takes a service out of rotation. */
export interface UnhealthyFacts {
  /** The credentials were refused. */
  readonly authentication?: boolean;
  /** The error of the upstream, where it was one. */
  readonly code?: UpstreamErrorCode;
}

/** What a prover is given: a running upstream that nobody else uses yet. */
export interface AttemptView {
  readonly attempt_id: string;
  readonly service_id: string;
  readonly service_name: string;
  readonly revision: number;
  readonly instance_id: string;
  readonly upstream: Upstream;
  readonly effective: ServiceConfig;
  /** Monotonic milliseconds after which the proof comes too late. */
  readonly deadline_ms: number;
}

/** Takes in what upper layers saw: proofs, published tables, verdicts, tools. */
export class ObservationIntake {
  constructor(
    private readonly parts: LifecycleParts,
    private readonly pools: PoolKeeper,
    private readonly attempts: AttemptRunner,
    private readonly wake: Wake,
  ) {}

  upstreamOf(attemptId: string): AttemptView | null {
    const attempt = this.attempts.find(attemptId);
    if (attempt === undefined || attempt.instance === null || attempt.phase !== 'proving')
      return null;
    const { service_id, name, revision, effective } = attempt.revision;
    return {
      attempt_id: attempt.id,
      service_id,
      service_name: name,
      revision,
      instance_id: attempt.instance.id,
      upstream: attempt.instance.upstream,
      effective,
      deadline_ms: attempt.deadlineMs,
    };
  }

  /** An attempt that is over (a newer command, a deadline) ignores it. */
  async recordProof(attemptId: string, result: ProofResult): Promise<void> {
    const attempt = this.attempts.find(attemptId);
    if (attempt === undefined || attempt.phase !== 'proving') return;
    const { lost } = attempt;
    if (result.ok && lost !== null) {
      attempt.fail(lossOf(lost), lost);
    } else if (result.ok) {
      attempt.proof = result;
      attempt.enter('proven', Infinity);
    } else {
      attempt.fail(
        lost === null ? result.failure : lossAt(lost, result.failure),
        lost ?? causeOf(result.failure),
      );
    }
    await this.wake(attempt.revision.service_id);
  }

  /** `served`: of each service the revisions that the published table names. What none names is seen out. */
  recordPublished(tableVersion: number, served: ReadonlyMap<string, readonly number[]>): void {
    for (const [id, runtime] of this.parts.runtimes.entries()) {
      const named = served.get(id) ?? [];
      if (named.length > 0 || runtime.published.size > 0) runtime.published = new Set(named);
      this.mounted(id, runtime);
      this.sendOffUnnamed(id, runtime);
      if (runtime.tableMissed) void this.wake(id);
    }
    this.pools.tablePublished(tableVersion);
  }

  /** Persists a change of level, reason or action; the time of a check alone stays in memory. */
  async recordHealth(id: string, record: HealthRecord): Promise<void> {
    const { statuses, runtimes, registry } = this.parts;
    if (registry.find(id) === undefined) return;
    runtimes.of(id).health = record;
    await statuses.update(id, 'status.health', ({ health }) => {
      const same =
        health.level === record.level &&
        health.reason === record.reason &&
        health.action === record.action;
      return same ? null : { health: record };
    });
  }

  /**
   * The current revision must not be called any more: it leaves the rotation and is restarted by policy. With refused
   * credentials it waits for a command instead.
   */
  recordUnhealthy(
    id: string,
    reason: string,
    message: string,
    definite: UnhealthyFacts = {},
  ): void {
    const { registry, runtimes } = this.parts;
    const runtime = runtimes.of(id);
    const doc = registry.find(id);
    const pool = doc === undefined ? undefined : runtime.pools.get(doc.revision);
    const { state } = this.parts.statuses.read(id);
    const inRotation = state === 'active' || state === 'updating';
    if (pool === undefined || !inRotation || runtime.fault !== null) return;
    const refused = definite.authentication === true;
    const away = definite.code !== undefined && isAway(definite.code, !pool.plan.spawns);
    // A remote server that went away has not crashed: it is looked for at once, and then by the delays of such tries.
    if (!away) this.pools.countCrash(runtime, pool.revision);
    const code: UpstreamErrorCode = refused ? 'unauthorized' : 'stopped';
    runtime.fault = {
      failure: unhealthyFailure(reason, message, refused),
      error: new UpstreamError(code, message, { retryAfterS: 1 }),
      restartable: !refused,
    };
    void this.wake(id);
  }

  /** What a service needs outside the gateway counts as a dependency: unmet, no call goes to it. */
  recordExternal(id: string, message: string | null): void {
    const runtime = this.parts.runtimes.peek(id);
    if (runtime === undefined || runtime.externalUnmet === message) return;
    runtime.externalUnmet = message;
    void this.wake(id);
  }

  /**
   * A security finding keeps every new call away until it is withdrawn (`null`); calls under way end by themselves. In force
   * when this returns; the promise resolves when the table has followed.
   */
  async recordBlockage(id: string, blockage: Blockage | null): Promise<void> {
    const runtime = this.parts.runtimes.peek(id);
    if (runtime === undefined || equalJson(runtime.blockage, blockage)) return;
    runtime.blockage = blockage;
    const { attempt } = runtime;
    // No table names a blocked service, so an attempt that waits for one would wait in vain.
    if (blockage !== null && attempt?.phase === 'publishing') attempt.enter('published', Infinity);
    await this.wake(id);
    await this.pools.tableFollowed(runtime);
    // The first may have been made of what was known a moment before.
    const current = this.parts.registry.find(id)?.revision ?? 0;
    if (runtime.blockage === null) await this.pools.tableNaming(runtime, current);
  }

  /** The tools as an upstream lists them now. */
  async recordTools(id: string, tools: readonly JsonObject[]): Promise<void> {
    const { statuses, bus, registry } = this.parts;
    const doc = registry.find(id);
    if (doc === undefined || equalJson(statuses.read(id).tools, tools)) return;
    await statuses.update(id, 'status.tools', () => ({ tools }));
    await registry.annotateRevision(id, doc.revision, { tools });
    bus.publish(new ToolsChanged(id));
  }

  /** Conditions that upper layers answer for, such as `Degraded`, `Secure`, `RouteAccepted`. */
  async recordCondition(
    id: string,
    set: ConditionChange | null,
    drop: readonly ConditionType[] = [],
  ): Promise<void> {
    if (this.parts.registry.find(id) === undefined) return;
    await this.parts.recorder.mark(id, set === null ? [] : [set], drop);
  }

  private mounted(id: string, runtime: ServiceRuntime): void {
    const { attempt } = runtime;
    if (attempt?.phase !== 'publishing') return;
    if (!runtime.published.has(attempt.revision.revision)) return;
    attempt.enter('published', Infinity);
    void this.wake(id);
  }

  private sendOffUnnamed(id: string, runtime: ServiceRuntime): void {
    const current = this.parts.registry.find(id)?.revision;
    if (current === undefined || !runtime.published.has(current)) return;
    for (const revision of runtime.pools.keys()) {
      const needed =
        revision === current ||
        revision === runtime.attempt?.revision.revision ||
        runtime.isNamed(revision);
      if (!needed) this.pools.sendOff(id, runtime, revision);
    }
  }
}

/** The upstream ended; what its prover says of that is the more precise, unless it could not be carried out for it. */
function lossAt(lost: UpstreamError, failure: FailureFacts): FailureFacts {
  return failure.code === 'health.prober-fault' ? lossOf(lost) : failure;
}

/** The error of the upstream behind a prover's failure, for the restart policy; `null` when it names none. */
function causeOf(failure: FailureFacts): UpstreamError | null {
  const code = upstreamCodeOf(failure.code);
  return code === null
    ? null
    : new UpstreamError(code, failure.message, { stderr: failure.stderr });
}

function unhealthyFailure(reason: string, message: string, refused: boolean): FailureFacts {
  return {
    stage: 'prove',
    code: refused ? 'upstream.unauthorized' : 'lifecycle.unhealthy',
    reason,
    message,
    action: refused
      ? 'Correct the credentials in network.headers or runtime.env, then activate the service again.'
      : 'Look at the health checks and the log of the service; it is restarted by itself.',
    stderr: [],
  };
}
