/** How long a write waits for its effect: RFC 7240 `Prefer: wait=<seconds>` and `respond-async`. */
export interface WaitPreference {
  readonly wait_ms: number;
  /** For `Preference-Applied`; `null` when the client preferred nothing that we know. */
  readonly applied: string | null;
}

export const DEFAULT_WAIT_MS = 30_000;
export const MAX_WAIT_MS = 300_000;

const WAIT = /^wait\s*=\s*"?(\d{1,9})"?$/;

/**
 * Reads a `Prefer` header. The first `wait` counts (RFC 7240, section 2) and is cut to 300 s, `respond-async` without a
 * `wait` is `wait=0`, and what is unknown or malformed is ignored, as the RFC demands.
 */
export function readPrefer(header: string | readonly string[] | undefined): WaitPreference {
  const text = typeof header === 'string' ? header : (header ?? []).join(',');
  const preferences = text
    .split(',')
    .map((part) => (part.split(';')[0] ?? '').trim().toLowerCase());
  for (const preference of preferences) {
    const seconds = WAIT.exec(preference)?.[1];
    if (seconds === undefined) continue;
    const wait_ms = Math.min(Number(seconds) * 1000, MAX_WAIT_MS);
    return { wait_ms, applied: `wait=${String(wait_ms / 1000)}` };
  }
  if (preferences.includes('respond-async')) return { wait_ms: 0, applied: 'respond-async' };
  return { wait_ms: DEFAULT_WAIT_MS, applied: null };
}
