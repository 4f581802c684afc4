import { ProblemError, type FieldError } from '../kernel/problem.js';
import { claimsAfter, nodeAfter, type Draft } from './batch-draft.js';
import { DependencyGraph, type DependencyNode } from './dependency-graph.js';
import { registryProblems } from './registry.errors.js';
import type { ServiceIndex } from './service-index.js';

/** Faults that one answer names; of the others it gives the number. */
const MAX_NAMED = 100;
const MAX_CYCLES = 20;

/** What one change of a batch was refused with. */
export interface BatchFault {
  readonly index: number;
  readonly name: string;
  readonly problem: ProblemError;
}

/** Collects what is wrong with a batch, so that its sender hears of all of it at once. */
export class BatchFaults {
  private readonly found: BatchFault[] = [];

  add(index: number, name: string, problem: ProblemError): void {
    this.found.push({ index, name, problem });
  }

  /** Runs a rule of the single writers for one change. */
  judge(index: number, name: string, rule: () => void): void {
    try {
      rule();
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      this.add(index, name, error);
    }
  }

  /** In the order of the changes. */
  get all(): readonly BatchFault[] {
    return [...this.found].sort((left, right) => left.index - right.index);
  }

  /** Throws `registry.batch-refused` when anything was found. */
  throwAny(): void {
    if (this.found.length === 0) return;
    const sorted = this.all;
    const named = sorted.slice(0, MAX_NAMED);
    const items = named.map(({ index, name, problem }) => ({
      ...problem.details.extra,
      index,
      name,
      code: problem.code,
      detail: problem.message,
    }));
    throw registryProblems['batch-refused']({
      detail: `${String(sorted.length)} faults; the first is with "${named[0]?.name ?? ''}": ${named[0]?.problem.message ?? ''}`,
      errors: named.flatMap(fieldErrorsOf),
      extra: { faults: sorted.length, items },
    });
  }
}

function fieldErrorsOf({ index, problem }: BatchFault): FieldError[] {
  const at = `/changes/${String(index)}`;
  const own = problem.details.errors ?? [];
  if (own.length === 0) return [{ pointer: at, detail: problem.message }];
  return own.map(({ pointer, detail }) => ({ pointer: `${at}${pointer}`, detail }));
}

/** No two services have a name or a script once the batch is stored; what a change frees another one may take. */
export function judgeClaims(
  drafts: readonly Draft[],
  index: ServiceIndex,
  faults: BatchFaults,
): void {
  const inBatch = new Set(drafts.map(({ id }) => id));
  const names = new Map<string, Draft>();
  const scripts = new Map<string, Draft>();
  const take = (
    kind: 'name' | 'script',
    key: string,
    draft: Draft,
    holder: string | undefined,
  ): void => {
    const taken = kind === 'name' ? names : scripts;
    const other = taken.get(key);
    if (other !== undefined && other.id !== draft.id) {
      faults.add(draft.index, draft.name, takenProblem(kind, key, other.id, other.name));
    } else if (holder !== undefined && holder !== draft.id && !inBatch.has(holder)) {
      faults.add(draft.index, draft.name, takenProblem(kind, key, holder, null));
    } else {
      taken.set(key, draft);
    }
  };
  // Whoever is there already keeps what it keeps: the newcomer is told.
  const inOrder = [
    ...drafts.filter((draft) => draft.stored !== null),
    ...drafts.filter((draft) => draft.stored === null),
  ];
  for (const draft of inOrder) {
    const claims = claimsAfter(draft, index.candidateOf(draft.id) ?? null);
    for (const name of claims.names) {
      take('name', name, draft, index.claimOfName(name)?.service_id);
    }
    for (const script of claims.scripts) {
      take('script', script, draft, index.claimOfScript(script)?.service_id);
    }
  }
}

function takenProblem(
  kind: 'name' | 'script',
  key: string,
  holder: string,
  inBatch: string | null,
): ProblemError {
  const who = inBatch === null ? `The service ${holder}` : `"${inBatch}" of the same batch`;
  const problem = registryProblems[kind === 'name' ? 'name-taken' : 'script-taken'];
  return problem({
    detail: `${who} has the ${kind} "${key}".`,
    errors: [{ pointer: kind === 'name' ? '/name' : '/script_id', detail: `"${key}" is taken.` }],
    extra: { service_id: holder },
  });
}

/** `others`: the services that no change of the batch names, candidates included. */
export function judgeGraph(
  drafts: readonly Draft[],
  others: readonly DependencyNode[],
  index: ServiceIndex,
  faults: BatchFaults,
): void {
  const own = drafts.map((draft) => nodeAfter(draft, index.candidateOf(draft.id) ?? null));
  if (own.every((node) => node.dependencies.length === 0)) return;
  const graph = new DependencyGraph([...others, ...own]);
  const circling = nodesNearCycles(graph);
  const told = new Set<string>();
  let cycles = 0;
  for (const draft of drafts) {
    if (told.has(draft.name) || !circling.has(draft.id) || cycles >= MAX_CYCLES) continue;
    const cycle = graph.cycleThrough(draft.id);
    if (cycle === null) continue;
    cycles += 1;
    for (const name of cycle) told.add(name);
    const detail = `Each of these would need the next: ${cycle.join(' -> ')}.`;
    const pointer = '/config/integration/dependencies';
    const errors = [{ pointer, detail: `closes ${cycle.join(' -> ')}.` }];
    const problem = registryProblems['dependency-cycle']({ detail, errors, extra: { cycle } });
    faults.add(draft.index, draft.name, problem);
  }
}

/** What is left when services that need nothing that is left, and those nobody left needs, are taken away in turn. */
function nodesNearCycles(graph: DependencyGraph): ReadonlySet<string> {
  const left = new Set(graph.nodes.map((node) => node.service_id));
  peel(
    left,
    (id) => graph.dependenciesOf(id).flatMap(({ to }) => to ?? []),
    (id) => graph.dependentsOf(id).map(({ from }) => from),
  );
  peel(
    left,
    (id) => graph.dependentsOf(id).map(({ from }) => from),
    (id) => graph.dependenciesOf(id).flatMap(({ to }) => to ?? []),
  );
  return left;
}

function peel(
  left: Set<string>,
  holding: (id: string) => readonly string[],
  held: (id: string) => readonly string[],
): void {
  const open = new Map<string, number>();
  for (const id of left) open.set(id, holding(id).filter((one) => left.has(one)).length);
  const free = [...left].filter((id) => open.get(id) === 0);
  for (let id = free.pop(); id !== undefined; id = free.pop()) {
    left.delete(id);
    for (const one of held(id)) {
      if (!left.has(one)) continue;
      const rest = (open.get(one) ?? 0) - 1;
      open.set(one, rest);
      if (rest === 0) free.push(one);
    }
  }
}

/** A service that is to be archived is required by none that is to be active. */
export function judgeDependents(
  drafts: readonly Draft[],
  others: readonly (DependencyNode & { readonly isActive: boolean })[],
  index: ServiceIndex,
  faults: BatchFaults,
): void {
  const leaving = drafts.filter((draft) => isLeaving(draft));
  if (leaving.length === 0) return;
  const own = drafts.map((draft) => nodeAfter(draft, index.candidateOf(draft.id) ?? null));
  const active = new Set([
    ...others.filter((one) => one.isActive).map((one) => one.service_id),
    ...drafts.filter((one) => one.desired === 'active').map((one) => one.id),
  ]);
  const graph = new DependencyGraph([...others, ...own]);
  for (const draft of leaving) {
    const dependents = graph.dependentsOf(draft.id).flatMap(({ from, dependency }) => {
      if (!dependency.required || !active.has(from)) return [];
      return [{ service_id: from, name: graph.node(from)?.name ?? from }];
    });
    if (dependents.length === 0) continue;
    const names = dependents.map(({ name }) => `"${name}"`).join(', ');
    const detail = `${names} would stop working without it.`;
    const problem = registryProblems['has-dependents']({ detail, extra: { dependents } });
    faults.add(draft.index, draft.name, problem);
  }
}

function isLeaving(draft: Draft): boolean {
  return draft.desired === 'archived' && draft.stored?.doc.desired !== 'archived';
}
