import { readEnvelope, scanEnvelope, type Envelope } from '../protocol/envelope-scan.js';
import { closingQuote, endOfValue, skipSpace } from '../protocol/json-span.js';
import { RpcError } from '../protocol/rpc-error.js';

export interface ReadMessage {
  readonly body: Buffer;
  readonly envelope: Envelope;
}

/** The one message in `body`, which is known to be JSON-RPC; `null` for what is not. */
export function readMessage(body: Buffer): ReadMessage | null {
  const envelope = scanEnvelope(body);
  if (envelope !== null) return { body, envelope };
  const read = readEnvelope(body);
  return read instanceof RpcError || 'batch' in read ? null : read;
}

/** Bytes `[start, end)` are to become `text`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: Buffer;
}

/** A copy of `body` with the edits made; they must not overlap, and come in order. */
export function edited(body: Buffer, edits: readonly Edit[]): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (const { start, end, text } of edits) {
    parts.push(body.subarray(at, start), text);
    at = end;
  }
  parts.push(body.subarray(at));
  return Buffer.concat(parts);
}

/** Where `at`, the start or the end of a span of the message before, lies after the edits. */
export function shifted(at: number, edits: readonly Edit[]): number {
  let moved = at;
  for (const { start, end, text } of edits) if (end <= at) moved += text.length - (end - start);
  return moved;
}

/**
 * The raw JSON of a member of the object that begins at `start`; `null` when it has none of this name. Of equal keys the
 * last one counts, as it does for parsers. `key` needs no escapes; a key that is spelled with escapes is none of ours.
 */
export function memberJson(body: Buffer, start: number, key: string): Buffer | null {
  if (body[start] !== 123) return null;
  let found: Buffer | null = null;
  let at = skipSpace(body, start + 1);
  while (body[at] === 34) {
    const close = closingQuote(body, at + 1);
    const value = skipSpace(body, skipSpace(body, close + 1) + 1);
    const end = close < 0 ? -1 : endOfValue(body, value);
    if (end < 0) return null;
    if (body.toString('utf8', at + 1, close) === key) found = body.subarray(value, end);
    at = skipSpace(body, end);
    if (body[at] !== 44) break;
    at = skipSpace(body, at + 1);
  }
  return found;
}
