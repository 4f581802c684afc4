import { ProblemError } from '../kernel/problem.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import type { Attempt } from './attempt.js';
import type { AttemptRunner } from './attempt-runner.js';
import type { ConditionChange } from './conditions.js';
import { dependencyFailure, STORAGE_CORRUPT, type FailureFacts } from './failure-mapping.js';
import type { LifecycleParts } from './lifecycle-parts.js';
import type { PoolKeeper } from './pool-keeper.js';
import { countsAsCrash, isAway, mayRestart } from './restart-policy.js';
import type { ServiceRuntime } from './service-runtime.js';
import type { ActivationFailure, ServiceState } from './service-status.js';
import { crashLoop } from './state-conditions.js';
import { serviceOf } from './storage-condition.js';

/** What failed for a reason of ours (no free instance) is tried again after this long, in milliseconds. */
const OURS_RETRY_MS = 5000;

/** Decides what a failure means for the state: rolled back, in error, tried again by itself or only by command. */
export class OutcomeRecorder {
  constructor(
    private readonly parts: LifecycleParts,
    private readonly pools: PoolKeeper,
    private readonly attempts: AttemptRunner,
  ) {}

  /** An attempt failed. What was served before is served on. */
  async attemptFailed(id: string, runtime: ServiceRuntime, attempt: Attempt): Promise<void> {
    const { recorder, statuses, registry } = this.parts;
    const { revision } = attempt.revision;
    const facts = attempt.failure;
    if (facts === null) return;
    const failure = recorder.dated(facts, revision);
    const isCandidate = registry.find(id)?.candidate === revision;
    const state = statuses.read(id).state;
    const deferred = attempt.kind === 'prove' && facts.code === 'upstream.capacity';
    // A candidate's failure says nothing of what serves.
    if (!isCandidate) runtime.proofWanted = false;
    runtime.restartWanted = false;
    // Promoted, but no table came in time: what is served stays, and a later table finishes the update.
    const late = state === 'updating' && !isCandidate && attempt.kind === 'update';
    const awaitsTable = late && facts.stage === 'mount';
    if (awaitsTable) runtime.tableMissed = true;
    if (!isCandidate && !late && attempt.kind !== 'restart') {
      this.refuseCallers(runtime, attempt, deferred || facts.stage === 'mount');
      if (!deferred) this.planHealing(runtime, attempt, facts, statuses.read(id).stable_revision);
    }
    this.attempts.abandon(runtime, attempt);
    const told = `revision ${String(revision)}: ${facts.reason}: ${facts.message}`;
    recorder.note(id, told, null, deferred ? 'warn' : 'error');
    if (deferred) return;
    runtime.outcomes.set(revision, { promoted: false, failure });
    if (!isCandidate) runtime.trusted = null;
    if (isCandidate) await this.discard(id, revision, facts.reason);
    await this.settleState(id, runtime, state, failure);
    if (awaitsTable) await this.parts.recorder.mark(id, [awaitingTable(failure)]);
  }

  /** Ends the conditions of storage faults that an operator's write has ended. */
  async clearRepaired(id: string): Promise<void> {
    const { statuses, faults, recorder } = this.parts;
    const { state, conditions, last_failure } = statuses.read(id);
    const open = conditions.filter(({ type }) => type === 'Drifted' || type === 'StorageCorrupt');
    if (open.length === 0) return;
    const isFaulty = faults().some((fault) => serviceOf(fault) === id);
    if (isFaulty || (state === 'error' && last_failure?.code === STORAGE_CORRUPT)) return;
    await recorder.mark(id, [], ['Drifted', 'StorageCorrupt']);
  }

  /** The configuration was refused before anything was started. */
  async refused(id: string, runtime: ServiceRuntime, facts: FailureFacts): Promise<void> {
    const { registry, recorder, statuses } = this.parts;
    const doc = registry.find(id);
    if (doc === undefined) return;
    const revision = doc.candidate ?? doc.revision;
    const failure = recorder.dated(facts, revision);
    const state = statuses.read(id).state;
    if (doc.candidate === null)
      runtime.healing = facts.stage === 'dependencies' ? 'dependencies' : 'command';
    runtime.retryWanted = false;
    runtime.outcomes.set(revision, { promoted: false, failure });
    if (doc.candidate !== null) await this.discard(id, doc.candidate, facts.reason);
    await this.settleState(id, runtime, state, failure);
  }

  /** A required dependency is not met. */
  async dependenciesUnmet(id: string, runtime: ServiceRuntime): Promise<void> {
    const { registry, observer, statuses } = this.parts;
    const seen = observer.observe(id, runtime);
    const state = statuses.read(id).state;
    const verdict =
      state === 'active' || state === 'error' ? seen.dependencies : seen.candidateDependencies;
    const facts = { ...dependencyFailure(verdict.message), reason: verdict.reason };
    if (registry.find(id)?.candidate === null) runtime.healing = 'dependencies';
    await this.refused(id, runtime, facts);
  }

  /** Something took the serving service out of rotation. */
  async faulted(id: string, runtime: ServiceRuntime): Promise<void> {
    const { registry, recorder } = this.parts;
    const { fault } = runtime;
    const doc = registry.find(id);
    if (fault === null || doc === undefined) return;
    runtime.trusted = null;
    runtime.healing = fault.restartable ? 'backoff' : 'command';
    runtime.pools.get(doc.revision)?.suspend(fault.error);
    const failure = recorder.dated(fault.failure, doc.revision);
    await this.settleState(id, runtime, 'active', failure, true);
    // From here on the state says it; the fault has done its work.
    runtime.fault = null;
  }

  /** `validate` failed, or a problem of config stands for it. */
  static validationFailure(error: unknown): FailureFacts | null {
    if (!(error instanceof ProblemError)) return null;
    const fields =
      error.details.errors?.map(({ pointer, detail }) => `${pointer}: ${detail}`) ?? [];
    return {
      stage: 'validate',
      code: error.code,
      reason: 'ConfigRefused',
      message: [error.message, ...fields].join(' '),
      action: error.definition.action,
      stderr: [],
    };
  }

  private refuseCallers(runtime: ServiceRuntime, attempt: Attempt, keep: boolean): void {
    const pool = runtime.pools.get(attempt.revision.revision);
    const error =
      attempt.cause instanceof UpstreamError
        ? attempt.cause
        : new UpstreamError('stopped', attempt.failure?.message ?? 'It could not be started.');
    if (keep) pool?.refuseWaiting(error);
    else pool?.suspend(error);
  }

  private planHealing(
    runtime: ServiceRuntime,
    attempt: Attempt,
    facts: FailureFacts,
    stable: number | null,
  ): void {
    const code = attempt.cause instanceof UpstreamError ? attempt.cause.code : null;
    const provenOnce = stable === attempt.revision.revision || facts.stage === 'mount';
    runtime.healing = provenOnce && (code === null || mayRestart(code)) ? 'backoff' : 'command';
    if (runtime.healing !== 'backoff') return;
    const isRemote = attempt.revision.effective.runtime.command === null;
    if (code !== null && isAway(code, isRemote))
      this.pools.countUnreached(runtime, attempt.revision);
    else if (code === null || countsAsCrash(code)) this.pools.countCrash(runtime, attempt.revision);
    else
      runtime.restarts = {
        ...runtime.restarts,
        startAtMs: this.parts.clock.monotonicMs() + OURS_RETRY_MS,
      };
  }

  private async discard(id: string, revision: number, reason: string): Promise<void> {
    await this.parts.registry.discard(id, revision, reason);
  }

  private async settleState(
    id: string,
    runtime: ServiceRuntime,
    state: ServiceState,
    failure: ActivationFailure,
    faulted = false,
  ): Promise<void> {
    const { recorder } = this.parts;
    const conditions: ConditionChange[] = [];
    if (failure.stage === 'dependencies') conditions.push(unmet(failure));
    if (runtime.restarts.looping && runtime.healing === 'backoff') {
      conditions.push(crashLoop(runtime.restarts.crashes.length));
    }
    if (state === 'updating') {
      await recorder.become(id, 'active', 'RolledBack', { failure, conditions });
    } else if (state === 'deactivating' || state === 'inactive' || state === 'draft') {
      await recorder.mark(id, conditions, [], { last_failure: failure });
    } else {
      const why = faulted ? 'OutOfRotation' : 'ActivationFailed';
      await recorder.become(id, 'error', why, { failure, conditions });
    }
  }
}

function awaitingTable({ message }: ActivationFailure): ConditionChange {
  const reason = 'AwaitingTable';
  const told = `${message} What was served before goes on until there is one.`;
  return { type: 'Progressing', status: 'false', reason, message: told };
}

function unmet(failure: ActivationFailure): ConditionChange {
  const { reason, message } = failure;
  return { type: 'DependenciesReady', status: 'false', reason, message };
}
