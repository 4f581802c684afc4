import type { ChangeContext, ServiceDocument } from '../registry/service.js';
import type { Condition, ServiceState } from './service-status.js';
import type { ConditionChange } from './conditions.js';
import { lifecycleProblems } from './lifecycle.errors.js';
import type { LifecycleParts, Wake } from './lifecycle-parts.js';
import { OutcomeRecorder } from './outcome-recorder.js';
import { allowedMoves } from './service-lifecycle.js';
import { VALIDATED } from './state-conditions.js';

export interface CommandOptions {
  /** The generation that the caller has seen. */
  readonly ifMatch?: number;
}

/** What operators ask of a service. Each answers once the wish is stored; `settled` tells what came of it. */
export class ServiceCommands {
  constructor(
    private readonly parts: LifecycleParts,
    private readonly wake: Wake,
  ) {}

  /** Serves it, or tries again what failed. One that is active already is left as it is. */
  async activate(id: string, context: ChangeContext, options: CommandOptions = {}): Promise<void> {
    const doc = this.parts.registry.require(id);
    this.refuseArchiving(doc, 'activate');
    this.parts.runtimes.of(doc.service_id).outcomes.delete(doc.revision);
    await this.want(doc, 'active', context, options);
    const { state } = this.parts.statuses.read(doc.service_id);
    if (state === 'error') this.parts.runtimes.of(doc.service_id).retryWanted = true;
    void this.wake(doc.service_id);
  }

  async deactivate(
    id: string,
    context: ChangeContext,
    options: CommandOptions = {},
  ): Promise<void> {
    const doc = this.parts.registry.require(id);
    this.refuseArchiving(doc, 'deactivate');
    const { state } = this.parts.statuses.read(doc.service_id);
    if (state === 'draft' && doc.desired === 'draft') throw refused(doc, state, 'deactivate');
    await this.want(doc, 'inactive', context, options);
    void this.wake(doc.service_id);
  }

  /** Fresh instances, proven before they take over; one in error is tried again. */
  restart(id: string): void {
    const doc = this.parts.registry.require(id);
    const { state } = this.parts.statuses.read(doc.service_id);
    const runtime = this.parts.runtimes.of(doc.service_id);
    if (doc.desired !== 'active') throw refused(doc, state, 'restart');
    if (state === 'active') runtime.restartWanted = true;
    else if (state === 'error') runtime.retryWanted = true;
    else throw refused(doc, state, 'restart');
    runtime.outcomes.delete(doc.revision);
    runtime.keptRestarts.clear();
    void this.wake(doc.service_id);
  }

  /** The drain of a deactivation under way, or of the next one, is skipped. */
  expedite(id: string): void {
    const doc = this.parts.registry.find(id);
    if (doc === undefined) return;
    const runtime = this.parts.runtimes.of(doc.service_id);
    runtime.expedited = true;
    for (const [revision, pool] of runtime.pools)
      if (runtime.drains.has(revision)) void pool.stop();
  }

  /** Validates the stored configuration anew, without moving the state. Answers the conditions. */
  async validate(id: string): Promise<readonly Condition[]> {
    const { registry, config, observer, recorder, statuses } = this.parts;
    const doc = registry.require(id);
    const changes: ConditionChange[] = [await this.validity(() => config.resolve(doc.spec))];
    const declared = doc.effective.integration.dependencies;
    if (declared.length > 0) {
      const { met, reason, message } = observer.dependenciesOf(declared);
      const status = met && reason === 'AllMet' ? 'true' : 'false';
      changes.push({ type: 'DependenciesReady', status, reason, message });
    }
    await recorder.mark(doc.service_id, changes);
    return statuses.read(doc.service_id).conditions;
  }

  private async validity(resolve: () => Promise<unknown>): Promise<ConditionChange> {
    try {
      await resolve();
      return VALIDATED;
    } catch (error) {
      const failure = OutcomeRecorder.validationFailure(error);
      if (failure === null) throw error;
      const { reason, message } = failure;
      return { type: 'Validated', status: 'false', reason, message };
    }
  }

  private async want(
    doc: ServiceDocument,
    desired: 'active' | 'inactive',
    context: ChangeContext,
    options: CommandOptions,
  ): Promise<void> {
    if (doc.desired === desired) {
      // Nothing to write: what a storage fault left behind is settled by this command all the same.
      await this.parts.registry.rewrite(doc.service_id, context);
      return;
    }
    await this.parts.registry.setDesired(doc.service_id, desired, context, options);
  }

  private refuseArchiving(doc: ServiceDocument, verb: string): void {
    if (doc.desired !== 'archived') return;
    throw refused(doc, this.parts.statuses.read(doc.service_id).state, verb);
  }
}

function refused(doc: ServiceDocument, state: ServiceState, verb: string): Error {
  const allowed = allowedMoves(state);
  const going = doc.desired === 'archived' ? ' and on its way to the archive' : '';
  return lifecycleProblems['transition-refused']({
    detail: `"${doc.spec.name}" is ${state}${going}; ${verb} is not possible. It can become ${allowed.join(', ')}.`,
    extra: { service_id: doc.service_id, state, allowed },
  });
}
