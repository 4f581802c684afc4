import { describe, expect, it } from '@jest/globals';
import { ProblemError } from '../../../src/kernel/problem.js';
import type { CommitMeta, RecordChange } from '../../../src/storage/record-store.js';
import { FaultyFileSystem } from '../../support/faulty-file-system.js';
import { ManualClock, settle } from '../../support/manual-clock.js';
import { DIRECTORY, storeOn } from './crash-scenario.js';

const META: CommitMeta = { actor: 'test', source: 'test', verb: 'test.change' };
const JOURNAL = `${DIRECTORY}/journal`;

function put(id: string, doc: object = { tag: id }): RecordChange {
  return { kind: 'service', id, op: 'put', doc };
}

async function problemOf(result: Promise<unknown>): Promise<ProblemError | null> {
  try {
    await result;
    return null;
  } catch (error) {
    if (error instanceof ProblemError) return error;
    throw error;
  }
}

async function openOn(fileSystem: FaultyFileSystem): Promise<ReturnType<typeof storeOn>> {
  const store = storeOn(fileSystem);
  await store.open();
  return store;
}

/** A closed store with a few records of each temperature. */
async function filled(): Promise<FaultyFileSystem> {
  const fileSystem = new FaultyFileSystem();
  const store = await openOn(fileSystem);
  await store.commit([put('one'), put('two')], META);
  await store.commit(
    [{ kind: 'revision', id: 'one/1', op: 'put', doc: { tag: 'first' } }, put('one', { tag: 'b' })],
    META,
  );
  await store.close();
  return fileSystem;
}

describe('the layout of the file store', () => {
  it('keeps each kind where people look for it, and nothing but the journal for idempotency keys', async () => {
    const fileSystem = new FaultyFileSystem();
    const store = await openOn(fileSystem);
    const kinds = ['service', 'service_status', 'template', 'archive', 'route'] as const;
    await store.commit(
      [
        ...kinds.map((kind) => ({ kind, id: 'x', op: 'put' as const, doc: { name: 'n' } })),
        { kind: 'revision', id: 'x/12', op: 'put', doc: {} },
        { kind: 'idempotency', id: 'any key', op: 'put', doc: {} },
      ],
      META,
    );
    await store.close();
    const files = [...fileSystem.contents()]
      .filter(([, content]) => content !== null)
      .map(([name]) => name.slice(DIRECTORY.length + 1));
    expect(files).toEqual([
      'active/index.json',
      'active/x.json',
      'archive/deleted_services/x.json',
      'history/x/12.json',
      'journal/000000000001.jsonl',
      'reserve',
      'routes/x.json',
      'status/x.json',
      'templates/custom_templates/x.json',
    ]);
    expect(JSON.parse(fileSystem.contents().get(`${DIRECTORY}/active/x.json`) ?? '')).toEqual({
      schema_version: '1.0',
      kind: 'service',
      id: 'x',
      version: 1,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      doc: { name: 'n' },
    });
  });

  it('leaves no trace of a service whose history is deleted', async () => {
    const fileSystem = await filled();
    const store = await openOn(fileSystem);
    await store.commit([{ kind: 'revision', id: 'one/1', op: 'delete' }], META);
    await store.close();
    expect([...fileSystem.contents().keys()]).not.toContain(`${DIRECTORY}/history/one`);
  });
});

describe('a commit on a disk that fails', () => {
  it('makes many commits durable with one sync', async () => {
    const fileSystem = new FaultyFileSystem();
    const store = await openOn(fileSystem);
    let syncs = 0;
    fileSystem.hook = ({ name }) => {
      if (name === 'syncData') syncs += 1;
      return undefined;
    };
    await Promise.all(Array.from({ length: 100 }, (_, n) => store.commit([put(`s${n}`)], META)));
    expect(syncs).toBeLessThanOrEqual(2);
    await store.close();
  });

  it('is refused with 507 when the disk is full, and heals when there is room', async () => {
    const fileSystem = new FaultyFileSystem();
    const store = await openOn(fileSystem);
    await store.commit([put('before')], META);
    await store.settleFiles();
    fileSystem.capacity = fileSystem.usedBytes;
    expect((await problemOf(store.commit([put('refused')], META)))?.status).toBe(507);
    expect((await problemOf(store.commit([put('refused')], META)))?.status).toBe(507);
    expect(store.get('service', 'refused')).toBeUndefined();
    expect(store.status()).toMatchObject({ disk_full: true, read_only: false });
    fileSystem.capacity = Number.POSITIVE_INFINITY;
    expect(await store.commit([put('after')], META)).toBe(2);
    expect(store.status()).toMatchObject({ disk_full: false, read_only: false });
    await store.close();
    const again = await openOn(fileSystem);
    expect(again.list('service').map(({ id }) => id)).toEqual(['after', 'before']);
    await again.close();
  });

  it('still takes deletions on a full disk, out of the reserve', async () => {
    const fileSystem = new FaultyFileSystem();
    const store = await openOn(fileSystem);
    await store.commit([put('big', { padding: 'x'.repeat(4000) })], META);
    await store.settleFiles();
    fileSystem.capacity = fileSystem.usedBytes;
    expect(await store.commit([{ kind: 'service', id: 'big', op: 'delete' }], META)).toBe(2);
    await store.settleFiles();
    // The deletion made room: the reserve is taken again and commits go on.
    expect(await store.commit([put('small')], META)).toBe(3);
    await store.close();
  });

  it('is refused when its sync fails, does not come back, and three in a row make the store read-only', async () => {
    const fileSystem = new FaultyFileSystem();
    const store = await openOn(fileSystem);
    await store.commit([put('before')], META);
    await store.settleFiles();
    fileSystem.hook = ({ name }) => (name === 'syncData' ? { code: 'EIO' } : undefined);
    const codes: (string | undefined)[] = [];
    for (let n = 0; n < 4; n += 1) {
      codes.push((await problemOf(store.commit([put(`refused${n}`)], META)))?.code);
    }
    expect(codes).toEqual([
      'storage.write-failed',
      'storage.write-failed',
      'storage.write-failed',
      'storage.read-only',
    ]);
    expect(store.status()).toMatchObject({ read_only: true, revision: 1 });
    expect(store.status().reason).not.toBeNull();
    const again = await openOn(fileSystem.afterProcessDeath());
    expect(again.list('service').map(({ id }) => id)).toEqual(['before']);
    expect(again.status().read_only).toBe(false);
    await again.close();
  });

  it('says that the outcome is unknown when the refused bytes could not be cut off', async () => {
    const fileSystem = new FaultyFileSystem();
    const store = await openOn(fileSystem);
    await store.commit([put('before')], META);
    await store.settleFiles();
    fileSystem.hook = ({ name, path }) =>
      path.startsWith(JOURNAL) && name !== 'write' ? { code: 'EIO' } : undefined;
    const problem = await problemOf(store.commit([put('who-knows')], META));
    expect(problem?.details.extra).toEqual({ outcome: 'unknown' });
    fileSystem.hook = () => undefined;
    expect(await store.commit([put('after')], META)).toBe(2);
    await store.close();
    const again = await openOn(fileSystem);
    expect(again.list('service').map(({ id }) => id)).toEqual(['after', 'before']);
    await again.close();
  });

  it('is acknowledged although its file cannot be written, and the file follows later', async () => {
    const fileSystem = new FaultyFileSystem();
    const clock = new ManualClock();
    const store = storeOn(fileSystem, {}, clock);
    await store.open();
    fileSystem.hook = ({ path }) => (path.includes('/active/') ? { code: 'EIO' } : undefined);
    await store.commit([put('one')], META);
    await clock.advance(10);
    expect(store.status().pending_files).toBe(1);
    fileSystem.hook = () => undefined;
    await clock.advance(60_000);
    await settle();
    expect(store.status().pending_files).toBe(0);
    expect(fileSystem.contents().get(`${DIRECTORY}/active/one.json`)).toContain('"tag": "one"');
    await store.close();
  });
});

describe('a boot on files that are not in order', () => {
  const ACTIVE = `${DIRECTORY}/active/one.json`;

  it('reports a valid edit by hand, leaves it in place and goes on with the journal', async () => {
    const fileSystem = await filled();
    const edited = (fileSystem.contents().get(ACTIVE) ?? '').replace('"b"', '"by hand"');
    fileSystem.overwrite(ACTIVE, edited);
    const store = await openOn(fileSystem);
    expect(store.status().faults).toEqual([
      expect.objectContaining({
        kind: 'service',
        id: 'one',
        fault: 'drifted',
        file: ACTIVE,
        found: { tag: 'by hand' },
      }),
    ]);
    expect(store.get('service', 'one')?.doc).toEqual({ tag: 'b' });
    expect(fileSystem.contents().get(ACTIVE)).toBe(edited);
    await store.commit([put('one', { tag: 'by hand' })], META);
    expect(store.status().faults).toEqual([]);
    await store.close();
  });

  it('takes a file that was only formatted anew as unchanged', async () => {
    const fileSystem = await filled();
    const file: unknown = JSON.parse(fileSystem.contents().get(ACTIVE) ?? '');
    fileSystem.overwrite(ACTIVE, JSON.stringify(file));
    const store = await openOn(fileSystem);
    expect(store.status().faults).toEqual([]);
    await store.close();
  });

  it('writes a file again, without a fault, that the crash left at an older version or not at all', async () => {
    const fileSystem = new FaultyFileSystem();
    const first = await openOn(fileSystem);
    await first.commit([put('one'), put('two')], META);
    await first.settleFiles();
    const old = fileSystem.contents().get(ACTIVE) ?? '';
    await first.commit([put('one', { tag: 'new' })], META);
    await first.close();
    fileSystem.overwrite(ACTIVE, old);
    await fileSystem.remove(`${DIRECTORY}/active/two.json`);
    const store = await openOn(fileSystem);
    expect(store.status().faults).toEqual([]);
    expect(store.status().boot).toMatchObject({ rewritten: 2 });
    await store.close();
    expect(fileSystem.contents().get(ACTIVE)).toContain('"tag": "new"');
    expect([...fileSystem.contents().keys()]).toContain(`${DIRECTORY}/active/two.json`);
  });

  it('removes the file of a deleted record that the crash left', async () => {
    const fileSystem = await filled();
    const left = fileSystem.contents().get(ACTIVE) ?? '';
    const first = await openOn(fileSystem);
    await first.commit([{ kind: 'service', id: 'one', op: 'delete' }], META);
    await first.close();
    fileSystem.overwrite(ACTIVE, left);
    const store = await openOn(fileSystem);
    await store.close();
    expect([...fileSystem.contents().keys()]).not.toContain(ACTIVE);
  });

  it('moves what cannot be read to corrupt/, reports it and writes the file again', async () => {
    const fileSystem = await filled();
    fileSystem.overwrite(ACTIVE, '{"schema_version":"1.0","ki');
    const store = await openOn(fileSystem);
    const [fault] = store.status().faults;
    expect(fault).toMatchObject({ kind: 'service', id: 'one', fault: 'corrupt' });
    expect(fileSystem.contents().get(fault?.file ?? '')).toContain('"ki');
    expect(store.get('service', 'one')?.doc).toEqual({ tag: 'b' });
    await store.close();
    expect(fileSystem.contents().get(ACTIVE)).toContain('"tag": "b"');
  });

  it('brings a damaged cold document back from the journal', async () => {
    const fileSystem = await filled();
    const store = await openOn(fileSystem);
    await store.settleFiles();
    fileSystem.overwrite(`${DIRECTORY}/history/one/1.json`, 'zeros');
    expect((await store.read('revision', 'one/1'))?.doc).toEqual({ tag: 'first' });
    expect(store.status().faults).toMatchObject([{ id: 'one/1', fault: 'corrupt' }]);
    await store.settleFiles();
    expect(fileSystem.contents().get(`${DIRECTORY}/history/one/1.json`)).toContain('first');
    await store.close();
  });

  it('sweeps temporary files', async () => {
    const fileSystem = await filled();
    fileSystem.overwrite(`${ACTIVE}.tmp`, 'half');
    fileSystem.overwrite(`${DIRECTORY}/history/one/1.json.tmp`, 'half');
    fileSystem.overwrite(`${JOURNAL}/snapshot-000000000001.jsonl.tmp`, 'half');
    const store = await openOn(fileSystem);
    expect(store.status().boot).toMatchObject({ swept: 3 });
    expect([...fileSystem.contents().keys()].filter((name) => name.endsWith('.tmp'))).toEqual([]);
    await store.close();
  });

  it('takes over the files when the journal is gone', async () => {
    const fileSystem = await filled();
    await fileSystem.remove(`${JOURNAL}/000000000001.jsonl`);
    const store = await openOn(fileSystem);
    expect(store.status().boot).toMatchObject({ adopted: 3 });
    expect(store.get('service', 'one')).toMatchObject({ version: 1, doc: { tag: 'b' } });
    expect((await store.read('revision', 'one/1'))?.doc).toEqual({ tag: 'first' });
    await store.close();
  });
});

describe('a boot on a journal that is not in order', () => {
  const SEGMENT = `${JOURNAL}/000000000001.jsonl`;

  it('cuts a torn last record and keeps a copy of it', async () => {
    const fileSystem = await filled();
    const whole = fileSystem.contents().get(SEGMENT) ?? '';
    fileSystem.overwrite(SEGMENT, `${whole}{"schema_version":"1.0","revi`);
    const store = await openOn(fileSystem);
    expect(store.revision).toBe(2);
    expect(store.status()).toMatchObject({ read_only: false, boot: { cut_bytes: 29 } });
    expect(fileSystem.contents().get(SEGMENT)).toBe(whole);
    const copies = [...fileSystem.contents().keys()].filter((name) => name.includes('.tail-'));
    expect(copies).toHaveLength(1);
    await store.close();
  });

  it('is read-only, with all that verifies readable and nothing changed, when an acknowledged record is damaged', async () => {
    const fileSystem = await filled();
    const whole = fileSystem.contents().get(SEGMENT) ?? '';
    const damaged = whole.replace('"tag":"one"', '"tag":"0ne"');
    fileSystem.overwrite(SEGMENT, damaged);
    const store = await openOn(fileSystem);
    expect(store.status().read_only).toBe(true);
    expect(store.status().reason).toContain('byte 0');
    expect(store.get('service', 'one')?.doc).toEqual({ tag: 'b' });
    expect((await store.read('revision', 'one/1'))?.doc).toEqual({ tag: 'first' });
    expect((await problemOf(store.commit([put('new')], META)))?.code).toBe('storage.read-only');
    await store.close();
    expect(fileSystem.contents().get(SEGMENT)).toBe(damaged);
  });

  it('refuses to start on records of a newer schema', async () => {
    const fileSystem = await filled();
    fileSystem.overwrite(
      `${JOURNAL}/snapshot-000000000009.jsonl`,
      '{"schema_version":"2.0","revision":9}\n{}\n',
    );
    expect((await problemOf(storeOn(fileSystem).open()))?.code).toBe('storage.newer-schema');
  });
});

describe('compaction', () => {
  it('boots from the snapshot, keeps the feed from sealed segments, and forgets what is past its time', async () => {
    const fileSystem = new FaultyFileSystem(() => Date.UTC(2026, 0, 1));
    const limits = { compactRecords: 10, ringCommits: 3 };
    const store = storeOn(fileSystem, limits);
    await store.open();
    for (let n = 1; n <= 34; n += 1) {
      await store.commit([put(`s${n % 5}`, { n })], META);
      await store.settleFiles();
    }
    expect((await store.changesSince(0)).map(({ revision }) => revision)).toEqual(
      Array.from({ length: 34 }, (_, index) => index + 1),
    );
    await store.close();
    const names = [...fileSystem.contents().keys()].filter((name) => name.startsWith(JOURNAL));
    expect(names.filter((name) => name.includes('snapshot'))).toHaveLength(2);
    expect(names.filter((name) => name.includes('sealed/'))).toHaveLength(3);

    const again = storeOn(fileSystem, { ...limits, sealedKeptBytes: 0 });
    await again.open();
    expect(again.status().boot).toMatchObject({ snapshot_revision: 30, replayed: 4 });
    expect(again.get('service', 's4')?.doc).toEqual({ n: 34 });
    expect(await again.changesSince(12, 2)).toMatchObject([{ revision: 13 }, { revision: 14 }]);
    for (let n = 0; n < 12; n += 1) await again.commit([put('s1', { n })], META);
    await again.settleFiles();
    expect((await problemOf(again.changesSince(5)))?.code).toBe('storage.compacted');
    await again.close();
  });

  it('falls back to the snapshot before when the latest is damaged', async () => {
    const fileSystem = new FaultyFileSystem(() => Date.UTC(2026, 0, 1));
    const store = storeOn(fileSystem, { compactRecords: 5 });
    await store.open();
    for (let n = 1; n <= 12; n += 1) {
      await store.commit([put('one', { n })], META);
      await store.settleFiles();
    }
    await store.close();
    const latest = `${JOURNAL}/snapshot-000000000010.jsonl`;
    fileSystem.overwrite(latest, (fileSystem.contents().get(latest) ?? '').replace('10', '11'));
    const again = await openOn(fileSystem);
    expect(again.status().boot).toMatchObject({ snapshot_revision: 5, refused_snapshots: 1 });
    expect(again.get('service', 'one')).toMatchObject({ version: 12, doc: { n: 12 } });
    await again.close();
  });
});

describe('the lock', () => {
  it('refuses a second store while the first lives, and yields to one after its death', async () => {
    const fileSystem = new FaultyFileSystem();
    const processes = { own: { pid: 1, started: 'a' }, isAlive: true };
    const first = await openOn(fileSystem);
    const second = storeOn(fileSystem, {}, new ManualClock(), {
      self: () => Promise.resolve(processes.own),
      isAlive: () => Promise.resolve(processes.isAlive),
    });
    expect((await problemOf(second.open()))?.code).toBe('storage.locked');
    await first.commit([put('still-mine')], META);
    const successor = await openOn(fileSystem.afterProcessDeath());
    expect(successor.get('service', 'still-mine')).toBeDefined();
    await successor.close();
    await first.close();
    expect([...fileSystem.contents().keys()]).not.toContain(`${DIRECTORY}/lock`);
  });
});
