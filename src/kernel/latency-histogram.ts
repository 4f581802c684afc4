/** Buckets per doubling: a quantile is at most 2^(1/8) - 1 = 9.1 % above the true value, and never below it. */
const STEPS_PER_DOUBLING = 8;
/** What is shorter counts as this. Milliseconds. */
const SHORTEST_MS = 0.1;
/** 0.1 ms x 2^26 = 1.9 h; what is longer counts as that. */
const STEPS = 26 * STEPS_PER_DOUBLING + 1;
/** The counts grow by whole lots, so that a few neighbouring durations cost one array. */
const LOT = 8;
const NOTHING = new Uint32Array(0);

/**
 * How long things took, counted in buckets that grow by the same factor. Pure; holds counts for the range of buckets that
 * was met only: 32 bytes per doubling or part of one, at most 0.9 KB.
 */
export class LatencyHistogram {
  private counts = NOTHING;
  /** Bucket of `counts[0]`. */
  private first = 0;
  private sum = 0;

  get total(): number {
    return this.sum;
  }

  add(durationMs: number): void {
    this.count(stepOf(durationMs), 1);
  }

  merge(other: LatencyHistogram): void {
    for (let at = 0; at < other.counts.length; at += 1) {
      const count = other.counts[at] ?? 0;
      if (count > 0) this.count(other.first + at, count);
    }
  }

  /**
   * The duration that `fraction` of all did not exceed (nearest rank): the upper bound of its bucket, in milliseconds;
   * `null` of nothing.
   */
  quantile(fraction: number): number | null {
    if (this.sum === 0) return null;
    const rank = Math.max(1, Math.ceil(this.sum * fraction));
    let seen = 0;
    let at = 0;
    while (at < this.counts.length - 1) {
      seen += this.counts[at] ?? 0;
      if (seen >= rank) break;
      at += 1;
    }
    return rounded(SHORTEST_MS * 2 ** ((this.first + at) / STEPS_PER_DOUBLING));
  }

  /** Forgets everything; what memory it has is kept for the next time. */
  clear(): void {
    this.counts.fill(0);
    this.sum = 0;
  }

  private count(step: number, by: number): void {
    if (step < this.first || step >= this.first + this.counts.length) this.makeRoom(step);
    const at = step - this.first;
    this.counts[at] = (this.counts[at] ?? 0) + by;
    this.sum += by;
  }

  private makeRoom(step: number): void {
    const isEmpty = this.counts.length === 0;
    const from = isEmpty ? step : Math.min(this.first, step);
    const to = isEmpty ? step : Math.max(this.first + this.counts.length - 1, step);
    const first = from - (from % LOT);
    const wider = new Uint32Array(to - (to % LOT) + LOT - first);
    wider.set(this.counts, isEmpty ? 0 : this.first - first);
    this.counts = wider;
    this.first = first;
  }
}

/** The first bucket whose upper bound is not below the duration. */
function stepOf(durationMs: number): number {
  const times = durationMs / SHORTEST_MS;
  // Not a number, too: then it is counted, as the shortest.
  if (!(times > 1)) return 0;
  return Math.min(STEPS - 1, Math.ceil(Math.log2(times) * STEPS_PER_DOUBLING));
}

/** Upwards, so that it stays an upper bound: to hundredths below 10 ms, to tenths above. */
function rounded(ms: number): number {
  const places = ms < 10 ? 100 : 10;
  return Math.ceil(ms * places) / places;
}
