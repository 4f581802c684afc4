import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { ProblemError } from '../../../src/kernel/problem.js';
import type {
  CommitMeta,
  RecordChange,
  RecordKind,
  RecordStore,
} from '../../../src/storage/record-store.js';
import { MAX_IDEMPOTENCY_RECORDS } from '../../../src/storage/record-table.js';

/** One store under test and how to begin again: `reopen` closes it and opens what it has left, if anything lasts. */
export interface StoreUnderTest {
  readonly store: RecordStore;
  /** `null` for a store that keeps nothing. */
  readonly reopen: (() => Promise<RecordStore>) | null;
  readonly dispose: () => Promise<void>;
}

const FROM_THE_END = Number.MAX_SAFE_INTEGER;
const META: CommitMeta = { actor: 'alice', source: 'api', verb: 'test.change', reason: 'why' };
const ID = '3f0c2f6e-4d6a-4b6e-9a51-0d7a1c2b3e4f';
const OTHER = '9b1f8c9a-0c51-4f0e-8a55-5f3f0c1d2e3a';

function put(id: string, doc: object, expected?: number | null): RecordChange {
  return { kind: 'service', id, op: 'put', doc, expect: expected };
}

async function codeOf(result: Promise<unknown>): Promise<string> {
  try {
    await result;
    return 'none';
  } catch (error) {
    return error instanceof ProblemError ? error.code : String(error);
  }
}

/** What every adapter of the `RecordStore` port must do. */
export function describeRecordStore(name: string, begin: () => Promise<StoreUnderTest>): void {
  describe(`${name} as a record store`, () => {
    let test: StoreUnderTest;
    let store: RecordStore;

    beforeEach(async () => {
      test = await begin();
      store = test.store;
    });

    afterEach(async () => {
      await store.close();
      await test.dispose();
    });

    it('starts empty at revision 0', () => {
      expect(store.revision).toBe(0);
      expect(store.list('service')).toEqual([]);
      expect(store.get('service', ID)).toBeUndefined();
    });

    it('gives each commit the next revision, which is the version of what it wrote', async () => {
      expect(await store.commit([put(ID, { name: 'a' })], META)).toBe(1);
      expect(await store.commit([put(OTHER, { name: 'b' })], META)).toBe(2);
      expect(store.get('service', ID)).toEqual({
        kind: 'service',
        id: ID,
        version: 1,
        doc: { name: 'a' },
      });
      expect(store.list('service').map(({ id }) => id)).toEqual([ID, OTHER]);
      expect(store.revision).toBe(2);
    });

    it('keeps a deep-frozen copy that the caller cannot change', async () => {
      const doc = { nested: { list: [1] }, gone: undefined };
      await store.commit([put(ID, doc)], META);
      doc.nested.list.push(2);
      const kept = store.get<{ nested: { list: number[] } }>('service', ID);
      expect(kept?.doc).toEqual({ nested: { list: [1] } });
      expect(Object.isFrozen(kept?.doc.nested.list)).toBe(true);
    });

    it.each<[string, RecordChange, string]>([
      ['a version that is not the present one', put(ID, {}, 7), 'storage.version-conflict'],
      ['absence when there is one', put(ID, {}, null), 'storage.version-conflict'],
      ['a version when there is none', put(OTHER, {}, 1), 'storage.version-conflict'],
      [
        'a version when deleting',
        { kind: 'service', id: ID, op: 'delete', expect: 3 },
        'storage.version-conflict',
      ],
    ])('refuses a commit that expects %s', async (_, change, code) => {
      await store.commit([put(ID, { name: 'a' })], META);
      expect(await codeOf(store.commit([change], META))).toBe(code);
      expect(store.revision).toBe(1);
    });

    it('changes all records of a commit or none', async () => {
      await store.commit([put(ID, { n: 1 })], META);
      const result = store.commit([put(OTHER, { n: 1 }), put(ID, { n: 2 }, 9)], META);
      expect(await codeOf(result)).toBe('storage.version-conflict');
      expect(store.get('service', OTHER)).toBeUndefined();
      expect(store.get('service', ID)?.doc).toEqual({ n: 1 });
    });

    it('lets one of many commits win that expect the same version', async () => {
      const results = await Promise.all(
        [1, 2, 3, 4].map((n) => codeOf(store.commit([put(ID, { n }, null)], META))),
      );
      expect(results.filter((code) => code === 'none')).toHaveLength(1);
      expect(results.filter((code) => code === 'storage.version-conflict')).toHaveLength(3);
      expect(store.get('service', ID)?.doc).toEqual({ n: 1 });
      expect(store.revision).toBe(1);
    });

    it('lets a commit expect what one before it in the same moment will have written', async () => {
      const first = store.commit([put(ID, { n: 1 }, null)], META);
      const second = store.commit([put(ID, { n: 2 }, 1)], META);
      expect([await first, await second]).toEqual([1, 2]);
    });

    it('shows nothing of a commit in the turn that made it', async () => {
      const committed = store.commit([put(ID, {})], META);
      expect(store.get('service', ID)).toBeUndefined();
      await committed;
      expect(store.get('service', ID)).toBeDefined();
    });

    it.each<[string, readonly RecordChange[], string]>([
      ['no changes', [], 'storage.invalid-change'],
      ['one record twice', [put(ID, {}), put(ID, {})], 'storage.invalid-change'],
      [
        'a put without a document',
        [{ kind: 'service', id: ID, op: 'put' }],
        'storage.invalid-change',
      ],
    ])('refuses a commit with %s', async (_, changes, code) => {
      expect(await codeOf(store.commit(changes, META))).toBe(code);
    });

    it.each<[RecordKind, string]>([
      ['service', '../escape'],
      ['service', 'index'],
      ['service', 'UPPER'],
      ['service', ''],
      ['template', 'a.b'],
      ['route', 'a/b'],
      ['route', 'a\0b'],
      ['revision', ID],
      ['revision', `${ID}/0`],
      ['revision', `${ID}/../1`],
      ['archive', '/etc/passwd'],
      ['idempotency', ''],
    ])('refuses as an id of kind %s: %j', async (kind, id) => {
      expect(await codeOf(store.commit([{ kind, id, op: 'put', doc: {} }], META))).toBe(
        'storage.unsafe-id',
      );
    });

    it('deletes, and takes the deletion of an absent record as done', async () => {
      await store.commit([put(ID, {})], META);
      await store.commit([{ kind: 'service', id: ID, op: 'delete' }], META);
      expect(store.get('service', ID)).toBeUndefined();
      expect(await store.commit([{ kind: 'service', id: ID, op: 'delete' }], META)).toBe(3);
    });

    it('reads cold records, and lists their identities with numbers in order', async () => {
      const numbers = [10, 9, 2, 1];
      for (const n of numbers) {
        await store.commit([{ kind: 'revision', id: `${ID}/${n}`, op: 'put', doc: { n } }], META);
      }
      await store.commit([{ kind: 'revision', id: `${OTHER}/1`, op: 'put', doc: {} }], META);
      expect(store.ids('revision', `${ID}/`)).toEqual([
        { id: `${ID}/1`, version: 4 },
        { id: `${ID}/2`, version: 3 },
        { id: `${ID}/9`, version: 2 },
        { id: `${ID}/10`, version: 1 },
      ]);
      expect(store.ids('revision')).toHaveLength(5);
      const record = await store.read('revision', `${ID}/10`);
      expect(record).toEqual({ kind: 'revision', id: `${ID}/10`, version: 1, doc: { n: 10 } });
      expect(Object.isFrozen(record?.doc)).toBe(true);
      expect(await store.read('revision', `${ID}/3`)).toBeUndefined();
      expect(await store.read('service', OTHER)).toBeUndefined();
    });

    it('tells watchers of each commit in order, when it is visible', async () => {
      const heard: [number, unknown][] = [];
      const end = store.watch((commit) => {
        heard.push([commit.revision, store.get('service', ID)?.version]);
      });
      await Promise.all([1, 2, 3].map((n) => store.commit([put(ID, { n })], META)));
      expect(heard).toEqual([
        [1, 1],
        [2, 2],
        [3, 3],
      ]);
      end();
      await store.commit([put(ID, {})], META);
      expect(heard).toHaveLength(3);
    });

    it('goes on when a watcher throws', async () => {
      const heard: number[] = [];
      store.watch(() => {
        throw new Error('broken');
      });
      store.watch((commit) => heard.push(commit.revision));
      expect(await store.commit([put(ID, {})], META)).toBe(1);
      expect(heard).toEqual([1]);
    });

    it('answers the commits since a revision, with who made them and without expectations', async () => {
      for (let n = 1; n <= 5; n += 1) await store.commit([put(ID, { n }, n - 1 || null)], META);
      const commits = await store.changesSince(2, 2);
      expect(commits).toEqual([
        expect.objectContaining({
          revision: 3,
          meta: META,
          changes: [{ kind: 'service', id: ID, op: 'put', doc: { n: 3 } }],
        }),
        expect.objectContaining({ revision: 4 }),
      ]);
      expect(await store.changesSince(5)).toEqual([]);
      expect(await store.changesSince(99)).toEqual([]);
      expect(await store.changesSince(0)).toHaveLength(5);
    });

    it('keeps the latest idempotency records only', async () => {
      const puts = (from: number, to: number): RecordChange[] =>
        Array.from({ length: to - from }, (_, index) => {
          return { kind: 'idempotency', id: `key ${from + index}`, op: 'put', doc: {} };
        });
      await store.commit(puts(0, MAX_IDEMPOTENCY_RECORDS), META);
      await store.commit(puts(0, 1), META);
      await store.commit(puts(MAX_IDEMPOTENCY_RECORDS, MAX_IDEMPOTENCY_RECORDS + 1), META);
      expect(store.get('idempotency', 'key 0')).toBeDefined();
      expect(store.get('idempotency', 'key 1')).toBeUndefined();
      expect(store.status().records['idempotency']).toBe(MAX_IDEMPOTENCY_RECORDS);
    });

    it('shows the past a page at a time, from either end, with the hashes of the chain', async () => {
      for (let n = 1; n <= 7; n += 1) await store.commit([put(ID, { n })], META);
      const pages: number[][] = [];
      let from: number | null = FROM_THE_END;
      do {
        const page = await store.history({ order: 'newest', limit: 3, from });
        pages.push(page.commits.map(({ revision }) => revision));
        from = page.next;
      } while (from !== null);
      expect(pages).toEqual([[7, 6, 5], [4, 3, 2], [1]]);
      const { commits, next } = await store.history({ order: 'oldest', from: 3, limit: 4 });
      expect([commits.map(({ revision }) => revision), next]).toEqual([[3, 4, 5, 6], 7]);
      expect(commits[1]?.prev_hash).toBe(commits[0]?.hash);
      expect(commits[0]).toMatchObject({
        meta: META,
        changes: [{ kind: 'service', doc: { n: 3 } }],
      });
      const { line = '', hash } = commits[0] ?? {};
      const body = line.slice(0, line.lastIndexOf(',"hash":"'));
      expect(createHash('sha256').update(body).digest('hex')).toBe(hash);
      expect(await store.history({ order: 'oldest', from: 8, limit: 4 })).toEqual({
        commits: [],
        next: null,
        damaged: [],
      });
    });

    it('verifies the chain, and tells when it ends before what others have seen of it', async () => {
      expect(await store.verifyChain()).toMatchObject({ intact: true, records: 0, last: null });
      await store.commit([put(ID, {})], META);
      await store.commit([put(ID, {})], META);
      const { chainEnd } = store;
      expect(await store.verifyChain([{ ...chainEnd, by: 'me' }])).toMatchObject({
        intact: true,
        records: 2,
        first: { number: 1 },
        last: chainEnd,
        breaks: [],
      });
      const later = await store.verifyChain([{ number: 3, hash: chainEnd.hash, by: 'me' }]);
      expect(later).toMatchObject({ intact: false, breaks: [{ fault: 'end', number: 3 }] });
      const other = await store.verifyChain([{ number: 1, hash: chainEnd.hash, by: 'me' }]);
      expect(other).toMatchObject({ intact: false, breaks: [{ fault: 'anchor', number: 1 }] });
    });

    it('takes no commit once it is closed, and closes once only', async () => {
      await store.close();
      await store.close();
      expect(await codeOf(store.commit([put(ID, {})], META))).toBe('storage.closed');
    });

    it('has everything again after it was closed and opened', async () => {
      if (test.reopen === null) return;
      await store.commit([put(ID, { n: 1 }), put(OTHER, {})], META);
      await store.commit(
        [
          { kind: 'revision', id: `${ID}/1`, op: 'put', doc: { r: 1 } },
          { kind: 'idempotency', id: 'a key', op: 'put', doc: { k: 1 } },
          { kind: 'service', id: OTHER, op: 'delete' },
        ],
        META,
      );
      store = await test.reopen();
      expect(store.revision).toBe(2);
      expect(store.list('service')).toEqual([
        { kind: 'service', id: ID, version: 1, doc: { n: 1 } },
      ]);
      expect((await store.read('revision', `${ID}/1`))?.doc).toEqual({ r: 1 });
      expect(store.get('idempotency', 'a key')?.doc).toEqual({ k: 1 });
      expect(await store.changesSince(0)).toHaveLength(2);
      expect(await store.commit([put(ID, {}, 1)], META)).toBe(3);
    });
  });
}
