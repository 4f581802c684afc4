import type { CancelTimer, Clock } from '../kernel/clock.js';
import type { EventStream, StreamPulse } from './event-stream.js';
import { Slots } from '../kernel/slots.js';

const BEAT_MS = 50;
const SWITCH_AFTER_MS = 200;
const STREAM_BEAT_MS = 1_000;
const KEEP_ALIVE_MS = 15_000;

/** A call that nothing has been written for yet. */
export interface WaitingCall {
  readonly startedMs: number;
  /** Drops itself and goes over to a stream, so that neither proxies nor the client take the silence for a lost connection. */
  becomeStream(): void;
}

/**
 * The two coarse timers of the data plane: a call that is not answered within 200 ms (and at most 50 ms more) becomes a
 * stream, which a client can resume when its connection breaks; quiet streams get a comment every 15 s. Why not a timer
 * per call: two timer operations would cost more than the rest of the accounting. Each runs only while something waits.
 */
export class Pulse implements StreamPulse {
  private readonly waiting = new Slots<WaitingCall>();
  private readonly streams = new Slots<EventStream>();
  private cancelBeat: CancelTimer | null = null;
  private cancelStreamBeat: CancelTimer | null = null;

  constructor(private readonly clock: Clock) {}

  nowMs(): number {
    return this.clock.monotonicMs();
  }

  /** Answers the slot to drop it by, once. */
  addWaiting(call: WaitingCall): number {
    this.cancelBeat ??= this.clock.schedule(BEAT_MS, this.beat);
    return this.waiting.add(call);
  }

  dropWaiting(slot: number): void {
    this.waiting.remove(slot);
  }

  /** Answers the slot to drop it by, once. */
  addStream(stream: EventStream): number {
    this.cancelStreamBeat ??= this.clock.schedule(STREAM_BEAT_MS, this.beatStreams);
    return this.streams.add(stream);
  }

  dropStream(slot: number): void {
    this.streams.remove(slot);
  }

  /** Ends the timers; for shutdown. */
  stop(): void {
    this.cancelBeat?.();
    this.cancelStreamBeat?.();
    this.cancelBeat = this.cancelStreamBeat = null;
  }

  private readonly beat = (): void => {
    this.cancelBeat = null;
    const now = this.clock.monotonicMs();
    this.waiting.forEach((call) => {
      if (now - call.startedMs >= SWITCH_AFTER_MS) call.becomeStream();
    });
    if (this.waiting.size > 0) this.cancelBeat = this.clock.schedule(BEAT_MS, this.beat);
  };

  private readonly beatStreams = (): void => {
    this.cancelStreamBeat = null;
    const now = this.clock.monotonicMs();
    this.streams.forEach((stream) => {
      if (now - stream.lastWriteMs >= KEEP_ALIVE_MS) stream.keepAlive();
    });
    if (this.streams.size === 0) return;
    this.cancelStreamBeat = this.clock.schedule(STREAM_BEAT_MS, this.beatStreams);
  };
}
