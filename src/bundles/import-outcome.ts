import { problemDocument } from '../kernel/problem.js';
import type { Settlement } from '../lifecycle/settling.js';
import { activationProblem, isSuperseded } from '../registration/activation-problem.js';
import type { BatchOutcome } from '../registry/batch-change.js';
import type { DecidedItem, PlanItem } from './import-plan.js';

/**
 * What came of a service after the commit. `serving`: it serves and is proven. `stored`: it is not to be served. `pending`:
 * not known within the wait. `failed`: `problem` says why; a new service is kept in `error`, an updated one serves what it
 * served before. `archived`: it is gone.
 */
export const IMPORT_OUTCOMES = ['serving', 'stored', 'pending', 'failed', 'archived'] as const;
export type ImportOutcome = (typeof IMPORT_OUTCOMES)[number];

export interface ImportedService {
  readonly name: string;
  readonly action: PlanItem['action'];
  readonly service_id: string;
  readonly revision: number;
  readonly outcome: ImportOutcome;
  readonly state: string;
  /** The problem document of a failed activation. */
  readonly problem: object | null;
}

export interface ImportReport {
  readonly plan_hash: string;
  /** The store revision that the import made, or the present one when nothing had to change. */
  readonly store_revision: number;
  readonly summary: Readonly<Record<ImportOutcome, number>>;
  readonly templates: readonly Pick<PlanItem, 'name' | 'action' | 'renamed_to'>[];
  /** The services that were changed; those that were left as they are stand in the plan. */
  readonly services: readonly ImportedService[];
  readonly warnings: readonly string[];
}

export function importedService(
  item: Pick<DecidedItem, 'action'>,
  { service_id, name, revision }: BatchOutcome,
  wanted: 'active' | 'archived' | 'stored',
  settlement: Settlement,
): ImportedService {
  const base = { name, action: item.action, service_id, revision, state: settlement.state };
  if (wanted === 'stored') return { ...base, outcome: 'stored', problem: null };
  if (!settlement.done) return { ...base, outcome: 'pending', problem: null };
  if (wanted === 'archived') {
    const outcome = settlement.state === 'archived' ? 'archived' : 'pending';
    return { ...base, outcome, problem: null };
  }
  const { failure, state } = settlement;
  const isServing = state === 'active' || state === 'updating';
  if (isServing && failure === null) return { ...base, outcome: 'serving', problem: null };
  if (failure === null || isSuperseded(failure)) {
    return { ...base, outcome: 'pending', problem: null };
  }
  const problem = problemDocument(activationProblem(failure, service_id), {});
  return { ...base, outcome: 'failed', problem };
}

export function countOutcomes(
  services: readonly ImportedService[],
): Readonly<Record<ImportOutcome, number>> {
  const counts = { serving: 0, stored: 0, pending: 0, failed: 0, archived: 0 };
  for (const { outcome } of services) counts[outcome] += 1;
  return counts;
}
