import type { PreviewedService } from './template-affected.js';
import { countsOf, type TemplateRollout } from './template-rollout.js';
import type { RolloutPlan } from './template-rollouts.service.js';
import { WriteAnswer } from './write-answer.js';

export function rolloutPath(rolloutId: string): string {
  return `/api/v1/template-rollouts/${rolloutId}`;
}

/** A rollout as the API shows it: without in whose authority it runs. */
export function rolloutBody(rollout: TemplateRollout): object {
  const { rollout_id, template_id, reference, state, cancel_requested, batch, pause_ms } = rollout;
  const { on_failure, allow_breaking, services, created_at, updated_at } = rollout;
  const { finished_at, actor } = rollout;
  return {
    rollout_id,
    template_id,
    reference,
    state,
    cancel_requested,
    batch,
    pause_ms,
    on_failure,
    allow_breaking,
    counts: countsOf(rollout),
    services,
    created_at,
    updated_at,
    finished_at,
    actor,
  };
}

export function rolloutAnswer(status: 200 | 202, rollout: TemplateRollout): WriteAnswer {
  const headers: Record<string, string> =
    status === 202 ? { Location: rolloutPath(rollout.rollout_id) } : {};
  return new WriteAnswer(status, headers, rolloutBody(rollout));
}

export function rolloutPlanAnswer(plan: RolloutPlan): WriteAnswer {
  return new WriteAnswer(200, {}, { outcome: 'planned', ...plan });
}

export function rolloutList(rollouts: readonly TemplateRollout[]): object {
  return { items: rollouts.map(rolloutBody), next_cursor: null, total: rollouts.length };
}

export function affectedBody(template: string, items: readonly PreviewedService[]): object {
  return { template, items, next_cursor: null, total: items.length };
}
