/** What keeps events for a client that may come back for them. */
export interface ReplayHolder {
  readonly heldBytes: number;
  /** Monotonic milliseconds of its newest event. */
  readonly newestMs: number;
  /** Forgets every event; a client that asks for them goes on without. */
  drop(): void;
}

const MAX_BYTES = 64 * 1024 * 1024;
const KEEP_MS = 300_000;
const SWEEP_MS = 10_000;

/**
 * What all sessions together may hold for resumption. The bound of each alone would let a thousand clients that vanished
 * fill the memory. Past the sum, whole holders are dropped, the longest unused first; the one that just grew goes last.
 * Invariant: a holder is listed exactly while it holds bytes.
 */
export class ReplayBudget {
  private readonly holders = new Set<ReplayHolder>();
  private total = 0;
  private sweptMs = 0;

  constructor(
    private readonly maxBytes = MAX_BYTES,
    private readonly keepMs = KEEP_MS,
  ) {}

  get bytes(): number {
    return this.total;
  }

  /** `holder` now holds `change` bytes more (or less); called after its `heldBytes` changed. */
  changed(holder: ReplayHolder, change: number, nowMs: number): void {
    this.total += change;
    if (holder.heldBytes === 0) this.holders.delete(holder);
    else this.holders.add(holder);
    if (change > 0) this.makeRoom(holder, nowMs);
  }

  private makeRoom(grown: ReplayHolder, nowMs: number): void {
    if (nowMs - this.sweptMs >= SWEEP_MS) {
      this.sweptMs = nowMs;
      for (const holder of [...this.holders]) {
        if (nowMs - holder.newestMs > this.keepMs) holder.drop();
      }
    }
    if (this.total <= this.maxBytes) return;
    const oldestFirst = [...this.holders].sort((one, other) => one.newestMs - other.newestMs);
    for (const holder of oldestFirst) {
      if (this.total <= this.maxBytes) return;
      if (holder !== grown) holder.drop();
    }
  }
}
