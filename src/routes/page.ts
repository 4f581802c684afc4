import { isJsonObject } from '../kernel/json.js';

/** Where an item stands in a sorted list: what it is sorted by, then its unique id. */
export type PageKey = readonly [value: string, id: string];

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Opaque; `null` on the last page. */
  readonly next_cursor: string | null;
  /** Of all pages. */
  readonly total: number;
}

export interface PageOrder {
  /** Names the order, so that a cursor of another one is refused. */
  readonly name: string;
  readonly descending: boolean;
}

/** Total order of keys: the value in the wanted direction, equal values by ascending id. */
export function compareKeys(left: PageKey, right: PageKey, descending: boolean): number {
  if (left[0] !== right[0]) return left[0] < right[0] === descending ? 1 : -1;
  return left[1] < right[1] ? -1 : left[1] > right[1] ? 1 : 0;
}

/**
 * One page of `sorted`, which is in `order`. The cursor holds the key of the last item shown, not a position: items that
 * come or go between two requests are neither shown twice nor make others be left out.
 * Answers `null` for a cursor that was not made here or for another order.
 */
export function pageOf<Item>(
  sorted: readonly Item[],
  keyOf: (item: Item) => PageKey,
  order: PageOrder,
  limit: number,
  cursor: string | null,
): Page<Item> | null {
  const after = cursor === null ? null : decodeCursor(cursor, order);
  if (cursor !== null && after === null) return null;
  const start = after === null ? 0 : firstAfter(sorted, keyOf, order.descending, after);
  const items = sorted.slice(start, start + limit);
  const last = items[items.length - 1];
  const hasMore = start + items.length < sorted.length;
  return {
    items,
    next_cursor: last === undefined || !hasMore ? null : encodeCursor(keyOf(last), order),
    total: sorted.length,
  };
}

function firstAfter<Item>(
  sorted: readonly Item[],
  keyOf: (item: Item) => PageKey,
  descending: boolean,
  after: PageKey,
): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = sorted[middle];
    if (item !== undefined && compareKeys(keyOf(item), after, descending) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function encodeCursor(key: PageKey, order: PageOrder): string {
  return Buffer.from(JSON.stringify({ by: orderText(order), after: key })).toString('base64url');
}

function decodeCursor(cursor: string, order: PageOrder): PageKey | null {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (!isJsonObject(parsed) || parsed.by !== orderText(order)) return null;
    const { after } = parsed;
    if (!Array.isArray(after) || after.length !== 2) return null;
    const [value, id] = after;
    return typeof value === 'string' && typeof id === 'string' ? [value, id] : null;
  } catch {
    return null;
  }
}

function orderText({ name, descending }: PageOrder): string {
  return descending ? `-${name}` : name;
}
