import { describe, expect, it } from '@jest/globals';
import { gunzipSync } from 'node:zlib';
import { unpackTar } from 'modern-tar';
import { ProblemError } from '../../../src/kernel/problem.js';
import { MemoryStore } from '../../../src/storage/memory.store.js';
import type { RecordStore } from '../../../src/storage/record-store.js';
import { ManualClock, settle } from '../../support/manual-clock.js';
import { backupRig, DIRECTORY, fill, META, uuid, type BackupRig } from './backup-rig.js';

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ProblemError) return error.code;
    throw error;
  }
  return 'no problem';
}

async function membersOf(rig: BackupRig, backupId: string): Promise<Map<string, string>> {
  const archive = await rig.disk.read(`${DIRECTORY}/${backupId}.tar.gz`);
  const members = await unpackTar(gunzipSync(archive), { strict: true });
  const text = (data: Uint8Array | undefined): string => Buffer.from(data ?? []).toString('utf8');
  return new Map(members.map(({ header, data }) => [header.name, text(data)]));
}

describe('a backup', () => {
  it('holds the records of one revision, one file each, and their sums', async () => {
    const rig = await backupRig();
    await fill(rig.store);
    const made = await rig.backups.create();
    expect(made).toMatchObject({ origin: 'on_demand', lost: [], pruned: [], fault: null });
    expect(made.manifest).toMatchObject({
      store_revision: rig.store.revision,
      counts: { service: 5, revision: 5, template: 1, route: 1, approval: 1, archive: 1 },
    });
    const members = await membersOf(rig, made.backup_id);
    expect([...members.keys()].slice(0, 2)).toEqual([
      'manifest.json',
      `records/service/${uuid(0)}.json`,
    ]);
    expect([...members.keys()].at(-1)).toBe('SHA256SUMS');
    expect(members.get(`records/revision/${uuid(3)}/1.json`)).toBe(
      `{"doc":{"revision":1,"schema_version":"1.0","service_id":"${uuid(3)}","spec":{"name":"s-3"}},"id":"${uuid(3)}/1","kind":"revision","schema_version":"1.0"}\n`,
    );
    expect([...members.values()].join('')).not.toContain('SECRET-CANARY');
    expect(members.size).toBe(3 + 15);
  });

  it('is verified byte for byte, and listed with what its manifest says', async () => {
    const rig = await backupRig();
    await fill(rig.store);
    const made = await rig.backups.create();
    expect(await rig.backups.verify(made.backup_id)).toMatchObject({ lost: [], fault: null });
    const [listed] = await rig.backups.list();
    expect(listed).toEqual(await rig.backups.get(made.backup_id));
    expect(listed).toMatchObject({ sha256: made.sha256, manifest: made.manifest });
  });

  it('is of one revision although records change and go while it is written', async () => {
    const clock = new ManualClock();
    const store = new MemoryStore(clock);
    await store.open();
    await fill(store, 40);
    const rig = await backupRig(undefined, churning(store));
    const before = store.revision;
    const made = await rig.backups.create();
    expect(store.revision).toBeGreaterThan(before + 20);
    expect(made.manifest?.store_revision).toBe(before);
    const members = await membersOf(rig, made.backup_id);
    for (let number = 0; number < 40; number += 1) {
      const member = members.get(`records/revision/${uuid(number)}/1.json`);
      expect(member).toContain(`"name":"s-${number}"`);
    }
  });

  it('is refused with 200 random bits turned, in the archive and beside it', async () => {
    const rig = await backupRig();
    await fill(rig.store);
    const { backup_id: id } = await rig.backups.create();
    const before = rig.store.revision;
    const sidecar = `${DIRECTORY}/${id}.tar.gz.sha256`;
    const archive = `${DIRECTORY}/${id}.tar.gz`;
    const outcomes = new Set<string>();
    let seed = 20_260_801;
    for (let round = 0; round < 200; round += 1) {
      const path = round % 4 === 0 ? sidecar : archive;
      const whole = await rig.disk.read(path);
      seed = (seed * 48_271) % 2_147_483_647;
      const damaged = Buffer.from(whole);
      const at = seed % (whole.length * 8);
      damaged[at >> 3] = (damaged[at >> 3] ?? 0) ^ (1 << (at & 7));
      rig.disk.overwrite(path, damaged);
      outcomes.add(await codeOf(rig.backups.verify(id)));
      rig.disk.overwrite(path, whole);
    }
    expect([...outcomes]).toEqual(['bundles.backup-damaged']);
    expect(rig.store.revision).toBe(before);
    expect(await codeOf(rig.backups.verify(id))).toBe('no problem');
  });

  it('leaves nothing when the disk is full, wherever it gets full', async () => {
    const rig = await backupRig();
    await fill(rig.store);
    const { bytes } = await rig.backups.create();
    const kept = rig.disk.contents();
    for (let room = 0; room < bytes + 120; room += 101) {
      rig.disk.capacity = rig.disk.usedBytes + room;
      await rig.clock.advance(1000);
      expect(await codeOf(rig.backups.create())).toBe('storage.disk-full');
      expect(rig.disk.contents()).toEqual(kept);
    }
  });

  it('leaves nothing when an operation of the disk fails, whichever it is', async () => {
    const rig = await backupRig();
    await fill(rig.store);
    await rig.backups.create();
    const before = rig.disk.operations;
    await rig.backups.create();
    const needed = rig.disk.operations - before;
    const kept = [...rig.disk.contents().keys()];
    for (let step = 1; step <= needed; step += 1) {
      const fails = rig.disk.operations + step;
      const names = ['open', 'write', 'sync', 'rename'];
      let failed = false;
      rig.disk.hook = ({ number, name }) => {
        if (number !== fails || !names.includes(name)) return undefined;
        failed = true;
        return { code: 'EIO' };
      };
      await rig.clock.advance(1000);
      const code = await codeOf(rig.backups.create());
      expect(code).toBe(failed ? 'bundles.backup-failed' : 'no problem');
      if (!failed) await rig.backups.remove((await rig.backups.list())[0]?.backup_id ?? '');
      expect([...rig.disk.contents().keys()]).toEqual(kept);
    }
  });

  it('is whole or swept after a power cut at any operation', async () => {
    for (let step = 1; ; step += 1) {
      const rig = await backupRig();
      await fill(rig.store, 2);
      rig.disk.hook = ({ number }) => (number === step ? { hang: true } : undefined);
      let ended = false;
      void rig.backups.create().then(() => {
        ended = true;
      });
      while (!ended && rig.disk.operations < step) await settle();
      const fraction = sequence(step);
      const disk = rig.disk.afterPowerCut(fraction);
      const next = await backupRig(undefined, rig.store, disk);
      await next.backups.start();
      const listed = await next.backups.list();
      for (const { backup_id } of listed) {
        expect(await codeOf(next.backups.verify(backup_id))).toBe('no problem');
      }
      if (ended) expect(listed).toHaveLength(1);
      const names = await disk.names(DIRECTORY);
      expect(names).toHaveLength(listed.length * 2);
      if (ended) break;
    }
  });

  it('is made of what can be read, and names what cannot', async () => {
    const rig = await backupRig();
    await fill(rig.store);
    const damaged = Object.create(rig.store) as RecordStore;
    damaged.read = async (kind, id) => {
      if (id !== `${uuid(2)}/1`) return rig.store.read(kind, id);
      const { storageProblems } = await import('../../../src/storage/storage.errors.js');
      throw storageProblems['corrupt-record']();
    };
    const other = await backupRig(undefined, damaged);
    const made = await other.backups.create();
    expect(made.lost).toEqual([{ kind: 'revision', id: `${uuid(2)}/1` }]);
    expect(await other.backups.verify(made.backup_id)).toMatchObject({ lost: made.lost });
  });
});

describe('the schedule', () => {
  it('makes a backup when one is due, keeps the newest, and leaves others alone', async () => {
    const rig = await backupRig({ intervalHours: 24, keep: 3 });
    await fill(rig.store);
    const { backup_id: own } = await rig.backups.create();
    for (let hour = 0; hour < 24 * 6; hour += 1) {
      await rig.backups.tick();
      await rig.clock.advance(60 * 60 * 1000);
    }
    const listed = await rig.backups.list();
    expect(listed.map(({ origin }) => origin)).toEqual([
      'scheduled',
      'scheduled',
      'scheduled',
      'on_demand',
    ]);
    expect(listed.at(-1)?.backup_id).toBe(own);
    const { lastMs } = await rig.backups.schedule();
    expect(lastMs).toBe(listed[0]?.createdMs);
  });

  it('tries again some time after a failure, and says why it failed', async () => {
    const rig = await backupRig();
    await fill(rig.store);
    rig.disk.capacity = 0;
    await rig.backups.tick();
    expect(await rig.backups.schedule()).toMatchObject({
      lastMs: null,
      nextMs: rig.clock.now() + 600_000,
      lastFailure: 'There is no room for the backup; nothing of it is left.',
    });
    rig.disk.capacity = Number.POSITIVE_INFINITY;
    await rig.backups.tick();
    expect(await rig.backups.list()).toEqual([]);
    await rig.clock.advance(600_000);
    await rig.backups.tick();
    expect(await rig.backups.list()).toHaveLength(1);
    expect(await rig.backups.schedule()).toMatchObject({ lastFailure: null });
  });

  it('makes none of an empty store, which would push out those of what it was', async () => {
    const rig = await backupRig();
    await rig.backups.tick();
    expect(await rig.backups.list()).toEqual([]);
    expect((await rig.backups.create()).manifest?.counts.service).toBe(0);
  });

  it('makes none when it is switched off', async () => {
    const rig = await backupRig({ intervalHours: 0, keep: 3 });
    await fill(rig.store);
    await rig.backups.tick();
    expect(await rig.backups.list()).toEqual([]);
    expect(await rig.backups.schedule()).toMatchObject({ nextMs: null });
  });
});

describe('the directory', () => {
  it('takes an archive that was put there, and refuses it without its sum', async () => {
    const rig = await backupRig();
    await fill(rig.store);
    const { backup_id: id } = await rig.backups.create();
    const content = await rig.disk.read(`${DIRECTORY}/${id}.tar.gz`);
    rig.disk.overwrite(`${DIRECTORY}/from-elsewhere.tar.gz`, content);
    const found = await rig.backups.get('from-elsewhere');
    expect(found).toMatchObject({ origin: 'external', sha256: null });
    expect(found.fault).toContain('.sha256');
    expect(await codeOf(rig.backups.verify('from-elsewhere'))).toBe('bundles.backup-damaged');
  });

  it.each(['../../etc/passwd', '.hidden', 'a/b', '', 'x'.repeat(200)])(
    'knows no backup %j',
    async (id) => {
      const rig = await backupRig();
      expect(await codeOf(rig.backups.get(id))).toBe('bundles.backup-unknown');
    },
  );

  it('writes one backup at a time', async () => {
    const rig = await backupRig();
    await fill(rig.store);
    const first = rig.backups.create();
    expect(await codeOf(rig.backups.create())).toBe('bundles.backup-busy');
    await first;
    expect(await codeOf(rig.backups.create())).toBe('no problem');
  });
});

/** The store, in which every read of a cold record is followed by changes of others. */
function churning(store: RecordStore): RecordStore {
  const churned = Object.create(store) as RecordStore;
  let next = 39;
  churned.read = async (kind, id) => {
    const id_ = uuid(next);
    if (next > 0) {
      const change =
        next % 2 === 0
          ? ({ op: 'delete' } as const)
          : ({ op: 'put', doc: { schema_version: '1.0', changed: true } } as const);
      next -= 1;
      await store.commit([{ kind: 'revision', id: `${id_}/1`, ...change }], META);
      await store.commit([{ kind: 'service', id: id_, op: 'delete' }], META);
    }
    return store.read(kind, id);
  };
  return churned;
}

function sequence(seed: number): () => number {
  let state = seed * 7919 + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
