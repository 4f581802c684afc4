// HOT PATH
import type { CallOutcome } from './channels.js';

const WINDOW = 160;
const ERROR = '"error":';
const CODE = '"code":';
const IS_ERROR = '"isError":';
const SPACE = 0x20;
const MINUS = 0x2d;
const MAX_DIGITS = 10;

/**
 * What kind of answer the bytes are, told by their ends: a full parse would cost more than the rest of a call. `first`
 * and `last` may be the same buffer. Inside JSON strings the quotes are escaped, so text cannot imitate the members; a
 * result whose own members sit deep in the middle counts as `ok`.
 */
export function outcomeOf(first: Buffer, last: Buffer): CallOutcome {
  const head = first.toString('latin1', 0, WINDOW);
  if (isErrorHead(head)) return 'rpc_error';
  if (saysToolError(head)) return 'tool_error';
  if (last.length <= WINDOW && last === first) return 'ok';
  return saysToolError(last.toString('latin1', Math.max(0, last.length - WINDOW)))
    ? 'tool_error'
    : 'ok';
}

/** The code of a JSON-RPC error in decimal, told by the ends of its bytes as well; `null` where none is there. */
export function errorCodeOf(first: Buffer, last: Buffer): string | null {
  const head = first.toString('latin1', 0, WINDOW);
  const at = head.indexOf(ERROR);
  if (at < 0) return null;
  const code = numberAfter(head, head.indexOf(CODE, at));
  if (code !== null) return code;
  const tail = last.toString('latin1', Math.max(0, last.length - WINDOW));
  return numberAfter(tail, tail.lastIndexOf(CODE));
}

function isErrorHead(head: string): boolean {
  const error = head.indexOf(ERROR);
  if (error < 0) return false;
  const result = head.indexOf('"result":');
  return result < 0 || error < result;
}

/** Some servers write a space after the colon. */
function saysToolError(text: string): boolean {
  for (let at = text.indexOf(IS_ERROR); at >= 0; at = text.indexOf(IS_ERROR, at + 1)) {
    const value = at + IS_ERROR.length;
    if (text.startsWith('true', value) || text.startsWith(' true', value)) return true;
  }
  return false;
}

/** `at`: where the member begins; -1 = nowhere. */
function numberAfter(text: string, at: number): string | null {
  if (at < 0) return null;
  let start = at + CODE.length;
  while (text.charCodeAt(start) === SPACE) start += 1;
  let end = text.charCodeAt(start) === MINUS ? start + 1 : start;
  const digits = end;
  while (isDigit(text.charCodeAt(end)) && end - digits < MAX_DIGITS) end += 1;
  return end === digits ? null : text.slice(start, end);
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
