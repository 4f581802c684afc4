// HOT PATH
import type { CancelTimer, Clock } from '../kernel/clock.js';

export interface Expiring {
  /** Monotonic. */
  deadlineMs: number;
  expire(): void;
}

/** How late an expiry may be. */
const SWEEP_MS = 100;

/**
 * Expires what is overdue in a collection, by one coarse timer that runs only while there is something in it. Why not a
 * timer per call: arming and clearing one costs more than the rest of a small call's bookkeeping.
 */
export class DeadlineSweep {
  private cancel: CancelTimer | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly entries: { readonly size: number; values(): Iterable<Expiring> },
  ) {}

  /** To be called after something was added. */
  arm(): void {
    this.cancel ??= this.clock.schedule(SWEEP_MS, this.tick);
  }

  private readonly tick = (): void => {
    this.cancel = null;
    const nowMs = this.clock.monotonicMs();
    for (const entry of this.entries.values()) if (entry.deadlineMs <= nowMs) entry.expire();
    if (this.entries.size > 0) this.arm();
  };
}
