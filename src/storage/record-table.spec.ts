import { describe, expect, it } from '@jest/globals';
import type { RecordChange } from './record-store.js';
import { RecordTable } from './record-table.js';

function tableOf(...commits: RecordChange[][]): RecordTable {
  const table = new RecordTable();
  for (const [index, changes] of commits.entries()) {
    const meta = { actor: 'a', source: 's', verb: 'v' };
    table.apply({ revision: index + 1, at: 'now', meta, changes });
  }
  return table;
}

const put = (id: string, doc: object = {}): RecordChange => ({ kind: 'route', id, op: 'put', doc });

describe('the table of records', () => {
  it('lists by id, and gives the same list until the kind changes', () => {
    const table = tableOf([put('b'), put('a')]);
    const list = table.list('route');
    expect(list.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(table.list('route')).toBe(list);
  });

  it('keeps no document of a cold kind', () => {
    const table = tableOf([{ kind: 'revision', id: 'x/1', op: 'put', doc: { big: 1 } }]);
    expect(table.version('revision', 'x/1')).toBe(1);
    expect([...table.entries()]).toEqual([{ kind: 'revision', id: 'x/1', version: 1, doc: null }]);
  });

  it.each<[string, string, number | null, Map<string, number | null>, object | null]>([
    ['holds', 'a', 1, new Map(), null],
    ['holds for absence', 'b', null, new Map(), null],
    ['fails on the table', 'a', null, new Map(), { actual: 1, isStaged: false }],
    ['fails on what is staged', 'a', 1, new Map([['route:a', 2]]), { actual: 2, isStaged: true }],
    ['holds for what is staged', 'a', 2, new Map([['route:a', 2]]), null],
    [
      'sees a staged deletion',
      'a',
      1,
      new Map([['route:a', null]]),
      { actual: null, isStaged: true },
    ],
  ])('an expectation %s', (_, id, expected, overlay, outcome) => {
    const conflict = tableOf([put('a')]).conflictOf(
      [{ kind: 'route', id, expect: expected }],
      overlay,
    );
    if (outcome === null) expect(conflict).toBeNull();
    else expect(conflict).toMatchObject(outcome);
  });

  it('forgets the owner of the last numbered record', () => {
    const table = tableOf(
      [{ kind: 'revision', id: 'x/1', op: 'put', doc: {} }],
      [{ kind: 'revision', id: 'x/1', op: 'delete' }],
    );
    expect(table.ids('revision', 'x/')).toEqual([]);
    expect(table.revision).toBe(2);
  });

  it('is the same after its entries were restored elsewhere', () => {
    const table = tableOf([put('b'), put('a')], [put('b', { n: 2 })]);
    const copy = new RecordTable();
    for (const { kind, id, version, doc } of table.entries()) copy.restore(kind, id, version, doc);
    copy.restoreRevision(table.revision);
    expect(copy.list('route')).toEqual(table.list('route'));
    expect(copy.revision).toBe(2);
  });
});
