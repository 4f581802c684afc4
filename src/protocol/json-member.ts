// HOT PATH
import { closingQuote, endOfValue, skipSpace } from './json-span.js';

/** `[start, end)` of a JSON value in its bytes. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/**
 * Where the value of the first member `key` of the object at `start` lies, or `null`: there is none, or it is no object.
 * `key` is compared as bytes: an escaped spelling of it is not found, so ask only of messages that `envelope-scan` took.
 */
export function memberSpan(bytes: Buffer, start: number, key: Buffer): Span | null {
  if (bytes[start] !== OPEN_BRACE) return null;
  let i = skipSpace(bytes, start + 1);
  while (bytes[i] === QUOTE) {
    const keyEnd = closingQuote(bytes, i + 1);
    if (keyEnd < 0) return null;
    const colon = skipSpace(bytes, keyEnd + 1);
    if (bytes[colon] !== COLON) return null;
    const value = skipSpace(bytes, colon + 1);
    const end = endOfValue(bytes, value);
    if (end < 0) return null;
    if (keyEnd - i - 1 === key.length && key.compare(bytes, i + 1, keyEnd) === 0) {
      return { start: value, end };
    }
    i = skipSpace(bytes, end);
    if (bytes[i] !== COMMA) return null;
    i = skipSpace(bytes, i + 1);
  }
  return null;
}

/** Whether the object at `start` has no members. */
export function isEmptyObject(bytes: Buffer, start: number): boolean {
  return bytes[start] === OPEN_BRACE && bytes[skipSpace(bytes, start + 1)] === CLOSE_BRACE;
}
