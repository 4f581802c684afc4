import { mergePatch, type JsonValue } from '../kernel/json.js';
import { isSameContent } from '../registry/prepared-spec.js';
import type { ChangeContext, ServiceDocument, ServiceSpec } from '../registry/service.js';
import {
  requireExecution,
  requireNameAllowed,
  requireVisible,
  requireWrite,
} from './change-access.js';
import {
  planConflicts,
  refuseConflicts,
  commitClaims,
  reviewChange,
  type ChangeReview,
} from './change-review.js';
import type { ControlPlane } from './control-plane.js';
import type { Goal, GoalKeeper } from './goal.js';
import { DEFAULT_WAIT_MS } from './prefer.js';
import type { Finish } from './register-service.js';
import { planned, type RegistrationResult } from './registration-result.js';
import { readPatch, withoutBookkeeping } from './request-body.js';
import { rollbackTarget } from './rollback-target.js';

export interface UpdateOptions {
  /** The `If-Match` header. Left out: 428. `null`: the caller takes whatever the service is now (hook, inbox). */
  readonly ifMatch?: string | null;
  /** The input is a merge patch (RFC 7396) on the specification. */
  readonly patch?: boolean;
  readonly wait_ms?: number;
  readonly dry_run?: boolean;
  /** The tools may break the callers of the current revision. Default: `false`; of a rollback `true`. */
  readonly allow_breaking?: boolean;
}

interface CommitOptions extends UpdateOptions {
  /** What is to be said besides what the review finds. */
  readonly warnings?: readonly string[];
}

interface UpdateBase {
  readonly current: ServiceDocument;
  readonly ifMatch: string | undefined;
}

/** Makes new revisions. An update that fails leaves specification, revision and ETag as they were. */
export class UpdateService {
  constructor(
    private readonly plane: ControlPlane,
    private readonly goals: GoalKeeper,
  ) {}

  /** Resolves once the revision is stored (or found to change nothing); nothing is stored when it rejects. */
  async commit(
    id: string,
    input: unknown,
    ctx: ChangeContext,
    options: UpdateOptions,
  ): Promise<Finish> {
    const base = this.base(id, ctx, options.ifMatch, options.patch === true);
    const wanted =
      options.patch === true ? patched(base.current, input) : withoutBookkeeping(input);
    return this.commitSpec(base, wanted, ctx, options);
  }

  /** A new revision with the content of an older one. */
  async commitRollback(
    id: string,
    revision: number,
    ctx: ChangeContext,
    options: UpdateOptions,
  ): Promise<Finish> {
    const base = this.base(id, ctx, options.ifMatch ?? null, false);
    const target = await rollbackTarget(this.plane, base.current, revision);
    const { allow_breaking = true } = options;
    const how = { ...options, allow_breaking, warnings: target.warnings };
    return this.commitSpec(base, target.spec, ctx, how);
  }

  /** A new revision with a specification that was made from what the service is now. */
  async commitExact(
    id: string,
    wanted: unknown,
    ctx: ChangeContext,
    options: UpdateOptions,
  ): Promise<Finish> {
    return this.commitSpec(this.base(id, ctx, options.ifMatch ?? null, true), wanted, ctx, options);
  }

  /** `isExact`: what is written depends on what was read, so nothing may come in between, whatever `If-Match` allows. */
  private base(
    id: string,
    ctx: ChangeContext,
    header: string | null | undefined,
    isExact: boolean,
  ): UpdateBase {
    requireWrite(ctx);
    const { registry } = this.plane;
    const current = registry.require(id);
    const { service_id, spec } = current;
    requireVisible(ctx, spec.name);
    const ifMatch = header === null ? undefined : registry.checkIfMatch(header, service_id);
    if (!isExact) return { current, ifMatch };
    return { current, ifMatch: registry.checkIfMatch(registry.etag(service_id, 0), service_id) };
  }

  private async commitSpec(
    { current, ifMatch }: UpdateBase,
    wanted: unknown,
    ctx: ChangeContext,
    options: CommitOptions,
  ): Promise<Finish> {
    const spec = this.plane.registry.validate(wanted);
    if (spec.name !== current.spec.name) requireNameAllowed(ctx, spec.name);
    const review = await this.review(spec, current, options);
    requireExecution(ctx, review.prepared, current);
    if (options.dry_run === true) {
      const plan = planOf(current, review, options);
      return () => Promise.resolve(plan);
    }
    refuseConflicts(review);
    const wait_ms = options.wait_ms ?? DEFAULT_WAIT_MS;
    const { service_id } = current;
    const { prepared } = review;
    const { allow_breaking } = options;
    const how = { ifMatch, ...(allow_breaking === true ? { allow_breaking } : {}) };
    const { outcome, revision } = await commitClaims(this.plane, prepared, service_id, () =>
      this.plane.registry.propose(service_id, prepared, ctx, how),
    );
    if (outcome === 'proposed') return () => this.reachRevision(current, revision, review, wait_ms);
    if (outcome === 'unchanged') return () => this.finishUnchanged(current, ctx, review, wait_ms);
    return () =>
      this.goals.answer(current.service_id, 200, 'stored', storedWarnings(current, review));
  }

  private async review(
    spec: ServiceSpec,
    current: ServiceDocument,
    { warnings = [] }: CommitOptions,
  ): Promise<ChangeReview> {
    const review = await reviewChange(this.plane, spec, current);
    return { ...review, warnings: [...review.warnings, ...warnings] };
  }

  private reachRevision(
    current: ServiceDocument,
    revision: number,
    { warnings }: ChangeReview,
    wait_ms: number,
  ): Promise<RegistrationResult> {
    const goal: Goal = {
      service_id: current.service_id,
      revision,
      wanted: 'serving',
      outcome: 'updated',
      status: 200,
      warnings,
    };
    return this.goals.reach(goal, wait_ms);
  }

  /** Nothing to deploy. What is wanted but does not serve yet is waited for, and what failed is tried again. */
  private async finishUnchanged(
    current: ServiceDocument,
    ctx: ChangeContext,
    { warnings }: ChangeReview,
    wait_ms: number,
  ): Promise<RegistrationResult> {
    const { service_id, desired } = current;
    const { state } = this.plane.lifecycle.statusOf(service_id);
    if (desired !== 'active' || state === 'active' || state === 'updating') {
      return this.goals.answer(service_id, 200, 'unchanged', warnings);
    }
    if (state === 'error') await this.plane.lifecycle.activate(service_id, ctx);
    const outcome = state === 'error' ? 'activated' : 'unchanged';
    const goal: Goal = {
      service_id,
      revision: current.revision,
      wanted: 'serving',
      outcome,
      status: 200,
      warnings,
    };
    return this.goals.reach(goal, wait_ms);
  }
}

function patched(current: ServiceDocument, input: unknown): JsonValue {
  return mergePatch(JSON.parse(JSON.stringify(current.spec)) as JsonValue, readPatch(input));
}

const NOT_COMPARED =
  'A dry run starts nothing: whether the tools keep their contract is seen when the change is made.';

function planOf(
  current: ServiceDocument,
  review: ChangeReview,
  { allow_breaking }: CommitOptions,
): RegistrationResult {
  const conflicts = planConflicts(review.conflicts);
  const { effective } = review.prepared;
  const change = current.desired === 'active' ? 'update' : 'store';
  const needed = isSameContent(current, review.prepared) ? 'nothing' : change;
  const would = conflicts.length > 0 ? 'refuse' : needed;
  const isCompared = would === 'update' && allow_breaking !== true;
  const warnings = isCompared ? [...review.warnings, NOT_COMPARED] : review.warnings;
  return planned({ would, effective, conflicts }, warnings, current.service_id);
}

function storedWarnings(current: ServiceDocument, review: ChangeReview): readonly string[] {
  const note = `The service is ${current.desired} and was not started; activate it to serve and prove the new revision.`;
  return [...review.warnings, note];
}
