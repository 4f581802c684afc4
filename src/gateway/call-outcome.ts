// HOT PATH
import type { CallOutcome } from './channels.js';

const WINDOW = 160;

/**
 * What kind of answer the bytes are, told by their ends: a full parse would cost more than the rest of a call. `first`
 * and `last` may be the same buffer. Inside JSON strings the quotes are escaped, so text cannot imitate the members; a
 * result whose own members sit deep in the middle counts as `ok`.
 */
export function outcomeOf(first: Buffer, last: Buffer): CallOutcome {
  const head = first.toString('latin1', 0, WINDOW);
  const error = head.indexOf('"error":');
  const result = head.indexOf('"result":');
  if (error >= 0 && (result < 0 || error < result)) return 'rpc_error';
  if (head.includes('"isError":true')) return 'tool_error';
  if (last.length <= WINDOW && last === first) return 'ok';
  const tail = last.toString('latin1', Math.max(0, last.length - WINDOW));
  return tail.includes('"isError":true') ? 'tool_error' : 'ok';
}
