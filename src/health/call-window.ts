import { LatencyHistogram } from '../kernel/latency-histogram.js';

/** One call as far as performance goes. */
export interface CallSample {
  readonly failed: boolean;
  readonly duration_ms: number;
}

/** What the calls of the last minute came to. */
export interface WindowSummary {
  readonly calls: number;
  readonly errors: number;
  /** Upper bound of a bucket: at most 9 % above the true value; `null` without calls. */
  readonly p95_ms: number | null;
}

export const WINDOW_MS = 60_000;
const SLICES = 12;
const SLICE_MS = WINDOW_MS / SLICES;
const P95 = 0.95;

interface Slice {
  /** Number of the slice since the beginning of the clock; a slot of the ring is used anew for a later one. */
  number: number;
  calls: number;
  errors: number;
  readonly histogram: LatencyHistogram;
}

/** The calls of the last minute in a ring of slices of 5 s. Pure: bounded memory, and no call is kept by itself. */
export class CallWindow {
  private readonly slices: Slice[] = [];

  /** Times are monotonic milliseconds. */
  record({ failed, duration_ms }: CallSample, nowMs: number): void {
    const slice = this.sliceAt(Math.floor(nowMs / SLICE_MS));
    slice.calls += 1;
    if (failed) slice.errors += 1;
    slice.histogram.add(duration_ms);
  }

  summary(nowMs: number): WindowSummary {
    const current = Math.floor(nowMs / SLICE_MS);
    const all = new LatencyHistogram();
    let calls = 0;
    let errors = 0;
    for (const slice of this.slices) {
      if (slice.number <= current - SLICES || slice.number > current) continue;
      calls += slice.calls;
      errors += slice.errors;
      all.merge(slice.histogram);
    }
    return { calls, errors, p95_ms: all.quantile(P95) };
  }

  private sliceAt(number: number): Slice {
    const slot = number % SLICES;
    const present = this.slices.find((slice) => slice.number % SLICES === slot);
    if (present === undefined) {
      const made = { number, calls: 0, errors: 0, histogram: new LatencyHistogram() };
      this.slices.push(made);
      return made;
    }
    if (present.number !== number) {
      present.number = number;
      present.calls = present.errors = 0;
      present.histogram.clear();
    }
    return present;
  }
}
