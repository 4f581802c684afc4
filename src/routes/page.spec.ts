import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareKeys, pageOf, type Page, type PageKey } from './page.js';

interface Item {
  readonly name: string;
  readonly id: string;
}

const keyOf = ({ name, id }: Item): PageKey => [name, id];
const byName = { name: 'name', descending: false };

function sorted(items: readonly Item[], descending = false): Item[] {
  return [...items].sort((a, b) => compareKeys(keyOf(a), keyOf(b), descending));
}

function walk(items: readonly Item[], descending: boolean, limit: number): string[] {
  const seen: string[] = [];
  let cursor: string | null = null;
  for (let guard = 0; guard <= items.length; guard += 1) {
    const order = { name: 'name', descending };
    const page: Page<Item> | null = pageOf(items, keyOf, order, limit, cursor);
    if (page === null) throw new Error('the cursor was refused');
    seen.push(...page.items.map((item) => item.id));
    cursor = page.next_cursor;
    if (cursor === null) return seen;
  }
  throw new Error('the pages do not end');
}

describe('pageOf', () => {
  it('shows every item once, in order, whatever the limit and direction', () => {
    const item = fc.record({ name: fc.constantFrom('a', 'b', 'c'), id: fc.uuid() });
    fc.assert(
      fc.property(
        fc.uniqueArray(item, { selector: ({ id }) => id, maxLength: 20 }),
        fc.integer({ min: 1, max: 7 }),
        fc.boolean(),
        (items, limit, descending) => {
          const list = sorted(items, descending);
          expect(walk(list, descending, limit)).toEqual(list.map(({ id }) => id));
        },
      ),
    );
  });

  it('neither repeats nor leaves out items when others are inserted or removed between pages', () => {
    const items = ['a', 'c', 'e', 'g'].map((name) => ({ name, id: name }));
    const first = pageOf(items, keyOf, byName, 2, null);
    const later = sorted([...items.filter(({ id }) => id !== 'c'), { name: 'b', id: 'b' }]);
    const second = pageOf(later, keyOf, byName, 2, first?.next_cursor ?? null);
    expect(second?.items.map(({ id }) => id)).toEqual(['e', 'g']);
    expect(second).toMatchObject({ next_cursor: null, total: 4 });
  });

  it.each([
    'nonsense',
    '',
    Buffer.from('[]').toString('base64url'),
    Buffer.from('{"by":"name","after":["a"]}').toString('base64url'),
    Buffer.from('{"by":"-name","after":["a","b"]}').toString('base64url'),
    Buffer.from('{"by":"name","after":[1,2]}').toString('base64url'),
  ])('refuses the cursor %j', (cursor) => {
    expect(pageOf([], keyOf, byName, 2, cursor)).toBeNull();
  });
});
