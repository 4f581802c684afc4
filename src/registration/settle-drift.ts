import { isJsonObject, type JsonObject, type JsonValue } from '../kernel/json.js';
import type { FieldError } from '../kernel/problem.js';
import { registryProblems } from '../registry/registry.errors.js';
import { diffJson } from '../registry/revision-diff.js';
import type { ChangeContext, ServiceDocument } from '../registry/service.js';
import { requireVisible, requireWrite } from './change-access.js';
import type { ControlPlane } from './control-plane.js';
import type { GoalKeeper } from './goal.js';
import type { Finish } from './register-service.js';
import { planned } from './registration-result.js';
import type { UpdateOptions, UpdateService } from './update-service.js';

export type DriftAction = 'adopt' | 'revert';

const MAX_ERRORS = 20;

/**
 * Settles an edit by hand of a stored document, which boot found and did not put in force: `adopt` sends its specification
 * the way of any update, `revert` writes the file anew from what is stored.
 */
export class SettleDrift {
  constructor(
    private readonly plane: ControlPlane,
    private readonly goals: GoalKeeper,
    private readonly updates: UpdateService,
  ) {}

  /** Throws `registry.not-drifted`, and for `adopt` `registry.drift-refused` besides what an update is refused with. */
  async commit(
    id: string,
    action: DriftAction,
    ctx: ChangeContext,
    options: UpdateOptions,
  ): Promise<Finish> {
    requireWrite(ctx);
    const { registry } = this.plane;
    const current = registry.require(id);
    requireVisible(ctx, current.spec.name);
    const { service_id } = current;
    const { ifMatch } = options;
    if (ifMatch !== undefined && ifMatch !== null) registry.checkIfMatch(ifMatch, service_id);
    const found = registry.driftOf(service_id);
    if (found === null) {
      throw registryProblems['not-drifted']({
        detail: `The file of "${current.spec.name}" is as it was written.`,
        extra: { service_id },
      });
    }
    if (action === 'revert') return this.revert(service_id, ctx, options);
    const spec = editedSpec(current, found);
    const reason = ctx.reason ?? 'the edit by hand is adopted';
    return this.updates.commitExact(service_id, spec, { ...ctx, reason }, options);
  }

  private async revert(
    id: string,
    ctx: ChangeContext,
    { dry_run }: UpdateOptions,
  ): Promise<Finish> {
    if (dry_run === true) {
      const plan = planned({ would: 'revert', effective: null, conflicts: [] }, [], id);
      return () => Promise.resolve(plan);
    }
    const reason = ctx.reason ?? 'the edit by hand is undone';
    await this.plane.registry.rewrite(id, { ...ctx, reason });
    return () => this.goals.answer(id, 200, 'reverted', []);
  }
}

/** The specification of the edited document. All else in it is kept by the gateway and must be as it was. */
function editedSpec(current: ServiceDocument, found: JsonObject): JsonValue {
  const stored = JSON.parse(JSON.stringify(current)) as JsonObject;
  const { spec } = found;
  const errors: FieldError[] = diffJson(stored, found)
    .filter(({ path }) => path !== '/spec' && !path.startsWith('/spec/'))
    .slice(0, MAX_ERRORS)
    .map(({ path }) => ({ pointer: path, detail: 'is not for editing: only /spec is.' }));
  if (!isJsonObject(spec)) errors.push({ pointer: '/spec', detail: 'must be an object.' });
  if (spec !== undefined && errors.length === 0) return spec;
  throw registryProblems['drift-refused']({
    detail: `The edited file of "${current.spec.name}" differs outside its specification.`,
    errors,
    extra: { service_id: current.service_id },
  });
}
