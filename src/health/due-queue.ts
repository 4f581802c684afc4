/** A key and when it is due. */
export interface Due {
  readonly key: string;
  /** Monotonic milliseconds. */
  readonly dueMs: number;
}

export const JITTER = 0.1;

/**
 * Which keys are due, in order of time: a binary heap, pure. Invariant: a key is waiting or taken, never both, so nothing
 * overlaps itself. `fraction` is uniform in [0, 1).
 */
export class DueQueue {
  private readonly heap: Due[] = [];
  /** The entry that counts, older ones of the key are dropped as they come up; `null` while the key is taken. */
  private readonly entries = new Map<string, Due | null>();

  /** First due after a random delay in [0, interval], so that services of one start spread out. A known key stays. */
  add(key: string, intervalMs: number, nowMs: number, fraction: number): void {
    if (!this.entries.has(key)) this.push(key, nowMs + intervalMs * fraction);
  }

  has(key: string): boolean {
    return this.entries.has(key);
  }

  get size(): number {
    return this.entries.size;
  }

  /** Takes the keys that are due, the longest due first, at most `most`. */
  take(nowMs: number, most: number): Due[] {
    const taken: Due[] = [];
    while (taken.length < most) {
      const [top] = this.heap;
      if (top === undefined || top.dueMs > nowMs) break;
      this.pop();
      if (this.entries.get(top.key) !== top) continue;
      this.entries.set(top.key, null);
      taken.push(top);
    }
    return taken;
  }

  /** Makes a waiting key due at `nowMs`, if that is earlier. Answers `false` for one that is taken or unknown. */
  hasten(key: string, nowMs: number): boolean {
    const entry = this.entries.get(key);
    if (entry === null || entry === undefined) return false;
    if (entry.dueMs > nowMs) this.push(key, nowMs);
    return true;
  }

  /** Puts a taken key back: due after the interval, ±10 %. One that was removed meanwhile stays away. */
  done(key: string, intervalMs: number, nowMs: number, fraction: number): void {
    if (this.entries.get(key) !== null) return;
    this.push(key, nowMs + intervalMs * (1 + JITTER * (2 * fraction - 1)));
  }

  /** Forgets it, waiting or taken. */
  remove(key: string): void {
    this.entries.delete(key);
    // Entries without a key are dropped as they come up; many of them at once are dropped here.
    if (this.heap.length > 64 && this.heap.length > 2 * this.entries.size) this.rebuild();
  }

  private push(key: string, dueMs: number): void {
    const entry = { key, dueMs };
    this.entries.set(key, entry);
    this.heap.push(entry);
    this.rise(this.heap.length - 1);
  }

  private pop(): void {
    const last = this.heap.pop();
    if (last === undefined || this.heap.length === 0) return;
    this.heap[0] = last;
    this.sink(0);
  }

  private rebuild(): void {
    const live = this.heap.filter((entry) => this.entries.get(entry.key) === entry);
    live.sort((left, right) => left.dueMs - right.dueMs);
    this.heap.splice(0, this.heap.length, ...live);
  }

  private rise(from: number): void {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (this.dueAt(above) <= this.dueAt(at)) return;
      this.swap(at, above);
      at = above;
    }
  }

  private sink(from: number): void {
    let at = from;
    for (;;) {
      const left = 2 * at + 1;
      const least = this.dueAt(left + 1) < this.dueAt(left) ? left + 1 : left;
      if (this.dueAt(at) <= this.dueAt(least)) return;
      this.swap(at, least);
      at = least;
    }
  }

  private dueAt(at: number): number {
    return this.heap[at]?.dueMs ?? Infinity;
  }

  private swap(left: number, right: number): void {
    const [first, second] = [this.heap[left], this.heap[right]];
    if (first === undefined || second === undefined) return;
    this.heap[left] = second;
    this.heap[right] = first;
  }
}
