import { backoffDelayMs, type BackoffPolicy } from '../kernel/backoff.js';
import type { NotificationType, NotifiedAlert } from './notification.js';

/** A notification on its way to one receiver. Times are milliseconds since the epoch. */
export interface Delivery {
  /** Also the `webhook-id`, with `msg_` before it: the same for every attempt. */
  readonly delivery_id: string;
  readonly receiver_id: string;
  readonly receiver: string;
  readonly type: NotificationType;
  readonly alerts: readonly NotifiedAlert[];
  readonly created_ms: number;
  /** Place in the order of its receiver. */
  readonly order: number;
  readonly state: 'pending' | 'dead';
  /** Attempts since it was made, or sent again by hand. */
  readonly attempts: number;
  /** Start of the 24 hours it may take. */
  readonly tried_from_ms: number;
  readonly next_ms: number;
  readonly last_error: string | null;
}

/** What came of one attempt. */
export interface AttemptOutcome {
  readonly delivered: boolean;
  readonly status: number | null;
  /** Why it was not delivered; holds no secret and no text of the receiver. */
  readonly error: string | null;
  /** The receiver answered that it is gone for good (410). */
  readonly gone: boolean;
  /** Milliseconds that the receiver asked to wait (Retry-After), or `null`. */
  readonly retry_after_ms: number | null;
  readonly duration_ms: number;
}

export const MAX_ATTEMPTS = 8;
export const MAX_AGE_MS = 86_400_000;
/** What is to be told within this long goes out as one notification. */
export const GROUP_MS = 30_000;
/** Alerts of one notification. */
export const MAX_GROUPED = 100;
export const RETRY_POLICY: BackoffPolicy = {
  first_ms: 5_000,
  factor: 3,
  cap_ms: 3_600_000,
  jitter: 0.1,
};

/** The delivery after an attempt that failed: tried again later, or dead. `fraction` is uniform in [0, 1). */
export function afterFailure(
  delivery: Delivery,
  outcome: AttemptOutcome,
  nowMs: number,
  fraction: number,
): Delivery {
  const attempts = delivery.attempts + 1;
  const last_error = outcome.error ?? 'It was not delivered.';
  const asked = Math.min(outcome.retry_after_ms ?? 0, RETRY_POLICY.cap_ms);
  const next_ms = nowMs + Math.max(asked, backoffDelayMs(RETRY_POLICY, attempts - 1, fraction));
  const isOver = attempts >= MAX_ATTEMPTS || next_ms - delivery.tried_from_ms >= MAX_AGE_MS;
  const tried = { ...delivery, attempts, last_error };
  return outcome.gone || isOver ? { ...tried, state: 'dead' } : { ...tried, next_ms };
}

/** A dead delivery that is to be sent once more. */
export function revived(delivery: Delivery, nowMs: number): Delivery {
  return { ...delivery, state: 'pending', attempts: 0, tried_from_ms: nowMs, next_ms: nowMs };
}

export function isOpenGroup(delivery: Delivery, nowMs: number): boolean {
  const { state, attempts, next_ms, tried_from_ms, created_ms, alerts } = delivery;
  const isFirst = state === 'pending' && attempts === 0 && tried_from_ms === created_ms;
  return isFirst && nowMs < next_ms && alerts.length < MAX_GROUPED;
}
