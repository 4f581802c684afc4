// HOT PATH
import { skipSpace } from './json-span.js';

/** A response to one of our integer ids, and where the id lies. `end` leaves out white space behind the message. */
export interface ReplyId {
  readonly id: number;
  readonly idStart: number;
  readonly idEnd: number;
  readonly end: number;
}

const COMMA = 44;
const COLON = 58;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
/** Ids are counted by us from 1; fifteen digits stay below 2^53. */
const MAX_DIGITS = 15;

const VERSION = Buffer.from('"jsonrpc"');
const VERSION_VALUE = Buffer.from('"2.0"');
const ID = Buffer.from('"id"');
const RESULT = Buffer.from('"result"');
const ERROR = Buffer.from('"error"');

/**
 * Reads the id of a response without a scan of the whole line. Only shapes whose id is certainly the message's own are
 * taken: `{"jsonrpc":"2.0","id":N,"result"…}` and `{…"result"…,"id":N}` (in both `error` too). Invariant: in valid JSON
 * the last `}` closes the message, so what stands right before it is a member of the message. Anything else, a request
 * of the upstream above all, is `null`: parse it.
 */
export function scanReplyId(line: Buffer): ReplyId | null {
  let end = line.length;
  while (end > 0 && (line[end - 1] ?? 0) <= 32) end -= 1;
  const open = skipSpace(line, 0);
  if (line[open] !== OPEN_BRACE || line[end - 1] !== CLOSE_BRACE) return null;
  const first = skipSpace(line, open + 1);
  if (!startsWith(line, first, VERSION)) {
    return isOutcome(line, first) ? idAtEnd(line, end) : null;
  }
  const colon = skipSpace(line, first + VERSION.length);
  const value = skipSpace(line, colon + 1);
  if (line[colon] !== COLON || !startsWith(line, value, VERSION_VALUE)) return null;
  const comma = skipSpace(line, value + VERSION_VALUE.length);
  if (line[comma] !== COMMA) return null;
  const second = skipSpace(line, comma + 1);
  if (startsWith(line, second, ID)) return idAtStart(line, second + ID.length, end);
  return isOutcome(line, second) ? idAtEnd(line, end) : null;
}

function isOutcome(line: Buffer, at: number): boolean {
  return startsWith(line, at, RESULT) || startsWith(line, at, ERROR);
}

function idAtStart(line: Buffer, behindKey: number, end: number): ReplyId | null {
  const colon = skipSpace(line, behindKey);
  if (line[colon] !== COLON) return null;
  const idStart = skipSpace(line, colon + 1);
  let i = idStart;
  let id = 0;
  for (let c = line[i] ?? 0; c >= 48 && c <= 57; c = line[i] ?? 0) {
    id = id * 10 + c - 48;
    i += 1;
  }
  if (i === idStart || i - idStart > MAX_DIGITS) return null;
  const comma = skipSpace(line, i);
  if (line[comma] !== COMMA || !isOutcome(line, skipSpace(line, comma + 1))) return null;
  return { id, idStart, idEnd: i, end };
}

function idAtEnd(line: Buffer, end: number): ReplyId | null {
  const idEnd = behindText(line, end - 1);
  let i = idEnd;
  let id = 0;
  for (let unit = 1; i > 0 && isDigit(line[i - 1]); unit *= 10) {
    i -= 1;
    id += ((line[i] ?? 48) - 48) * unit;
  }
  if (i === idEnd || idEnd - i > MAX_DIGITS) return null;
  const colon = behindText(line, i) - 1;
  if (line[colon] !== COLON) return null;
  const key = behindText(line, colon) - ID.length;
  if (key < 1 || !startsWith(line, key, ID)) return null;
  if (line[behindText(line, key) - 1] !== COMMA) return null;
  return { id, idStart: i, idEnd, end };
}

/** Index behind the last byte before `end` that is no white space. */
function behindText(line: Buffer, end: number): number {
  let i = end;
  while (i > 0 && (line[i - 1] ?? 0) <= 32) i -= 1;
  return i;
}

function isDigit(c: number | undefined): boolean {
  return c !== undefined && c >= 48 && c <= 57;
}

function startsWith(line: Buffer, at: number, text: Buffer): boolean {
  for (let i = 0; i < text.length; i += 1) if (line[at + i] !== text[i]) return false;
  return true;
}

/** A copy of `message` with the bytes of `[idStart, idEnd)` replaced by `id`, which is JSON. */
export function spliceId(
  message: Buffer,
  idStart: number,
  idEnd: number,
  id: Buffer | string,
): Buffer {
  const idBytes = typeof id === 'string' ? Buffer.byteLength(id) : id.length;
  const spliced = Buffer.allocUnsafe(message.length - (idEnd - idStart) + idBytes);
  let at = message.copy(spliced, 0, 0, idStart);
  at += typeof id === 'string' ? spliced.write(id, at) : id.copy(spliced, at);
  message.copy(spliced, at, idEnd);
  return spliced;
}
