import type { TemplateDocument } from '../config/template.js';
import type { TemplateSummary } from '../config/template.service.js';
import type { ProblemError } from '../kernel/problem.js';
import { planConflicts } from './change-review.js';
import type { PlanConflict } from './registration-result.js';
import type { AffectedService } from './template-affected.js';
import { WriteAnswer } from './write-answer.js';

export type TemplateOutcome = 'created' | 'updated' | 'unchanged' | 'deleted' | 'planned';

/** What a dry run says: nothing was changed. */
export interface TemplatePlan {
  readonly would: 'create' | 'update' | 'nothing' | 'delete' | 'refuse';
  /** As it would be stored. */
  readonly template: TemplateDocument | null;
  readonly conflicts: readonly PlanConflict[];
}

export interface TemplateResult {
  readonly status: 200 | 201 | 204;
  readonly outcome: TemplateOutcome;
  readonly template: TemplateSummary | null;
  readonly plan: TemplatePlan | null;
  /** Services that use it; an edit moves none of them. */
  readonly affected: readonly AffectedService[];
  readonly etag: string | null;
}

export function templateResult(
  result: Pick<TemplateResult, 'status' | 'outcome' | 'template'> & Partial<TemplateResult>,
): TemplateResult {
  return { plan: null, affected: [], etag: null, ...result };
}

export function plannedTemplate(
  would: Exclude<TemplatePlan['would'], 'refuse'>,
  template: TemplateDocument | null,
  affected: readonly AffectedService[],
  conflict: ProblemError | null,
): TemplateResult {
  const conflicts = planConflicts(conflict === null ? [] : [conflict]);
  const plan = { would: conflict === null ? would : ('refuse' as const), template, conflicts };
  return templateResult({ status: 200, outcome: 'planned', template: null, plan, affected });
}

/** The status, headers and body of the answer. */
export function templateAnswer(result: TemplateResult): WriteAnswer {
  const { status, outcome, template, plan, affected, etag } = result;
  const headers: Record<string, string> = {};
  if (etag !== null) headers['ETag'] = etag;
  if (status === 204) return new WriteAnswer(204, headers, undefined);
  if (template === null) return new WriteAnswer(status, headers, { outcome, ...plan, affected });
  const path = `/api/v1/templates/${template.template_id}`;
  if (status === 201) headers['Location'] = path;
  const { created_at, actor, ...rest } = template;
  const moves = outcome === 'updated' ? { links: { rollout: `${path}/rollout` } } : {};
  const shown = { ...rest, created_at: created_at ?? null, actor: actor ?? null };
  return new WriteAnswer(status, headers, { ...shown, outcome, affected, ...moves });
}
