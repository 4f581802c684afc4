import { Clock, type CancelTimer } from '../../src/kernel/clock.js';

/** A clock that moves only when told to. Timers fire in order of their due time. */
export class ManualClock extends Clock {
  private elapsedMs = 0;
  private readonly timers = new Set<{ due: number; callback: () => void }>();

  constructor(private readonly startedAt = Date.UTC(2026, 0, 1)) {
    super();
  }

  override now(): number {
    return this.startedAt + this.elapsedMs;
  }

  override monotonicMs(): number {
    return this.elapsedMs;
  }

  override schedule(delayMs: number, callback: () => void): CancelTimer {
    const timer = { due: this.elapsedMs + Math.max(0, delayMs), callback };
    this.timers.add(timer);
    return () => {
      this.timers.delete(timer);
    };
  }

  get pendingTimers(): number {
    return this.timers.size;
  }

  /** Moves time on, firing what falls due and letting promises settle after each timer. */
  async advance(byMs: number): Promise<void> {
    const until = this.elapsedMs + byMs;
    await settle();
    for (;;) {
      const next = [...this.timers]
        .filter((timer) => timer.due <= until)
        .sort((a, b) => a.due - b.due)[0];
      if (next === undefined) break;
      this.timers.delete(next);
      this.elapsedMs = Math.max(this.elapsedMs, next.due);
      next.callback();
      await settle();
    }
    this.elapsedMs = until;
    await settle();
  }
}

/** Lets everything that only waits for other promises run to its end. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
