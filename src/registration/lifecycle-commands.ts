import { registryProblems } from '../registry/registry.errors.js';
import type { ChangeContext, ServiceDocument } from '../registry/service.js';
import { requireVisible, requireWrite } from './change-access.js';
import { refuseConflicts, reviewChange } from './change-review.js';
import type { ControlPlane } from './control-plane.js';
import type { Goal, GoalKeeper } from './goal.js';
import { DEFAULT_WAIT_MS } from './prefer.js';
import { planned, type RegistrationResult } from './registration-result.js';

export interface CommandOptions {
  /** The `If-Match` header; checked when it is sent. */
  readonly ifMatch?: string | null;
  readonly wait_ms?: number;
  readonly dry_run?: boolean;
}

type Command = 'activate' | 'deactivate' | 'restart';

const GOALS = {
  activate: { wanted: 'serving', outcome: 'activated' },
  deactivate: { wanted: 'inactive', outcome: 'deactivated' },
  restart: { wanted: 'serving', outcome: 'restarted' },
} as const satisfies Record<Command, Pick<Goal, 'wanted' | 'outcome'>>;

/** The verbs that ask for a state rather than for a specification. */
export class LifecycleCommands {
  constructor(
    private readonly plane: ControlPlane,
    private readonly goals: GoalKeeper,
  ) {}

  async run(
    command: Command,
    id: string,
    ctx: ChangeContext,
    options: CommandOptions,
  ): Promise<RegistrationResult> {
    const { service_id, revision } = this.target(id, ctx, options);
    if (options.dry_run === true) {
      return planned({ would: command, effective: null, conflicts: [] }, [], service_id);
    }
    await this.plane.lifecycle[command](service_id, ctx);
    const reached = GOALS[command];
    const goal: Goal = {
      service_id,
      revision: reached.wanted === 'serving' ? revision : null,
      status: 200,
      warnings: [],
      ...reached,
    };
    return this.goals.reach(goal, options.wait_ms ?? DEFAULT_WAIT_MS);
  }

  /** Resolves and checks the stored specification as a change would be, and changes nothing. */
  async validate(id: string, ctx: ChangeContext): Promise<RegistrationResult> {
    const current = this.target(id, ctx, {});
    const spec = this.plane.registry.validate(current.spec);
    const review = await reviewChange(this.plane, spec, current);
    refuseConflicts(review);
    const { effective } = review.prepared;
    const plan = { would: 'nothing', effective, conflicts: [] } as const;
    return { ...planned(plan, review.warnings, current.service_id), outcome: 'valid' };
  }

  async restore(
    id: string,
    ctx: ChangeContext,
    options: CommandOptions,
  ): Promise<RegistrationResult> {
    requireWrite(ctx);
    const archived = await this.plane.registry.archived(id);
    if (archived === undefined) {
      throw registryProblems['not-archived'](`"${id}" is not in the archive.`);
    }
    requireVisible(ctx, archived.service.spec.name);
    const { service_id } = archived.service;
    if (options.dry_run === true) {
      return planned({ would: 'restore', effective: null, conflicts: [] }, [], service_id);
    }
    await this.plane.registry.restore(service_id, ctx);
    return this.goals.answer(service_id, 200, 'restored', []);
  }

  private target(id: string, ctx: ChangeContext, options: CommandOptions): ServiceDocument {
    requireWrite(ctx);
    const current = this.plane.registry.require(id);
    requireVisible(ctx, current.spec.name);
    const { ifMatch } = options;
    if (ifMatch !== undefined && ifMatch !== null) {
      this.plane.registry.checkIfMatch(ifMatch, current.service_id);
    }
    return current;
  }
}
