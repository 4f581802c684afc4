import { Clock, type CancelTimer } from '../../src/kernel/clock.js';

/** A clock that moves when told to, at once: nothing is awaited between two timers, so that many runs cost little. */
export class StepClock extends Clock {
  private elapsedMs = 0;
  private timers: { due: number; callback: () => void }[] = [];

  override now(): number {
    return this.elapsedMs;
  }

  override monotonicMs(): number {
    return this.elapsedMs;
  }

  override schedule(delayMs: number, callback: () => void): CancelTimer {
    const timer = { due: this.elapsedMs + delayMs, callback };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  pass(ms: number): void {
    const until = this.elapsedMs + ms;
    for (;;) {
      const next = this.timers.reduce<{ due: number; callback: () => void } | null>(
        (first, timer) =>
          timer.due <= until && timer.due < (first?.due ?? Infinity) ? timer : first,
        null,
      );
      if (next === null) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      this.elapsedMs = Math.max(this.elapsedMs, next.due);
      next.callback();
    }
    this.elapsedMs = until;
  }
}
