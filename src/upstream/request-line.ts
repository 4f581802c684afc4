// HOT PATH
import type { RequestSpans } from './upstream.js';

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;
const SPACE = 32;
const END = Buffer.from('\n');

/**
 * The request as the upstream gets it: one line with its line break, under `id`, which also replaces a progress token.
 * Raw line breaks in valid JSON are white space between tokens. `body` itself is not changed.
 */
export function encodeRequest(body: Buffer, spans: RequestSpans, id: number): Buffer {
  const text = String(id);
  const { idStart, idEnd, tokenStart, tokenEnd } = spans;
  const token = tokenEnd === 0 ? 0 : text.length - (tokenEnd - tokenStart);
  const line = Buffer.allocUnsafe(body.length + text.length - (idEnd - idStart) + token + 1);
  const tokenFirst = tokenEnd !== 0 && tokenEnd <= idStart;
  let at = 0;
  let from = 0;
  if (tokenFirst) {
    at = body.copy(line, 0, 0, tokenStart);
    at += line.write(text, at, 'latin1');
    from = tokenEnd;
  }
  at += body.copy(line, at, from, idStart);
  at += line.write(text, at, 'latin1');
  from = idEnd;
  if (tokenEnd !== 0 && !tokenFirst) {
    at += body.copy(line, at, from, tokenStart);
    at += line.write(text, at, 'latin1');
    from = tokenEnd;
  }
  at += body.copy(line, at, from);
  return endLine(line, at);
}

/**
 * The same in slices of `body` and small pieces between them, for a body too large to be copied. `null` when it has line
 * breaks, which can only be blanked in a copy.
 */
export function sliceRequest(body: Buffer, spans: RequestSpans, id: number): Buffer[] | null {
  if (body.includes(NEWLINE) || body.includes(CARRIAGE_RETURN)) return null;
  const ours = Buffer.from(String(id), 'latin1');
  const { idStart, idEnd, tokenStart, tokenEnd } = spans;
  if (tokenEnd === 0) return [body.subarray(0, idStart), ours, body.subarray(idEnd), END];
  const tokenFirst = tokenEnd <= idStart;
  return [
    body.subarray(0, tokenFirst ? tokenStart : idStart),
    ours,
    tokenFirst ? body.subarray(tokenEnd, idStart) : body.subarray(idEnd, tokenStart),
    ours,
    body.subarray(tokenFirst ? idEnd : tokenEnd),
    END,
  ];
}

/** `message` as one line with its line break; a copy. */
export function encodeMessage(message: Buffer): Buffer {
  const line = Buffer.allocUnsafe(message.length + 1);
  return endLine(line, message.copy(line));
}

function endLine(line: Buffer, length: number): Buffer {
  // Some readers break lines at a lone carriage return too.
  blank(line, NEWLINE, length);
  blank(line, CARRIAGE_RETURN, length);
  line[length] = NEWLINE;
  return line;
}

function blank(line: Buffer, byte: number, length: number): void {
  // `line` may be fresh memory behind `length`.
  for (let i = line.indexOf(byte); i >= 0 && i < length; i = line.indexOf(byte, i + 1)) {
    line[i] = SPACE;
  }
}
