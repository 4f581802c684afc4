// HOT PATH
import type { ServerResponse } from 'node:http';
import { sseComment, sseFrame } from '../protocol/sse.js';
import { isOneLine, sendStreamHead, writeSpliced } from './reply.js';
import { limitStall } from './stall.js';

/** A client that has not read this much is cut off; a single larger message still goes out whole. */
const MAX_UNREAD_BYTES = 4 * 1_048_576;
/** How long a client that lost its stream is told to wait before it comes back. */
const RESUME_AFTER_MS = 1_000;
const COPY_LIMIT = 16_384;
const FRAME_END = Buffer.from('\n\n');
const KEEP_ALIVE = sseComment('keep-alive');

export interface StreamOwner {
  /** The client is gone, or was cut off because it did not read. Called at most once, not after `end`. */
  streamGone(stream: EventStream): void;
}

/** One event stream to a client. Owned by a call or a session; bounded by what the client leaves unread. */
export class EventStream {
  lastWriteMs: number;
  private live = true;
  private readonly pulseSlot: number;

  constructor(
    private readonly response: ServerResponse,
    requestId: string,
    private readonly owner: StreamOwner,
    private readonly pulse: StreamPulse,
  ) {
    this.lastWriteMs = pulse.nowMs();
    sendStreamHead(response, requestId);
    response.on('close', () => {
      this.lose();
    });
    this.pulseSlot = pulse.addStream(this);
  }

  get open(): boolean {
    return this.live;
  }

  /** One message. `false` when the client is gone. */
  send(message: Buffer, eventId?: string): boolean {
    return this.write(sseFrame(message, eventId));
  }

  sendEvent(event: string, text: string): boolean {
    return this.write(sseFrame(Buffer.from(text), undefined, event));
  }

  /** Tells the position of the stream before anything happened on it, and when to resume it (2025-11-25, `retry`). */
  prime(eventId: string): boolean {
    return this.write(Buffer.from(`id: ${eventId}\nretry: ${RESUME_AFTER_MS}\ndata: \n\n`));
  }

  /** A reply whose id is replaced in bytes; large ones are not copied. */
  sendSpliced(
    message: Buffer,
    idStart: number,
    idEnd: number,
    id: Buffer,
    eventId?: string,
  ): boolean {
    if (!this.writable()) return false;
    if (message.length < COPY_LIMIT || !isOneLine(message)) {
      return this.send(spliced(message, idStart, idEnd, id), eventId);
    }
    const head = `${eventId === undefined ? '' : `id: ${eventId}\n`}event: message\ndata: `;
    limitStall(this.response);
    this.response.cork();
    this.response.write(head);
    writeSpliced(this.response, message, idStart, idEnd, id);
    this.response.write(FRAME_END);
    this.response.uncork();
    this.lastWriteMs = this.pulse.nowMs();
    return true;
  }

  keepAlive(): void {
    this.write(KEEP_ALIVE);
  }

  /** Ends it in order; nothing is heard of it after that. */
  end(): void {
    if (!this.live) return;
    this.live = false;
    this.pulse.dropStream(this.pulseSlot);
    this.response.end();
  }

  private write(frame: Buffer): boolean {
    if (!this.writable()) return false;
    this.response.write(frame);
    this.lastWriteMs = this.pulse.nowMs();
    return true;
  }

  private writable(): boolean {
    if (!this.live) return false;
    if (this.response.writableLength <= MAX_UNREAD_BYTES) return true;
    this.response.destroy();
    this.lose();
    return false;
  }

  private lose(): void {
    if (!this.live) return;
    this.live = false;
    this.pulse.dropStream(this.pulseSlot);
    this.owner.streamGone(this);
  }
}

/** The part of the pulse that streams need. */
export interface StreamPulse {
  nowMs(): number;
  /** Answers the slot to drop it by. */
  addStream(stream: EventStream): number;
  dropStream(slot: number): void;
}

/** `message` with its id replaced, as one buffer. */
export function spliced(message: Buffer, idStart: number, idEnd: number, id: Buffer): Buffer {
  if (idEnd === 0) return message;
  return Buffer.concat([message.subarray(0, idStart), id, message.subarray(idEnd)]);
}
