export interface BackoffPolicy {
  readonly first_ms: number;
  readonly factor: number;
  readonly cap_ms: number;
  /** Fraction of the delay that is random, both ways: 0.2 is ±20 %. */
  readonly jitter: number;
}

/** Milliseconds to wait before try number `attempt` (0 is the first retry). `fraction` is uniform in [0, 1). */
export function backoffDelayMs(policy: BackoffPolicy, attempt: number, fraction: number): number {
  const plain = Math.min(policy.cap_ms, policy.first_ms * policy.factor ** Math.min(attempt, 64));
  return Math.round(plain * (1 + policy.jitter * (2 * fraction - 1)));
}
