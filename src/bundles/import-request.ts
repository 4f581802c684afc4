import { WriteAnswer } from '../registration/write-answer.js';
import { bundlesProblems } from './bundles.errors.js';
import type { ImportReport } from './import-outcome.js';
import type { ConflictPolicy, ImportPlan } from './import-plan.js';

/** `?a=x,y`; `null` when it says nothing. */
function listOf(text: string | undefined): readonly string[] | null {
  const items = (text ?? '').split(',').map((one) => one.trim());
  const named = items.filter((one) => one !== '');
  return named.length === 0 ? null : named;
}

export function exportQuery(query: {
  readonly format?: 'json' | 'yaml';
  readonly services?: string;
  readonly tags?: string;
}): {
  readonly format: 'json' | 'yaml';
  readonly services: readonly string[] | null;
  readonly tags: readonly string[] | null;
} {
  return {
    format: query.format ?? 'json',
    services: listOf(query.services),
    tags: listOf(query.tags),
  };
}

export interface ReadImportRequest {
  readonly conflict: ConflictPolicy;
  readonly prune: boolean;
  readonly allow_breaking: boolean;
  readonly dryRun: boolean;
  readonly planHash: string | null;
  readonly wait_ms: number;
}

/** Throws `bundles.query-invalid` when a plan is both to be made and to be applied. */
export function importRequest(
  query: {
    readonly dry_run?: string;
    readonly plan_hash?: string;
    readonly conflict?: ConflictPolicy;
    readonly prune?: string;
    readonly allow_breaking?: string;
  },
  wait_ms: number,
): ReadImportRequest {
  const dryRun = isSet(query.dry_run);
  const planHash = query.plan_hash ?? null;
  if (dryRun && planHash !== null) {
    const errors = [{ pointer: '#query/plan_hash', detail: 'is not for a dry run.' }];
    throw bundlesProblems['query-invalid']({ errors });
  }
  return {
    conflict: query.conflict ?? 'fail',
    prune: isSet(query.prune),
    allow_breaking: isSet(query.allow_breaking),
    dryRun,
    planHash,
    wait_ms,
  };
}

/** `?flag` and `?flag=true`. */
function isSet(flag: string | undefined): boolean {
  return flag === 'true' || flag === '';
}

/** 202 while services have not come up yet. `applied`: what of `Prefer` was applied, or `null`. */
export function importAnswer(done: ImportPlan | ImportReport, applied: string | null): WriteAnswer {
  if (!('services' in done)) return new WriteAnswer(200, {}, done);
  const headers: Record<string, string> = applied === null ? {} : { 'Preference-Applied': applied };
  return new WriteAnswer(done.summary.pending > 0 ? 202 : 200, headers, done);
}
