import type { CancelTimer, Clock } from '../kernel/clock.js';
import type { EventStream, StreamPulse } from './event-stream.js';
import { Slots } from '../kernel/slots.js';

const BEAT_MS = 250;
const SWITCH_AFTER_MS = 1_500;
const KEEP_ALIVE_MS = 15_000;

/** A call that nothing has been written for yet. */
export interface WaitingCall {
  readonly startedMs: number;
  /** Drops itself and goes over to a stream, so that neither proxies nor the client take the silence for a lost connection. */
  becomeStream(): void;
}

/**
 * The one coarse timer of the data plane: slow calls become streams after 1.5 s, quiet streams get a comment every 15 s.
 * Why not a timer per call: two timer operations would cost more than the rest of the accounting. Runs only while
 * something waits.
 */
export class Pulse implements StreamPulse {
  private readonly waiting = new Slots<WaitingCall>();
  private readonly streams = new Slots<EventStream>();
  private cancelTimer: CancelTimer | null = null;

  constructor(private readonly clock: Clock) {}

  nowMs(): number {
    return this.clock.monotonicMs();
  }

  /** Answers the slot to drop it by, once. */
  addWaiting(call: WaitingCall): number {
    if (this.cancelTimer === null) this.arm();
    return this.waiting.add(call);
  }

  dropWaiting(slot: number): void {
    this.waiting.remove(slot);
  }

  /** Answers the slot to drop it by, once. */
  addStream(stream: EventStream): number {
    if (this.cancelTimer === null) this.arm();
    return this.streams.add(stream);
  }

  dropStream(slot: number): void {
    this.streams.remove(slot);
  }

  /** Ends the timer; for shutdown. */
  stop(): void {
    this.cancelTimer?.();
    this.cancelTimer = null;
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
    this.waiting.forEach((call) => {
      if (now - call.startedMs >= SWITCH_AFTER_MS) call.becomeStream();
    });
    this.streams.forEach((stream) => {
      if (now - stream.lastWriteMs >= KEEP_ALIVE_MS) stream.keepAlive();
    });
  }
}
