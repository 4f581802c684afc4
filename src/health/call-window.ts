/** One call as far as performance goes. */
export interface CallSample {
  readonly failed: boolean;
  readonly duration_ms: number;
}

/** What the calls of the last minute came to. */
export interface WindowSummary {
  readonly calls: number;
  readonly errors: number;
  /** Upper bound of a bucket: at most 19 % above the true value; `null` without calls. */
  readonly p95_ms: number | null;
}

export const WINDOW_MS = 60_000;
const SLICES = 12;
const SLICE_MS = WINDOW_MS / SLICES;
const STEPS_PER_DOUBLING = 4;
/** Up to 2^21 ms, half an hour; what takes longer counts as that. */
const STEPS = 84;
const P95 = 0.95;

interface Slice {
  /** Number of the slice since the beginning of the clock; a slot of the ring is used anew for a later one. */
  number: number;
  calls: number;
  errors: number;
  readonly histogram: Uint32Array;
}

/** The calls of the last minute in a ring of slices of 5 s. Pure: fixed memory, and no call is kept by itself. */
export class CallWindow {
  private readonly slices: Slice[] = [];

  /** Times are monotonic milliseconds. */
  record({ failed, duration_ms }: CallSample, nowMs: number): void {
    const slice = this.sliceAt(Math.floor(nowMs / SLICE_MS));
    slice.calls += 1;
    if (failed) slice.errors += 1;
    const step = Math.ceil(Math.log2(Math.max(1, duration_ms)) * STEPS_PER_DOUBLING);
    const at = Math.min(STEPS - 1, step);
    slice.histogram[at] = (slice.histogram[at] ?? 0) + 1;
  }

  summary(nowMs: number): WindowSummary {
    const current = Math.floor(nowMs / SLICE_MS);
    const live = this.slices.filter(({ number }) => number > current - SLICES && number <= current);
    const calls = live.reduce((sum, slice) => sum + slice.calls, 0);
    const errors = live.reduce((sum, slice) => sum + slice.errors, 0);
    return { calls, errors, p95_ms: calls === 0 ? null : percentile(live, calls) };
  }

  private sliceAt(number: number): Slice {
    const slot = number % SLICES;
    const present = this.slices.find((slice) => slice.number % SLICES === slot);
    if (present === undefined) {
      const made = { number, calls: 0, errors: 0, histogram: new Uint32Array(STEPS) };
      this.slices.push(made);
      return made;
    }
    if (present.number !== number) {
      present.number = number;
      present.calls = present.errors = 0;
      present.histogram.fill(0);
    }
    return present;
  }
}

function percentile(slices: readonly Slice[], calls: number): number {
  const rank = Math.ceil(calls * P95);
  let seen = 0;
  for (let step = 0; step < STEPS; step += 1) {
    for (const { histogram } of slices) seen += histogram[step] ?? 0;
    if (seen >= rank) return Math.round(2 ** (step / STEPS_PER_DOUBLING) * 10) / 10;
  }
  return 2 ** ((STEPS - 1) / STEPS_PER_DOUBLING);
}
