import { UpstreamError } from '../upstream/upstream.errors.js';
import type { RunnableRevision } from './pool-plan.js';

const RETRY_AFTER_S = 1;

type Named = Pick<RunnableRevision, 'name' | 'revision'>;

/** A newer revision took the place of this one. */
export function retired({ name, revision }: Named): UpstreamError {
  const message = `Revision ${String(revision)} of "${name}" is no longer served.`;
  return new UpstreamError('retired', message, { retryAfterS: RETRY_AFTER_S });
}

/** `limit`: `runtime.max_instances`. */
export function allInUse({ name }: Named, limit: number): UpstreamError {
  const message = `All ${String(limit)} instances of "${name}" are in use.`;
  return new UpstreamError('capacity', message, { retryAfterS: RETRY_AFTER_S });
}

/** The restart policy has the next start wait for longer than a caller would. */
export function keepsEnding({ name }: Named, waitMs: number): UpstreamError {
  const message = `"${name}" keeps ending; it is tried again later.`;
  return new UpstreamError('crash-loop', message, { retryAfterS: Math.ceil(waitMs / 1000) });
}
