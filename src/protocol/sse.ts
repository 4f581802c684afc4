// HOT PATH
/** One event of an event stream (WHATWG HTML, 9.2). */
export interface SseEvent {
  /** `message` when the stream named none. */
  readonly event: string;
  /** The data lines joined by `\n`; empty for an event that only sets `id` or `retry`. May be kept. */
  readonly data: Buffer;
  readonly id?: string;
  /** Milliseconds. */
  readonly retry?: number;
}

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;
const COLON = 58;
const SPACE = 32;
const BREAK = Buffer.from('\n');
const EMPTY = Buffer.alloc(0);
const FRAME_END = Buffer.from('\n\n');
const DATA = Buffer.from('data: ');
const MESSAGE_HEAD = Buffer.from('event: message\ndata: ');

/** Reads an event stream. Lines may end in `\n`, `\r\n` or `\r`, and be cut anywhere. */
export class SseParser {
  private parts: Buffer[] = [];
  /** Bytes held of the unfinished line and of the unfinished event's data. */
  private held = 0;
  private data: Buffer[] = [];
  private event = '';
  private id: string | undefined;
  private retry: number | undefined;
  private sawField = false;
  private afterReturn = false;
  private atStart = true;
  private closed = false;

  /** `maxBytes` bounds one event. After `onTooLong`, called once, everything further is dropped. */
  constructor(
    private readonly maxBytes: number,
    private readonly onEvent: (event: SseEvent) => void,
    private readonly onTooLong: () => void,
  ) {}

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    let start = this.afterReturn && chunk[0] === NEWLINE ? 1 : 0;
    this.afterReturn = false;
    // One search per chunk for the rare `\r`, then again only behind one that was found.
    let carriage = chunk.indexOf(CARRIAGE_RETURN, start);
    while (!this.closed) {
      if (carriage >= 0 && carriage < start) carriage = chunk.indexOf(CARRIAGE_RETURN, start);
      const newline = chunk.indexOf(NEWLINE, start);
      const useReturn = carriage >= 0 && (newline < 0 || carriage < newline);
      const end = useReturn ? carriage : newline;
      if (end < 0) break;
      this.line(chunk, start, end);
      start = end + 1;
      if (!useReturn) continue;
      if (start === chunk.length) this.afterReturn = true;
      else if (chunk[start] === NEWLINE) start += 1;
    }
    if (!this.closed && start < chunk.length) this.hold(chunk.subarray(start));
  }

  private hold(part: Buffer): void {
    this.parts.push(part);
    this.grow(part.length);
  }

  private grow(bytes: number): void {
    this.held += bytes;
    if (this.held <= this.maxBytes) return;
    this.closed = true;
    this.parts = [];
    this.data = [];
    this.onTooLong();
  }

  private line(chunk: Buffer, start: number, end: number): void {
    let line = chunk.subarray(start, end);
    if (this.parts.length > 0) {
      this.parts.push(line);
      line = Buffer.concat(this.parts);
      this.held -= line.length - (end - start);
      this.parts = [];
    }
    if (this.atStart) {
      this.atStart = false;
      if (line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf) line = line.subarray(3);
    }
    if (line.length === 0) this.dispatch();
    else this.field(line);
  }

  private field(line: Buffer): void {
    const colon = line.indexOf(COLON);
    if (colon === 0) return;
    const nameEnd = colon < 0 ? line.length : colon;
    const valueStart = colon < 0 ? line.length : line[colon + 1] === SPACE ? colon + 2 : colon + 1;
    switch (line.toString('latin1', 0, Math.min(nameEnd, 8))) {
      case 'data':
        this.data.push(line.subarray(valueStart));
        this.sawField = true;
        this.grow(line.length - valueStart + 1);
        break;
      case 'event':
        this.event = line.toString('utf8', valueStart);
        break;
      case 'id':
        this.readId(line.toString('utf8', valueStart));
        break;
      case 'retry':
        this.readRetry(line.toString('latin1', valueStart));
        break;
      default:
    }
  }

  private readId(id: string): void {
    if (id.includes('\0')) return;
    this.id = id;
    this.sawField = true;
  }

  private readRetry(text: string): void {
    if (!/^\d{1,15}$/.test(text)) return;
    this.retry = Number(text);
    this.sawField = true;
  }

  private dispatch(): void {
    const { sawField, id, retry } = this;
    const event = this.event === '' ? 'message' : this.event;
    const data = joinLines(this.data);
    this.held = 0;
    this.data = [];
    this.event = '';
    this.id = undefined;
    this.retry = undefined;
    this.sawField = false;
    if (sawField) this.onEvent({ event, data, id, retry });
  }
}

function joinLines(lines: readonly Buffer[]): Buffer {
  if (lines.length <= 1) return lines[0] ?? EMPTY;
  const parts: Buffer[] = [];
  for (const line of lines) parts.push(line, BREAK);
  parts.pop();
  return Buffer.concat(parts);
}

/** One event, ready to be written. `data` with line breaks becomes several data lines. `event` is `message` if left out. */
export function sseFrame(data: Buffer, id?: string, event?: string): Buffer {
  const broken = data.indexOf(NEWLINE) >= 0 || data.indexOf(CARRIAGE_RETURN) >= 0;
  if (!broken && id === undefined && event === undefined) {
    return Buffer.concat([MESSAGE_HEAD, data, FRAME_END]);
  }
  const head = `${id === undefined ? '' : `id: ${id}\n`}event: ${event ?? 'message'}\n`;
  if (!broken) return Buffer.concat([Buffer.from(head), DATA, data, FRAME_END]);
  const lines = data.toString('utf8').split(/\r\n|\n|\r/);
  return Buffer.from(`${head}${lines.map((line) => `data: ${line}\n`).join('')}\n`);
}

/** A comment, which readers skip: keeps a connection alive. `text` has no line break. */
export function sseComment(text: string): Buffer {
  return Buffer.from(`: ${text}\n\n`);
}
