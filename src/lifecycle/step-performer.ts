import type { Attempt } from './attempt.js';
import type { AttemptRunner } from './attempt-runner.js';
import type { ConditionChange } from './conditions.js';
import type { DependencyVerdict } from './dependency-check.js';
import { failureOf } from './failure-mapping.js';
import { NOT_ACTIVE } from './initial-status.js';
import { ServiceStopped } from './lifecycle.events.js';
import type { LifecycleParts } from './lifecycle-parts.js';
import { OutcomeRecorder } from './outcome-recorder.js';
import type { PoolKeeper } from './pool-keeper.js';
import type { Action } from './reconcile.js';
import { runnableOf } from './service-observer.js';
import type { ServiceRuntime } from './service-runtime.js';
import { VALIDATED } from './state-conditions.js';

/** Every action but those that only wait. */
export type Step = Exclude<Action, { do: 'wait-until' | 'await-proof' }>;

/** Does one step for one service. Each may be repeated: what it has done already it sees and leaves. */
export class StepPerformer {
  constructor(
    private readonly parts: LifecycleParts,
    private readonly pools: PoolKeeper,
    private readonly attempts: AttemptRunner,
    private readonly outcomes: OutcomeRecorder,
  ) {}

  async perform(id: string, runtime: ServiceRuntime, step: Step): Promise<void> {
    switch (step.do) {
      case 'become':
        return await this.become(id, runtime, step);
      case 'validate':
        return await this.validate(id, runtime);
      case 'start-attempt':
        this.startAttempt(id, runtime, step);
        return;
      case 'mark-dependencies-unmet':
        return await this.outcomes.dependenciesUnmet(id, runtime);
      case 'mark-caught-up':
        return await this.caughtUp(id, runtime);
      case 'mark-fault':
        return await this.outcomes.faulted(id, runtime);
      case 'discard-candidate':
        return await this.discardCandidate(id, step.why);
      case 'drain':
        this.pools.drainAll(id, runtime);
        return;
      case 'stop':
        if (runtime.attempt !== null) {
          this.attempts.cancel(runtime, runtime.attempt, 'the service is gone');
        }
        this.pools.stopAll(id, runtime);
        return;
      case 'archive':
        this.parts.recorder.note(id, 'archived');
        await this.parts.registry.archive(id);
        return;
      case 'promote':
      case 'publish':
      case 'mark-active':
      case 'mark-failed':
      case 'expire-attempt':
      case 'cancel-attempt':
        if (runtime.attempt !== null) await this.advance(id, runtime, runtime.attempt, step);
    }
  }

  /** Nothing is left to do: what only describes the service is brought up to date. */
  async describe(id: string, runtime: ServiceRuntime): Promise<void> {
    const { registry, statuses, runtimes, observer, recorder, bus } = this.parts;
    const doc = registry.find(id);
    if (doc === undefined) {
      if (runtime.running) return;
      const known = statuses.version(id) > 0;
      await statuses.remove(id);
      runtimes.forget(id);
      if (known) bus.publish(new ServiceStopped(id));
      return;
    }
    await this.outcomes.clearRepaired(id);
    const { dependencies, external = [] } = doc.effective.integration;
    const needsNothing = dependencies.length === 0 && external.length === 0;
    if (needsNothing || statuses.read(id).state !== 'active') return;
    const verdict = observer.dependenciesOf(dependencies, runtime);
    await recorder.mark(id, [dependencyCondition(verdict)]);
  }

  private async advance(
    id: string,
    runtime: ServiceRuntime,
    attempt: Attempt,
    step: Step,
  ): Promise<void> {
    switch (step.do) {
      case 'promote': {
        const candidate = this.parts.registry.find(id)?.candidate === attempt.revision.revision;
        return await this.attempts.promote(runtime, attempt, candidate);
      }
      case 'publish':
        this.attempts.publish(runtime, attempt);
        return;
      case 'mark-active':
        return await this.markActive(id, runtime, attempt);
      case 'mark-failed':
        return await this.outcomes.attemptFailed(id, runtime, attempt);
      case 'expire-attempt':
        this.attempts.expire(attempt);
        return;
      case 'cancel-attempt':
        this.attempts.cancel(runtime, attempt, step.why);
        return;
      default:
        throw new Error(`${step.do} is not a step of an attempt`);
    }
  }

  private async become(
    id: string,
    runtime: ServiceRuntime,
    step: Extract<Step, { do: 'become' }>,
  ): Promise<void> {
    const rests = step.state === 'inactive';
    const details = rests ? { patch: { health: NOT_ACTIVE } } : {};
    await this.parts.recorder.become(id, step.state, step.why, details);
    if (!rests) return;
    // What never started (it was mounted, and nobody called) has no drain to end it.
    this.pools.stopAll(id, runtime);
    runtime.reset();
    this.parts.bus.publish(new ServiceStopped(id));
  }

  private async validate(id: string, runtime: ServiceRuntime): Promise<void> {
    const { registry, config, recorder, logger } = this.parts;
    const doc = registry.find(id);
    if (doc === undefined) return;
    try {
      await config.resolve((registry.candidateOf(id) ?? doc).spec);
    } catch (error) {
      const known = OutcomeRecorder.validationFailure(error);
      if (known === null) logger.error({ err: error, service_id: id }, 'validation failed');
      const facts = known ?? { ...failureOf(error), stage: 'validate' };
      await this.outcomes.refused(id, runtime, facts);
      return;
    }
    await recorder.become(id, 'deploying', 'Deploying', {
      conditions: [VALIDATED, ...this.dependencyConditions(id)],
    });
  }

  private startAttempt(
    id: string,
    runtime: ServiceRuntime,
    step: Extract<Step, { do: 'start-attempt' }>,
  ): void {
    const doc = this.parts.registry.find(id);
    const source = [doc, this.parts.registry.candidateOf(id)].find(
      (one) => one?.revision === step.revision,
    );
    if (source === undefined) {
      throw new Error(`revision ${String(step.revision)} of ${id} is not stored`);
    }
    this.attempts.begin(runtime, runnableOf(source), step.kind);
  }

  private async markActive(id: string, runtime: ServiceRuntime, attempt: Attempt): Promise<void> {
    await this.parts.recorder.become(id, 'active', 'Proven', {
      patch: { stable_revision: attempt.revision.revision, last_failure: null },
      conditions: this.dependencyConditions(id),
    });
    this.attempts.finish(runtime, attempt);
  }

  private async caughtUp(id: string, runtime: ServiceRuntime): Promise<void> {
    const doc = this.parts.registry.find(id);
    if (doc === undefined) return;
    await this.parts.recorder.become(id, 'active', 'Proven', {
      patch: { stable_revision: doc.revision, last_failure: null },
    });
    runtime.tableMissed = false;
    this.attempts.settle(id, runtime, doc.revision);
  }

  private async discardCandidate(id: string, why: string): Promise<void> {
    const candidate = this.parts.registry.find(id)?.candidate ?? null;
    if (candidate !== null) await this.parts.registry.discard(id, candidate, why);
  }

  private dependencyConditions(id: string): ConditionChange[] {
    const { observer, registry } = this.parts;
    const declared = (registry.candidateOf(id) ?? registry.find(id))?.effective.integration
      .dependencies;
    if (declared === undefined || declared.length === 0) return [];
    return [dependencyCondition(observer.dependenciesOf(declared))];
  }
}

function dependencyCondition(verdict: DependencyVerdict): ConditionChange {
  const { met, reason, message } = verdict;
  const status = met && reason === 'AllMet' ? 'true' : 'false';
  return { type: 'DependenciesReady', status, reason, message };
}
