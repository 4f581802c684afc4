import { exposedSecrets } from '../config/exposed-secret.js';
import type { ProblemError } from '../kernel/problem.js';
import { DependencyGraph } from '../registry/dependency-graph.js';
import { registryProblems } from '../registry/registry.errors.js';
import type { ServiceDocument, ServiceSpec } from '../registry/service.js';
import type { RouteConflict } from '../routes/route-conflict.js';
import { routesProblems } from '../routes/routes.errors.js';
import type { ControlPlane, PreparedService } from './control-plane.js';
import type { PlanConflict } from './registration-result.js';

/** What is known of a change before anything is committed. */
export interface ChangeReview {
  readonly prepared: PreparedService;
  readonly warnings: readonly string[];
  /** What the change would be refused with, the most telling first. */
  readonly conflicts: readonly ProblemError[];
}

/**
 * Resolves a specification and holds it against what is there: names, scripts and routes. It reads only, so it serves the
 * dry run and the change itself. Throws what the configuration is refused with (422). The registry decides again in the
 * commit, where nothing can come in between.
 */
export async function reviewChange(
  plane: ControlPlane,
  spec: ServiceSpec,
  current: ServiceDocument | null,
): Promise<ChangeReview> {
  const prepared = await plane.registry.prepare(spec);
  const found = await plane.routes.check(
    current?.service_id ?? null,
    spec.name,
    prepared.effective.network.routes,
  );
  const faults = found.filter((each) => each.severity === 'error');
  const shadowed = found.filter((each) => each.severity === 'warning');
  return {
    prepared,
    warnings: [...shadowed.map((each) => each.detail), ...exposedSecrets(prepared.effective)],
    conflicts: [
      ...identityConflicts(plane, prepared.spec, current?.service_id ?? null),
      ...cycleConflicts(plane, prepared, current?.service_id ?? null),
      ...(faults.length === 0 ? [] : [routeProblem(faults)]),
    ],
  };
}

/** The same refusals as those of the commit: told early, so that a plan can name them. */
function identityConflicts(
  { registry }: ControlPlane,
  spec: ServiceSpec,
  service_id: string | null,
): ProblemError[] {
  const conflicts: ProblemError[] = [];
  for (const other of registry.list()) {
    if (other.service_id === service_id) continue;
    if (other.spec.name === spec.name || other.former_names.includes(spec.name)) {
      conflicts.push(
        registryProblems['name-taken']({
          detail: `The name "${spec.name}" belongs to another service.`,
          extra: { service_id: other.service_id },
        }),
      );
    } else if (spec.script_id !== null && other.spec.script_id === spec.script_id) {
      conflicts.push(
        registryProblems['script-taken']({
          detail: `The script ${spec.script_id} is registered as "${other.spec.name}".`,
          extra: { service_id: other.service_id },
        }),
      );
    }
  }
  return conflicts;
}

const NEW_SERVICE = 'new';

function cycleConflicts(
  { registry }: ControlPlane,
  { spec, effective }: PreparedService,
  service_id: string | null,
): ProblemError[] {
  const { dependencies } = effective.integration;
  if (dependencies.length === 0) return [];
  const node = { service_id: service_id ?? NEW_SERVICE, name: spec.name, dependencies };
  const others = registry.graph().nodes.filter((each) => each.service_id !== service_id);
  const cycle = new DependencyGraph([...others, node]).cycleThrough(node.service_id);
  if (cycle === null) return [];
  const detail = `${cycle.join(' needs ')}.`;
  return [registryProblems['dependency-cycle']({ detail, extra: { cycle } })];
}

/** One problem for all route faults: that of the first, with every one in `conflicts`. */
function routeProblem(faults: readonly RouteConflict[]): ProblemError {
  const first = faults[0]?.code ?? 'path-conflict';
  const code = first === 'shadowed' ? 'path-conflict' : first;
  return routesProblems[code]({
    detail: faults.map((each) => each.detail).join(' '),
    extra: { conflicts: faults },
  });
}

/**
 * Judges names and paths once more and commits, with no other claim of a path in between. `commit` stores what was
 * reviewed.
 */
export function commitClaims<T>(
  plane: ControlPlane,
  { spec, effective }: PreparedService,
  service_id: string | null,
  commit: () => Promise<T>,
): Promise<T> {
  return plane.routes.exclusively(async () => {
    const [taken] = identityConflicts(plane, spec, service_id);
    if (taken !== undefined) throw taken;
    const found = await plane.routes.check(service_id, spec.name, effective.network.routes);
    const faults = found.filter((each) => each.severity === 'error');
    if (faults.length > 0) throw routeProblem(faults);
    return commit();
  });
}

/** Throws the first conflict. */
export function refuseConflicts(review: ChangeReview): void {
  const [first] = review.conflicts;
  if (first !== undefined) throw first;
}

export function planConflicts(conflicts: readonly ProblemError[]): PlanConflict[] {
  return conflicts.map((each) => ({
    ...each.details.extra,
    code: each.code,
    detail: each.message,
  }));
}
