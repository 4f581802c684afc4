// HOT PATH
import type { Clock } from '../kernel/clock.js';

interface Bucket {
  tokens: number;
  filledMs: number;
}

interface RateLimit {
  readonly requests: number;
  readonly window_ms: number;
}

const SWEEP_AT = 10_000;

/**
 * Token buckets by service and principal: `requests` at once, refilled evenly over `window_ms`. Keyed by the service and
 * not by the endpoint object, so that a table swap forgives nothing.
 */
export class RateWindows {
  private readonly services = new Map<string, Map<string, Bucket>>();

  constructor(private readonly clock: Clock) {}

  /** Takes one token. Answers 0, or the seconds until there is one again. */
  take(serviceId: string, principalId: string, limit: RateLimit): number {
    const now = this.clock.monotonicMs();
    const bucket = this.bucketOf(serviceId, principalId, limit, now);
    const perMs = limit.requests / limit.window_ms;
    bucket.tokens = Math.min(limit.requests, bucket.tokens + (now - bucket.filledMs) * perMs);
    bucket.filledMs = now;
    if (bucket.tokens < 1) return Math.max(1, Math.ceil((1 - bucket.tokens) / perMs / 1_000));
    bucket.tokens -= 1;
    return 0;
  }

  /** Forgets a removed service. */
  forget(serviceId: string): void {
    this.services.delete(serviceId);
  }

  private bucketOf(serviceId: string, principalId: string, limit: RateLimit, now: number): Bucket {
    let buckets = this.services.get(serviceId);
    if (buckets === undefined) {
      buckets = new Map();
      this.services.set(serviceId, buckets);
    }
    let bucket = buckets.get(principalId);
    if (bucket === undefined) {
      if (buckets.size >= SWEEP_AT) sweep(buckets, now - limit.window_ms);
      bucket = { tokens: limit.requests, filledMs: now };
      buckets.set(principalId, bucket);
    }
    return bucket;
  }
}

/** A bucket untouched for a whole window is full, as good as none. */
function sweep(buckets: Map<string, Bucket>, before: number): void {
  for (const [key, bucket] of buckets) if (bucket.filledMs < before) buckets.delete(key);
}
