import { backoffDelayMs } from '../kernel/backoff.js';
import type { UpstreamErrorCode } from '../upstream/upstream.errors.js';

/** `runtime.restart` of a service. Times are milliseconds. */
export interface RestartPolicy {
  readonly first_ms: number;
  readonly factor: number;
  readonly cap_ms: number;
  readonly reset_after_ms: number;
  readonly crash_loop_after: number;
  readonly window_ms: number;
}

/** What is remembered of the failures of one service. Times are monotonic milliseconds. */
export interface RestartHistory {
  /** Failures within the window, oldest first. */
  readonly crashes: readonly number[];
  /** Failures in a row, none of them `reset_after_ms` apart. */
  readonly consecutive: number;
  /** No start is tried before this moment. */
  readonly startAtMs: number;
  /** More than `crash_loop_after` failures came within the window; only a proof ends it. */
  readonly looping: boolean;
  /** Failures ever, for the reader. */
  readonly total: number;
  /** Tries in a row that did not reach a remote upstream; no crashes, and counted apart from them. */
  readonly unreached: number;
}

export const NO_CRASHES: RestartHistory = {
  crashes: [],
  consecutive: 0,
  startAtMs: 0,
  looping: false,
  total: 0,
  unreached: 0,
};

/** ±20 %, so that services that fell together do not come back together. */
const JITTER = 0.2;
const REMEMBERED = 64;

/**
 * Longest between two tries to reach a remote upstream, jitter included, in milliseconds; `restart.cap_ms` where that is
 * less. Why not `cap_ms` alone: such a try costs one connection, and each second of it is one in which a server that is
 * back is not used.
 */
export const UNREACHED_CAP_MS = 15_000;

/**
 * What is met while a remote server is away, its own or that of a proxy in front of it. `http-status` as a whole: during a
 * deployment proxies answer 404 as often as 503. `tls-failed`: a certificate is renewed while we try. `not-mcp`, `not-json`,
 * `redirected`: a proxy shows its page of maintenance with 200, or sends everybody elsewhere.
 */
const AWAY: ReadonlySet<UpstreamErrorCode> = new Set([
  'connect-refused',
  'connect-timeout',
  'dns-failed',
  'disconnected',
  'handshake-timeout',
  'http-status',
  'not-json',
  'not-mcp',
  'redirected',
  'start-timeout',
  'tls-failed',
]);

/**
 * The history after one more failure. The first of a row is restarted at once, so that a session notices nothing; then the
 * delay grows from `first_ms` by `factor` to `cap_ms`; in a crash loop it is the cap. `fraction` is uniform in [0, 1).
 */
export function recordCrash(
  history: RestartHistory,
  policy: RestartPolicy,
  nowMs: number,
  fraction: number,
): RestartHistory {
  const last = history.crashes.at(-1);
  const inRow = last !== undefined && nowMs - last < policy.reset_after_ms;
  const consecutive = inRow || history.looping ? history.consecutive + 1 : 1;
  const recent = history.crashes.filter((at) => nowMs - at < policy.window_ms);
  const crashes = [...recent, nowMs].slice(-Math.max(REMEMBERED, policy.crash_loop_after + 1));
  const looping = history.looping || crashes.length > policy.crash_loop_after;
  const backoff = { ...policy, jitter: JITTER };
  const delayMs = looping
    ? backoffDelayMs({ ...backoff, first_ms: policy.cap_ms }, 0, fraction)
    : consecutive === 1
      ? 0
      : backoffDelayMs(backoff, consecutive - 2, fraction);
  const total = history.total + 1;
  return { crashes, consecutive, startAtMs: nowMs + delayMs, looping, total, unreached: 0 };
}

/** The history after one more try that did not reach a remote upstream (`isAway`): tried again soon, and never a loop. */
export function recordUnreached(
  history: RestartHistory,
  policy: RestartPolicy,
  nowMs: number,
  fraction: number,
): RestartHistory {
  const longestMs = Math.min(UNREACHED_CAP_MS, policy.cap_ms) / (1 + JITTER);
  const backoff = { ...policy, cap_ms: longestMs, jitter: JITTER };
  const startAtMs = nowMs + backoffDelayMs(backoff, history.unreached, fraction);
  return { ...history, startAtMs, unreached: history.unreached + 1, total: history.total + 1 };
}

/** After a proof: tried at once again. The failures stay counted, so that a relapse is seen as one. */
export function recordRecovery(history: RestartHistory): RestartHistory {
  if (!history.looping && history.startAtMs === 0 && history.unreached === 0) return history;
  return { ...history, looping: false, startAtMs: 0, unreached: 0 };
}

/** Repeating a start with refused credentials locks accounts and never helps: such a failure waits for an operator. */
export function mayRestart(code: UpstreamErrorCode): boolean {
  return code !== 'unauthorized';
}

/** Whether the error only says that a server somewhere else is away. A process of ours that is away has crashed. */
export function isAway(code: UpstreamErrorCode, isRemote: boolean): boolean {
  return isRemote && AWAY.has(code);
}

/** Whether the error says something about the upstream; our own refusals do not count as its failures. */
export function countsAsCrash(code: UpstreamErrorCode): boolean {
  return !['capacity', 'retired', 'stopped', 'aborted', 'crash-loop'].includes(code);
}
