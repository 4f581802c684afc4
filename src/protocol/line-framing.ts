// HOT PATH
const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

/**
 * Cuts a byte stream into lines. A line has no line break (a `\r` before it is dropped too), is never empty, may be kept,
 * and is made of one chunk's memory when it came in one chunk.
 */
export class LineSplitter {
  private parts: Buffer[] = [];
  private held = 0;
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
    return Buffer.concat(this.parts);
  }

  private complete(chunk: Buffer, start: number, end: number): void {
    let line = chunk.subarray(start, end);
    if (this.held > 0) {
      this.parts.push(line);
      line = Buffer.concat(this.parts, this.held + line.length);
      this.parts = [];
      this.held = 0;
    }
    if (line.length > this.maxBytes) {
      this.giveUp();
      return;
    }
    if (line[line.length - 1] === CARRIAGE_RETURN) line = line.subarray(0, line.length - 1);
    if (line.length > 0) this.onLine(line);
  }

  private hold(part: Buffer): void {
    this.parts.push(part);
    this.held += part.length;
    if (this.held > this.maxBytes) this.giveUp();
  }

  private giveUp(): void {
    this.closed = true;
    this.parts = [];
    this.held = 0;
    this.onTooLong();
  }
}
