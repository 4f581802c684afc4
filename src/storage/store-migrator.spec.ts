import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { MemoryStore } from './memory.store.js';
import type { Migration } from './migration.js';
import { StoreMigrator } from './store-migrator.js';

const STEPS: readonly Migration[] = [
  { kind: 'service', from: '1.0', to: '1.1', migrate: (doc) => ({ ...doc, added: 1 }) },
  { kind: 'service', from: '1.1', to: '1.2', migrate: (doc) => ({ ...doc, more: 2 }) },
  { kind: 'archive', from: '1.0', to: '1.1', migrate: (doc) => ({ ...doc, added: 1 }) },
];
const META = { actor: 'test', source: 'test', verb: 'test' };

describe('migrating a store', () => {
  let store: MemoryStore;

  beforeEach(async () => {
    store = new MemoryStore(new ManualClock());
    await store.open();
  });

  const put = async (
    kind: 'service' | 'archive',
    ids: string[],
    version: string,
  ): Promise<void> => {
    const doc = { schema_version: version };
    await store.commit(
      ids.map((id) => ({ kind, id, op: 'put' as const, doc })),
      META,
    );
  };

  it('takes every step, and says what there was', async () => {
    await put('service', ['a'], '1.0');
    await put('service', ['b'], '1.1');
    await put('service', ['c'], '1.2');
    await put('archive', ['d'], '1.0');
    const report = await new StoreMigrator(store, STEPS).migrateAll();
    expect(report).toEqual([
      {
        kind: 'service',
        records: 3,
        forms: { '1.0': 1, '1.1': 1, '1.2': 1 },
        migrated: 2,
        unreadable: [],
      },
      { kind: 'archive', records: 1, forms: { '1.0': 1 }, migrated: 1, unreadable: [] },
    ]);
    expect(store.get('service', 'a')?.doc).toEqual({ schema_version: '1.2', added: 1, more: 2 });
    expect((await store.read('archive', 'd'))?.doc).toEqual({ schema_version: '1.1', added: 1 });
    const [commit] = await store.changesSince(4);
    expect(commit?.meta.verb).toBe('storage.migrate');
  });

  it('commits nothing when there is nothing to do', async () => {
    await put('service', ['c'], '1.2');
    const { revision } = store;
    await new StoreMigrator(store, STEPS).migrateAll();
    expect(store.revision).toBe(revision);
  });

  it('leaves what is read from the disk alone at the start', async () => {
    await put('archive', ['d'], '1.0');
    expect(await new StoreMigrator(store, STEPS).migrateHot()).toMatchObject([{ kind: 'service' }]);
    expect((await store.read('archive', 'd'))?.doc).toEqual({ schema_version: '1.0' });
  });

  it('writes many documents in several commits', async () => {
    await put(
      'service',
      Array.from({ length: 250 }, (_, index) => `s-${String(index)}`),
      '1.0',
    );
    await new StoreMigrator(store, STEPS).migrateHot();
    const commits = await store.changesSince(1);
    expect(commits.map(({ changes }) => changes.length)).toEqual([100, 100, 50]);
  });
});
