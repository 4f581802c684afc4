// HOT PATH
const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

/**
 * A line longer than this is put together where it will lie, so that it is not held twice when it is complete. Shorter
 * ones are not: the collector takes the room for what it could hold, and at 1 MB would run after every few messages.
 */
const LONG_BYTES = 8 * 1_048_576;

/**
 * Cuts a byte stream into lines. A line has no line break (a `\r` before it is dropped too), is never empty, may be kept,
 * and is made of one chunk's memory when it came in one chunk.
 */
export class LineSplitter {
  private parts: Buffer[] = [];
  private held = 0;
  /** Where a long line is put together. Room for the longest: memory that is not written to costs no more than its address. */
  private long: Buffer | null = null;
  private closed = false;

  /** After `onTooLong`, called once, everything further is dropped: the stream has lost its frame. */
  constructor(
    private readonly maxBytes: number,
    private readonly onLine: (line: Buffer) => void,
    private readonly onTooLong: () => void,
  ) {}

  push(chunk: Buffer): void {
    let start = 0;
    for (;;) {
      if (this.closed) return;
      const end = chunk.indexOf(NEWLINE, start);
      if (end < 0) break;
      this.complete(chunk, start, end);
      start = end + 1;
    }
    if (start < chunk.length) this.hold(chunk.subarray(start));
  }

  /** The rest behind the last line break, which a well-behaved writer leaves empty. */
  rest(): Buffer {
    return this.long === null ? Buffer.concat(this.parts) : this.long.subarray(0, this.held);
  }

  private complete(chunk: Buffer, start: number, end: number): void {
    let line = chunk.subarray(start, end);
    if (this.held + line.length > this.maxBytes) {
      this.giveUp();
      return;
    }
    if (this.held > 0) line = this.joined(line);
    if (line[line.length - 1] === CARRIAGE_RETURN) line = line.subarray(0, line.length - 1);
    if (line.length > 0) this.onLine(line);
  }

  private hold(part: Buffer): void {
    if (this.held + part.length > this.maxBytes) {
      this.giveUp();
      return;
    }
    if (this.long !== null) part.copy(this.long, this.held);
    else this.parts.push(part);
    this.held += part.length;
    if (this.long === null && this.held > LONG_BYTES) this.gather();
  }

  private gather(): void {
    const long = Buffer.allocUnsafeSlow(this.maxBytes);
    let at = 0;
    for (const part of this.parts) at += part.copy(long, at);
    this.long = long;
    this.parts = [];
  }

  /** What is held, with the end of the line. */
  private joined(end: Buffer): Buffer {
    const { long, parts, held } = this;
    const length = held + end.length;
    this.long = null;
    this.parts = [];
    this.held = 0;
    if (long === null) {
      parts.push(end);
      return Buffer.concat(parts, length);
    }
    end.copy(long, held);
    const line = long.subarray(0, length);
    // Kept with its room it would seem to hold much more than it does; two of this size fit into what one may have.
    return length < this.maxBytes / 2 ? Buffer.from(line) : line;
  }

  private giveUp(): void {
    this.closed = true;
    this.parts = [];
    this.long = null;
    this.held = 0;
    this.onTooLong();
  }
}
