import type { Logger } from '../kernel/logger.js';
import type { ChangeContext, ServiceDocument } from '../registry/service.js';
import { isActivationFailure } from './activation-problem.js';
import { requireExecution, requireNameAllowed, requireWrite } from './change-access.js';
import { commitClaims, planConflicts, refuseConflicts, reviewChange } from './change-review.js';
import type { ControlPlane } from './control-plane.js';
import type { Goal, GoalKeeper } from './goal.js';
import { ProblemError } from '../kernel/problem.js';
import { DEFAULT_WAIT_MS, MAX_WAIT_MS } from './prefer.js';
import { readCreateMembers } from './request-body.js';
import { planned, type RegistrationResult } from './registration-result.js';

export interface RegisterOptions {
  /** How long to wait until it serves; default 30,000. */
  readonly wait_ms?: number;
  /** Store only. A `draft` in the body counts as well. */
  readonly draft?: boolean;
  /** `keep` (default): a service that fails to activate stays in `error`. `discard`: nothing is left of it. */
  readonly on_failure?: 'keep' | 'discard';
  readonly dry_run?: boolean;
  readonly service_id?: string;
}

/** The second half of a change: what is committed already is waited for. */
export type Finish = () => Promise<RegistrationResult>;

/** Creates services: check everything, commit once, then wait until the service serves and is proven. */
export class RegisterService {
  constructor(
    private readonly plane: ControlPlane,
    private readonly goals: GoalKeeper,
    private readonly logger: Logger,
  ) {}

  /** Resolves once the service is stored; nothing is stored when it rejects. */
  async commit(input: unknown, ctx: ChangeContext, options: RegisterOptions): Promise<Finish> {
    requireWrite(ctx);
    const { registry } = this.plane;
    const spec = registry.validate(input);
    const body = readCreateMembers(input);
    requireNameAllowed(ctx, spec.name);
    const review = await reviewChange(this.plane, spec, null);
    requireExecution(ctx, review.prepared, null);
    const isDraft = options.draft ?? body.draft;
    if (options.dry_run === true) {
      const { effective } = review.prepared;
      const conflicts = planConflicts(review.conflicts);
      const would = conflicts.length > 0 ? 'refuse' : isDraft ? 'store' : 'create';
      const plan = planned({ would, effective, conflicts }, review.warnings);
      return () => Promise.resolve(plan);
    }
    refuseConflicts(review);
    const service_id = options.service_id ?? body.service_id;
    const { prepared } = review;
    const created = await commitClaims(this.plane, prepared, null, () =>
      registry.create(prepared, ctx, { service_id, draft: isDraft }),
    );
    if (isDraft) {
      return () => this.goals.answer(created.service_id, 201, 'created', review.warnings);
    }
    return () => this.finish(created, ctx, review.warnings, options);
  }

  private async finish(
    created: ServiceDocument,
    ctx: ChangeContext,
    warnings: readonly string[],
    options: RegisterOptions,
  ): Promise<RegistrationResult> {
    const goal: Goal = {
      service_id: created.service_id,
      revision: created.revision,
      wanted: 'serving',
      outcome: 'created',
      status: 201,
      warnings,
    };
    if (options.on_failure !== 'discard') {
      return this.goals.reach(goal, options.wait_ms ?? DEFAULT_WAIT_MS);
    }
    const result = await this.reachOrDiscard(goal, created, ctx, options.wait_ms);
    // The caller has its 202; whether the service stays is still to be seen.
    if (result.status === 202) void this.discardLater(goal, created, ctx);
    return result;
  }

  private async reachOrDiscard(
    goal: Goal,
    created: ServiceDocument,
    ctx: ChangeContext,
    wait_ms = DEFAULT_WAIT_MS,
  ): Promise<RegistrationResult> {
    try {
      return await this.goals.reach(goal, wait_ms);
    } catch (error) {
      if (!isActivationFailure(error)) throw error;
      // Invariant: only what this registration made is erased, never what a newer command made of it.
      const now = this.plane.registry.find(created.service_id);
      if (now?.generation !== created.generation) throw error;
      await this.plane.registry.erase(created.service_id, ctx);
      const extra = { ...error.details.extra, service_id: null, discarded: true };
      throw new ProblemError(error.code, error.definition, { ...error.details, extra });
    }
  }

  private async discardLater(
    goal: Goal,
    created: ServiceDocument,
    ctx: ChangeContext,
  ): Promise<void> {
    const { service_id } = created;
    try {
      const result = await this.reachOrDiscard(goal, created, ctx, 2 * MAX_WAIT_MS);
      if (result.status === 202) this.logger.warn({ service_id }, 'kept: still not activated');
    } catch (error) {
      if (isActivationFailure(error))
        this.logger.info({ service_id }, 'discarded a failed service');
      else this.logger.warn({ service_id, err: error }, 'could not discard a failed service');
    }
  }
}
