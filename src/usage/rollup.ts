import { LatencyHistogram } from '../kernel/latency-histogram.js';

/** One finished call, as the channel of the hot path tells it. */
export interface CallSample {
  readonly tool: string;
  readonly failed: boolean;
  readonly duration_ms: number;
}

/** What a number of calls came to. Percentiles are upper bounds of a bucket: at most 9 % above the true value. */
export interface UsageSummary {
  readonly calls: number;
  readonly errors: number;
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
  readonly p99_ms: number | null;
}

export interface UsageBucket extends UsageSummary {
  /** Start of the bucket, RFC 3339. */
  readonly at: string;
}

export interface ToolUsage extends UsageSummary {
  readonly tool: string;
  readonly buckets: readonly UsageBucket[];
}

/** Width of a time bucket. */
export const BUCKET_MS = 300_000;
/** Buckets kept: 24 hours. */
export const KEPT_BUCKETS = 288;
const MAX_TOOLS = 256;
const OTHER = '(other tools)';

class Tally {
  calls = 0;
  errors = 0;
  readonly histogram = new LatencyHistogram();

  add(failed: boolean, durationMs: number): void {
    this.calls += 1;
    if (failed) this.errors += 1;
    this.histogram.add(durationMs);
  }

  merge(other: Tally): void {
    this.calls += other.calls;
    this.errors += other.errors;
    this.histogram.merge(other.histogram);
  }

  summary(): UsageSummary {
    const { calls, errors } = this;
    return {
      calls,
      errors,
      p50_ms: this.histogram.quantile(0.5),
      p95_ms: this.histogram.quantile(0.95),
      p99_ms: this.histogram.quantile(0.99),
    };
  }
}

/** The calls of one service over the last 24 hours, by tool and time. In memory, bounded: a restart begins anew. */
export class UsageRollup {
  private readonly tools = new Map<string, Map<number, Tally>>();

  record(sample: CallSample, nowMs: number): void {
    const bucket = Math.floor(nowMs / BUCKET_MS);
    const tallies = this.talliesOf(sample.tool);
    let tally = tallies.get(bucket);
    if (tally === undefined) {
      tally = new Tally();
      tallies.set(bucket, tally);
      for (const old of tallies.keys()) if (old <= bucket - KEPT_BUCKETS) tallies.delete(old);
    }
    tally.add(sample.failed, sample.duration_ms);
  }

  /** Most used first. */
  report(nowMs: number): ToolUsage[] {
    const oldest = Math.floor(nowMs / BUCKET_MS) - KEPT_BUCKETS;
    const usages = [...this.tools].map(([tool, tallies]): ToolUsage => {
      const total = new Tally();
      const buckets: UsageBucket[] = [];
      for (const [bucket, tally] of tallies) {
        if (bucket <= oldest) continue;
        total.merge(tally);
        buckets.push({ at: new Date(bucket * BUCKET_MS).toISOString(), ...tally.summary() });
      }
      return { tool, ...total.summary(), buckets };
    });
    return usages.filter(({ calls }) => calls > 0).sort((one, other) => other.calls - one.calls);
  }

  private talliesOf(tool: string): Map<number, Tally> {
    const known = this.tools.get(tool);
    if (known !== undefined) return known;
    if (this.tools.size >= MAX_TOOLS && tool !== OTHER) return this.talliesOf(OTHER);
    const made = new Map<number, Tally>();
    this.tools.set(tool, made);
    return made;
  }
}
