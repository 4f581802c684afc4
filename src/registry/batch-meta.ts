import { pointerTo } from '../kernel/json.js';
import type { CommitMeta } from '../storage/record-store.js';
import type { BatchOptions } from './batch-change.js';
import type { Draft } from './batch-draft.js';
import { MAX_DIFF_STEPS, redactedDiff } from './redacted-diff.js';
import { metaOf } from './service-changes.js';
import type { ChangeContext } from './service.js';

/**
 * The audit entry of a batch: what changed of each service, its paths below `/services/<id>`, secrets redacted. Beyond the
 * limit of an entry the number of further steps is told.
 */
export function batchMeta(
  drafts: readonly Draft[],
  ctx: ChangeContext,
  options: BatchOptions,
): CommitMeta {
  const subject = options.subject ?? `${String(drafts.length)} services`;
  const diff: object[] = [];
  let omitted = 0;
  for (const draft of drafts) {
    for (const step of stepsOf(draft)) {
      if (step.op === 'omitted') omitted += step.steps;
      else if (diff.length < MAX_DIFF_STEPS) diff.push(step);
      else omitted += 1;
    }
  }
  if (omitted > 0) diff.push({ op: 'omitted', steps: omitted });
  return { ...metaOf(ctx, options.verb, subject), ...(diff.length === 0 ? {} : { diff }) };
}

type Step = ReturnType<typeof redactedDiff>[number];

function stepsOf(draft: Draft): readonly Step[] {
  const { change, stored, id, desired, step } = draft;
  const at = pointerTo('/services', id);
  const before = stored?.doc.desired ?? null;
  const wanted =
    before === desired
      ? []
      : [{ op: 'replace' as const, path: `${at}/desired`, from: before, value: desired }];
  if (change.op === 'desire' || step === 'keep' || step === 'wait') return wanted;
  const steps = redactedDiff(stored?.doc.spec ?? null, change.prepared.spec).map((one) =>
    one.op === 'omitted' ? one : { ...one, path: `${at}${one.path}` },
  );
  return [...steps, ...wanted];
}
