// HOT PATH
import type { Clock } from '../kernel/clock.js';

/** What is going on at one upstream, counted for drain and idle stop. */
export class Activity {
  inFlight = 0;
  listeners = 0;
  lastUsedMs: number;

  constructor(private readonly clock: Clock) {
    this.lastUsedMs = clock.monotonicMs();
  }

  /** Answers the monotonic time, so that a deadline needs no second look at the clock. */
  callStarted(): number {
    this.inFlight += 1;
    this.lastUsedMs = this.clock.monotonicMs();
    return this.lastUsedMs;
  }

  callEnded(): void {
    this.inFlight -= 1;
    this.lastUsedMs = this.clock.monotonicMs();
  }
}
