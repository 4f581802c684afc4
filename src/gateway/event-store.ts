/** An event that a client may ask for again. */
export interface StoredEvent {
  readonly seq: number;
  /** 0 is the standing stream; each call that was answered by a stream has its own number. */
  readonly stream: number;
  readonly message: Buffer;
}

const MAX_EVENTS = 256;
const MAX_BYTES = 1_048_576;

/**
 * The last events of one session, for `Last-Event-ID` (2025-11-25, Streamable HTTP, resumability). Bounded by count and
 * bytes; the newest event is always kept, so that an answer larger than the bound survives a cut.
 */
export class EventStore {
  private readonly events: StoredEvent[] = [];
  private bytes = 0;
  private lastSeq = 0;

  constructor(
    private readonly maxEvents = MAX_EVENTS,
    private readonly maxBytes = MAX_BYTES,
  ) {}

  /** Answers the event's number. `message` is kept; a small part of a large buffer is copied out of it. */
  append(stream: number, message: Buffer): number {
    const kept = message.buffer.byteLength > message.length * 2 ? Buffer.from(message) : message;
    this.lastSeq += 1;
    this.events.push({ seq: this.lastSeq, stream, message: kept });
    this.bytes += kept.length;
    while (
      this.events.length > 1 &&
      (this.events.length > this.maxEvents || this.bytes > this.maxBytes)
    ) {
      this.bytes -= this.events.shift()?.message.length ?? 0;
    }
    return this.lastSeq;
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
