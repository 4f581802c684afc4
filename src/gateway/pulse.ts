import type { CancelTimer, Clock } from '../kernel/clock.js';
import type { EventStream, StreamPulse } from './event-stream.js';

const BEAT_MS = 250;
const SWITCH_AFTER_MS = 1_500;
const KEEP_ALIVE_MS = 15_000;

/** A call that nothing has been written for yet. */
export interface WaitingCall {
  readonly startedMs: number;
  /** Goes over to a stream, so that neither proxies nor the client take the silence for a lost connection. */
  becomeStream(): void;
}

/**
 * The one coarse timer of the data plane: slow calls become streams after 1.5 s, quiet streams get a comment every 15 s.
 * Why not a timer per call: two timer operations would cost more than the rest of the accounting. Runs only while
 * something waits.
 */
export class Pulse implements StreamPulse {
  /** In the order of their start, which makes the scan stop at the first young one. */
  private readonly waiting = new Set<WaitingCall>();
  private readonly streams = new Set<EventStream>();
  private cancelTimer: CancelTimer | null = null;

  constructor(private readonly clock: Clock) {}

  nowMs(): number {
    return this.clock.monotonicMs();
  }

  addWaiting(call: WaitingCall): void {
    this.waiting.add(call);
    if (this.cancelTimer === null) this.arm();
  }

  dropWaiting(call: WaitingCall): void {
    this.waiting.delete(call);
  }

  addStream(stream: EventStream): void {
    this.streams.add(stream);
    if (this.cancelTimer === null) this.arm();
  }

  dropStream(stream: EventStream): void {
    this.streams.delete(stream);
  }

  /** Ends the timer; for shutdown. */
  stop(): void {
    this.cancelTimer?.();
    this.cancelTimer = null;
    this.waiting.clear();
    this.streams.clear();
  }

  private arm(): void {
    this.cancelTimer = this.clock.schedule(BEAT_MS, () => {
      this.cancelTimer = null;
      this.beat();
      if (this.waiting.size > 0 || this.streams.size > 0) this.arm();
    });
  }

  private beat(): void {
    const now = this.clock.monotonicMs();
    for (const call of this.waiting) {
      if (now - call.startedMs < SWITCH_AFTER_MS) break;
      this.waiting.delete(call);
      call.becomeStream();
    }
    for (const stream of this.streams) {
      if (now - stream.lastWriteMs >= KEEP_ALIVE_MS) stream.keepAlive();
    }
  }
}
