import type { Scrub } from './scrub.js';

const MAX_LINES = 200;
/** Longest line kept, in characters. */
const MAX_LINE_CHARS = 2000;
/** Bytes held of an unfinished line; more of it is dropped. Room for a secret behind the cut, so that none is halved. */
const MAX_HELD_BYTES = 16_384;
const NEWLINE = 10;

/**
 * The last 200 lines a child wrote, scrubbed before they are kept. Invariant: the cost of a chunk is bounded, however
 * many lines it has; what a flood pushes out is not even decoded.
 */
export class OutputRing {
  private readonly kept: string[] = [];
  private held: Buffer = Buffer.alloc(0);

  /** `onLine` hears each line that is kept. */
  constructor(
    private readonly scrub: Scrub,
    private readonly onLine: (line: string) => void = () => {},
  ) {}

  push(chunk: Buffer): void {
    const last = chunk.lastIndexOf(NEWLINE);
    if (last < 0) {
      this.hold(chunk);
      return;
    }
    const starts = this.startsOfLastLines(chunk, last);
    const first = starts[0] ?? 0;
    if (first === 0) {
      const end = chunk.indexOf(NEWLINE);
      this.hold(chunk.subarray(0, end));
      this.keep(this.held);
      starts.shift();
    }
    for (const start of starts) this.keep(chunk.subarray(start, chunk.indexOf(NEWLINE, start)));
    this.held = Buffer.alloc(0);
    this.hold(chunk.subarray(last + 1));
  }

  /** Adds a line of our own. */
  note(line: string): void {
    this.add(line);
  }

  /** Oldest first; an unfinished line comes last. */
  lines(): readonly string[] {
    if (this.held.length === 0) return [...this.kept];
    return [...this.kept, this.readable(this.held)].slice(-MAX_LINES);
  }

  /** Where the last lines of `chunk` begin, ascending, up to the line break at `last`. */
  private startsOfLastLines(chunk: Buffer, last: number): number[] {
    const starts: number[] = [];
    for (let end = last; starts.length < MAX_LINES;) {
      const before = end === 0 ? -1 : chunk.lastIndexOf(NEWLINE, end - 1);
      starts.unshift(before + 1);
      if (before < 0) break;
      end = before;
    }
    return starts;
  }

  private hold(part: Buffer): void {
    const room = MAX_HELD_BYTES - this.held.length;
    if (room > 0 && part.length > 0) this.held = Buffer.concat([this.held, part.subarray(0, room)]);
  }

  private keep(line: Buffer): void {
    this.add(this.readable(line));
  }

  private readable(line: Buffer): string {
    const text = this.scrub(line.subarray(0, MAX_HELD_BYTES).toString('utf8').replace(/\r$/, ''));
    return text.length > MAX_LINE_CHARS ? `${text.slice(0, MAX_LINE_CHARS)}…` : text;
  }

  private add(line: string): void {
    this.kept.push(line);
    this.onLine(line);
    if (this.kept.length > MAX_LINES) this.kept.shift();
  }
}
