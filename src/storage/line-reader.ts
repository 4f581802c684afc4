/** Reads up to `length` bytes from `offset` on. */
export type ReadRange = (offset: number, length: number) => Promise<Buffer>;

export interface FileLine {
  /** Without the line feed. */
  readonly bytes: Buffer;
  readonly offset: number;
  /** Whether it ends in a line feed; only the last one may not. */
  readonly isWhole: boolean;
}

const CHUNK_BYTES = 256 * 1024;
const FEED = 10;

/**
 * The lines of a file from `startAt`, where one begins, up to `end`, first to last. Memory: one chunk and one line. Each chunk is a read of its own, so the
 * event loop has its turn however long the file is.
 */
export async function* linesForward(
  read: ReadRange,
  end: number,
  startAt = 0,
): AsyncGenerator<FileLine> {
  let pending: Buffer[] = [];
  let start = startAt;
  for (let at = startAt; at < end;) {
    const chunk = await read(at, Math.min(CHUNK_BYTES, end - at));
    if (chunk.length === 0) break;
    let from = 0;
    for (let feed = chunk.indexOf(FEED); feed !== -1; feed = chunk.indexOf(FEED, from)) {
      const bytes = joined(pending, chunk.subarray(from, feed));
      yield { bytes, offset: start, isWhole: true };
      pending = [];
      from = feed + 1;
      start = at + from;
    }
    if (from < chunk.length) pending.push(chunk.subarray(from));
    at += chunk.length;
  }
  if (pending.length > 0) yield { bytes: joined(pending), offset: start, isWhole: false };
}

/** The same lines, last to first. */
export async function* linesBackward(read: ReadRange, end: number): AsyncGenerator<FileLine> {
  // What follows the last line feed seen so far, in order; the line it belongs to begins further up.
  let pending: Buffer[] = [];
  let isWhole = false;
  for (let at = end; at > 0;) {
    const from = Math.max(0, at - CHUNK_BYTES);
    const chunk = await read(from, at - from);
    if (chunk.length < at - from) throw new Error('The file is shorter than it was.');
    let to = chunk.length;
    for (let feed = lastFeed(chunk, to); feed !== -1; feed = lastFeed(chunk, to)) {
      const bytes = joined([chunk.subarray(feed + 1, to)], ...pending);
      if (isWhole || bytes.length > 0) yield { bytes, offset: from + feed + 1, isWhole };
      pending = [];
      isWhole = true;
      to = feed;
    }
    if (to > 0) pending.unshift(chunk.subarray(0, to));
    at = from;
  }
  if (isWhole || pending.length > 0) yield { bytes: joined(pending), offset: 0, isWhole };
}

function lastFeed(chunk: Buffer, before: number): number {
  return before === 0 ? -1 : chunk.lastIndexOf(FEED, before - 1);
}

function joined(first: readonly Buffer[], ...rest: readonly Buffer[]): Buffer {
  const parts = [...first, ...rest];
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
}
