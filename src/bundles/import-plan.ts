import { sha256Hex } from '../kernel/ids.js';
import { canonicalJson } from '../kernel/json.js';
import { ProblemError, type FieldError } from '../kernel/problem.js';
import type { SourceFormat } from './import-source.js';

/** What is done with an item of which something else is here already. `fail`: nothing is imported at all. */
export const CONFLICT_POLICIES = ['fail', 'skip', 'overwrite', 'rename'] as const;
export type ConflictPolicy = (typeof CONFLICT_POLICIES)[number];

export interface ImportOptions {
  readonly conflict: ConflictPolicy;
  /** Services that are not in the bundle are archived. */
  readonly prune: boolean;
  /** An updated service may offer tools that break the contract of those it offers now. Default `false`. */
  readonly allow_breaking?: boolean;
}

/** `conflict`: refused, `problem` says why; a plan with one is not applied. */
export const PLAN_ACTIONS = [
  'create',
  'update',
  'rename',
  'delete',
  'skip',
  'no-op',
  'conflict',
] as const;
export type PlanAction = (typeof PLAN_ACTIONS)[number];

export interface PlanProblem {
  readonly code: string;
  readonly detail: string;
  /** Pointers into what was sent. */
  readonly errors: readonly FieldError[];
}

/** What becomes of one service or template, the form in which it is shown. */
export interface PlanItem {
  readonly kind: 'service' | 'template';
  /** As the bundle calls it; a template as `id@revision`. */
  readonly name: string;
  readonly action: PlanAction;
  readonly reason: string;
  /** Of a service that is here. */
  readonly service_id: string | null;
  readonly renamed_to: string | null;
  /** JSON Patch with what was there before; values of secrets as their references. */
  readonly diff: readonly object[];
  readonly warnings: readonly string[];
  readonly problem: PlanProblem | null;
}

/** An item with what its decision rests on: the plan is stale when that has changed. */
export interface DecidedItem extends PlanItem {
  /** Versions of the records it would change or leave as they are, and a hash of what it would store. */
  readonly basis: readonly (number | string)[];
}

export interface ImportPlan {
  /** Confirms exactly this plan: `POST /import?plan_hash=`. */
  readonly plan_hash: string;
  readonly format: SourceFormat;
  readonly conflict: ConflictPolicy;
  readonly prune: boolean;
  /** Whether it may be applied: no item is a conflict. */
  readonly applicable: boolean;
  readonly summary: Readonly<Record<PlanAction, number>>;
  /** Templates, then services, in the order of the bundle; then what is archived. */
  readonly items: readonly PlanItem[];
  readonly warnings: readonly string[];
}

export function importPlan(
  format: SourceFormat,
  options: ImportOptions,
  items: readonly DecidedItem[],
  warnings: readonly string[],
): ImportPlan {
  const { conflict, prune } = options;
  const summary = Object.fromEntries(PLAN_ACTIONS.map((action) => [action, 0])) as Record<
    PlanAction,
    number
  >;
  for (const { action } of items) summary[action] += 1;
  return {
    plan_hash: hashOf(options, items),
    format,
    conflict,
    prune,
    applicable: summary.conflict === 0,
    summary,
    items: items.map(shownItem),
    warnings,
  };
}

/** Text that only a person reads is not part of it. */
function hashOf(options: ImportOptions, items: readonly DecidedItem[]): string {
  const decided = items.map(({ kind, name, action, service_id, renamed_to, problem, basis }) => [
    kind,
    name,
    action,
    service_id,
    renamed_to,
    problem?.code ?? null,
    ...basis,
  ]);
  const { conflict, prune, allow_breaking = false } = options;
  return sha256Hex(Buffer.from(canonicalJson({ conflict, prune, allow_breaking, decided })));
}

function shownItem(item: DecidedItem): PlanItem {
  const { kind, name, action, reason, service_id, renamed_to, diff, warnings, problem } = item;
  return { kind, name, action, reason, service_id, renamed_to, diff, warnings, problem };
}

/** `pointer` maps pointers of the problem into what was sent. */
export function planProblem(error: unknown, pointer: (own: string) => string): PlanProblem {
  if (!(error instanceof ProblemError)) throw error;
  const errors = (error.details.errors ?? []).map((one) => ({
    pointer: pointer(one.pointer),
    detail: one.detail,
  }));
  return { code: error.code, detail: error.message, errors };
}

/** The item, refused. */
export function conflicting(item: DecidedItem, problem: PlanProblem): DecidedItem {
  return { ...item, action: 'conflict', reason: problem.detail, problem };
}
