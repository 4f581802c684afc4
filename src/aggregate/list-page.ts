import { RPC, RpcError } from '../protocol/rpc-error.js';

/** Items of one answer. Members' own pages are put together; only what is very long is cut again. */
export const PAGE_SIZE = 1_000;

/**
 * The `result` of a list request as JSON: the items, which are JSON already, from `cursor` on. A cursor is a position: a
 * client hears of a change of the list and begins anew.
 */
export function listPage(
  member: string,
  items: readonly string[],
  cursor: unknown,
): string | RpcError {
  const from = cursor === undefined || cursor === null ? 0 : positionOf(cursor);
  if (from === null || from > items.length) {
    return new RpcError(RPC.invalidParams, 'The cursor is not one of this list');
  }
  const to = from + PAGE_SIZE;
  const next = to < items.length ? `,"nextCursor":"${to}"` : '';
  return `{"${member}":[${items.slice(from, to).join(',')}]${next}}`;
}

function positionOf(cursor: unknown): number | null {
  if (typeof cursor !== 'string' || !/^\d{1,9}$/.test(cursor)) return null;
  return Number(cursor);
}
