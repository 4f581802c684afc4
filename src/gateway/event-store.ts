import type { ReplayBudget, ReplayHolder } from './replay-budget.js';

/** An event that a client may ask for again. */
export interface StoredEvent {
  readonly seq: number;
  /** 0 is the standing stream; each call that was answered by a stream has its own number. */
  readonly stream: number;
  readonly message: Buffer;
  /** Set where the message still carries another id: a large one is not copied to replace it. */
  readonly splice: IdSplice | null;
}

/** `message[idStart, idEnd)` is to be replaced by `id`. */
export interface IdSplice {
  readonly idStart: number;
  readonly idEnd: number;
  readonly id: Buffer;
}

/** A longer message is kept with the memory it lies in, which is then mostly its own. */
const COPY_LIMIT = 1_048_576;

const MAX_EVENTS = 256;
const MAX_BYTES = 1_048_576;

/**
 * The last events of one session, for `Last-Event-ID` (2025-11-25, Streamable HTTP, resumability). Bounded by count and
 * bytes, and by what all sessions may hold; the newest event is kept by its own bounds, so that an answer larger than
 * them survives a cut.
 */
export class EventStore implements ReplayHolder {
  private events: StoredEvent[] = [];
  private bytes = 0;
  private lastSeq = 0;
  private usedMs = 0;

  constructor(
    private readonly budget: ReplayBudget,
    private readonly maxEvents = MAX_EVENTS,
    private readonly maxBytes = MAX_BYTES,
  ) {}

  get heldBytes(): number {
    return this.bytes;
  }

  get newestMs(): number {
    return this.usedMs;
  }

  /** Answers the event's number. `message` is kept; a small part of a large buffer is copied out of it. */
  append(stream: number, message: Buffer, nowMs: number, splice: IdSplice | null = null): number {
    const isPart = message.length < COPY_LIMIT && message.buffer.byteLength > message.length * 1.1;
    const kept = isPart ? Buffer.from(message) : message;
    const before = this.bytes;
    this.lastSeq += 1;
    this.events.push({ seq: this.lastSeq, stream, message: kept, splice });
    this.bytes += kept.length;
    this.usedMs = nowMs;
    while (
      this.events.length > 1 &&
      (this.events.length > this.maxEvents || this.bytes > this.maxBytes)
    ) {
      this.bytes -= this.events.shift()?.message.length ?? 0;
    }
    this.budget.changed(this, this.bytes - before, nowMs);
    return this.lastSeq;
  }

  /** Forgets the events; numbers go on. */
  drop(): void {
    const freed = this.bytes;
    this.events = [];
    this.bytes = 0;
    this.budget.changed(this, -freed, this.usedMs);
  }

  /** A number of its own for an event without content, which needs no replay. */
  prime(): number {
    this.lastSeq += 1;
    return this.lastSeq;
  }

  /** The kept events of `stream` after `seq`, oldest first. */
  after(stream: number, seq: number): StoredEvent[] {
    return this.events.filter((event) => event.stream === stream && event.seq > seq);
  }
}

/** Where a `Last-Event-ID` of ours points. */
export interface EventPosition {
  readonly stream: number;
  readonly seq: number;
}

const EVENT_ID = /^sy([a-z0-9]{1,16})-(\d{1,9})-(\d{1,12})$/;

/** `epoch` tells a session's life in this process from one before a restart, whose numbers mean nothing now. */
export function eventId(epoch: string, stream: number, seq: number): string {
  return `sy${epoch}-${stream}-${seq}`;
}

/** `null` when the id is not ours, or of another life. */
export function readEventId(epoch: string, text: string): EventPosition | null {
  const [, of, stream, seq] = EVENT_ID.exec(text) ?? [];
  return of === epoch ? { stream: Number(stream), seq: Number(seq) } : null;
}

/** Whether the id is one that this gateway gives, in whatever life. */
export function isOwnEventId(text: string): boolean {
  return EVENT_ID.test(text);
}
