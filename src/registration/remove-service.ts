import { registryProblems } from '../registry/registry.errors.js';
import type { ChangeContext, ServiceDocument } from '../registry/service.js';
import { requireVisible, requireWrite } from './change-access.js';
import { planConflicts } from './change-review.js';
import type { ControlPlane, DependentService } from './control-plane.js';
import type { GoalKeeper } from './goal.js';
import { DEFAULT_WAIT_MS } from './prefer.js';
import { planned, type RegistrationResult } from './registration-result.js';

export interface RemoveOptions {
  /** The `If-Match` header. Left out: 428. `null`: whatever the service is now. */
  readonly ifMatch?: string | null;
  /** Stop at once instead of draining. Nothing else is skipped. */
  readonly force?: boolean;
  /** `deactivate`: services that need this one are deactivated first, the farthest first. */
  readonly cascade?: 'deactivate';
  readonly wait_ms?: number;
  readonly dry_run?: boolean;
}

type Dependent = Pick<DependentService, 'service_id' | 'name'>;

/** Deletes services: drained, unmounted, stopped, archived. */
export class RemoveService {
  constructor(
    private readonly plane: ControlPlane,
    private readonly goals: GoalKeeper,
    private readonly now: () => number,
  ) {}

  async run(id: string, ctx: ChangeContext, options: RemoveOptions): Promise<RegistrationResult> {
    requireWrite(ctx);
    const { registry } = this.plane;
    const current = registry.require(id);
    requireVisible(ctx, current.spec.name);
    const ifMatch =
      options.ifMatch === null
        ? undefined
        : registry.checkIfMatch(options.ifMatch, current.service_id);
    const dependents = this.affected(current.service_id);
    const refusal =
      dependents.length > 0 && options.cascade !== 'deactivate'
        ? refusedFor(current, dependents)
        : null;
    if (options.dry_run === true) return planOf(current, dependents, refusal);
    if (refusal !== null) throw refusal;
    for (const each of dependents) requireVisible(ctx, each.name);
    const deadline = this.now() + (options.wait_ms ?? DEFAULT_WAIT_MS);
    await this.deactivateAll(dependents, ctx, deadline);
    return this.archive(current, ctx, { ...options, ifMatch }, deadline);
  }

  /** Those that are wanted active and would lose this service, each after all that need it: the order to stop them in. */
  private affected(service_id: string): readonly Dependent[] {
    const seen = new Set([service_id]);
    const ordered: Dependent[] = [];
    const visit = (id: string): void => {
      for (const dependent of this.plane.registry.dependentsOf(id)) {
        if (seen.has(dependent.service_id) || !isAffected(dependent)) continue;
        seen.add(dependent.service_id);
        visit(dependent.service_id);
        ordered.push({ service_id: dependent.service_id, name: dependent.name });
      }
    };
    visit(service_id);
    return ordered;
  }

  private async deactivateAll(
    dependents: readonly Dependent[],
    ctx: ChangeContext,
    deadline: number,
  ): Promise<void> {
    for (const { service_id } of dependents) {
      if (this.plane.registry.find(service_id)?.desired !== 'active') continue;
      await this.plane.lifecycle.deactivate(service_id, ctx);
      const left = Math.max(0, deadline - this.now());
      await this.plane.lifecycle.settled(service_id, null, left);
    }
  }

  private async archive(
    current: ServiceDocument,
    ctx: ChangeContext,
    options: Pick<RemoveOptions, 'force'> & { readonly ifMatch: string | undefined },
    deadline: number,
  ): Promise<RegistrationResult> {
    const { service_id } = current;
    const { registry, lifecycle } = this.plane;
    await registry.setDesired(service_id, 'archived', ctx, { ifMatch: options.ifMatch });
    if (options.force === true) lifecycle.expedite(service_id);
    return this.goals.reach(
      {
        service_id,
        revision: null,
        wanted: 'archived',
        outcome: 'deleted',
        status: 204,
        warnings: [],
      },
      Math.max(0, deadline - this.now()),
    );
  }
}

/** The same rule as the registry's: who is to serve and requires it. */
function isAffected({ desired, dependency }: DependentService): boolean {
  return desired === 'active' && dependency.required;
}

function refusedFor({ service_id, spec }: ServiceDocument, dependents: readonly Dependent[]) {
  const names = dependents.map((each) => each.name).join(', ');
  return registryProblems['has-dependents']({
    detail: `"${spec.name}" is needed by ${names}.`,
    extra: { service_id, dependents },
  });
}

function planOf(
  current: ServiceDocument,
  dependents: readonly Dependent[],
  refusal: ReturnType<typeof refusedFor> | null,
): RegistrationResult {
  const conflicts = refusal === null ? [] : planConflicts([refusal]);
  const cascades = refusal === null ? dependents : [];
  return planned(
    { would: refusal === null ? 'delete' : 'refuse', effective: null, conflicts },
    cascades.map((each) => `"${each.name}" would be deactivated first.`),
    current.service_id,
  );
}
