// HOT PATH
import type { Writable } from 'node:stream';
import type { MessageLink } from './message-channel.js';

/** Up to here, messages of one turn are joined into one buffer: copying is cheaper than a vector of small writes. */
const JOIN_BYTES = 65_536;

/**
 * Writes to a child's standard input, at most once per turn of the event loop. A full pipe is waited for; what waits is
 * bounded.
 */
export class ChildWriter implements MessageLink {
  private queue: Buffer[] = [];
  private queuedBytes = 0;
  private scheduled = false;
  private full = false;

  constructor(
    private readonly stdin: Writable,
    private readonly maxQueuedBytes: number,
  ) {}

  send(message: Buffer): boolean {
    if (!this.hasRoom(message.length)) return false;
    this.queue.push(message);
    this.queuedBytes += message.length;
    this.schedule();
    return true;
  }

  sendParts(parts: readonly Buffer[]): boolean {
    let bytes = 0;
    for (const part of parts) bytes += part.length;
    if (!this.hasRoom(bytes)) return false;
    for (const part of parts) this.queue.push(part);
    this.queuedBytes += bytes;
    this.schedule();
    return true;
  }

  /** A message of any size has room when nothing waits. */
  private hasRoom(bytes: number): boolean {
    return this.queuedBytes + bytes <= this.maxQueuedBytes || this.queue.length === 0;
  }

  private schedule(): void {
    if (this.scheduled || this.full) return;
    this.scheduled = true;
    setImmediate(this.flush);
  }

  private readonly flush = (): void => {
    this.scheduled = false;
    const { queue, queuedBytes, stdin } = this;
    if (queue.length === 0 || !stdin.writable) return;
    this.queue = [];
    this.queuedBytes = 0;
    let more: boolean;
    if (queue.length === 1 && queue[0] !== undefined) more = stdin.write(queue[0]);
    else if (queuedBytes <= JOIN_BYTES) more = stdin.write(Buffer.concat(queue, queuedBytes));
    else more = this.writeAll(queue);
    if (more) return;
    this.full = true;
    stdin.once('drain', this.resume);
  };

  private writeAll(queue: readonly Buffer[]): boolean {
    let more = true;
    this.stdin.cork();
    for (const message of queue) more = this.stdin.write(message);
    this.stdin.uncork();
    return more;
  }

  private readonly resume = (): void => {
    this.full = false;
    this.flush();
  };
}
