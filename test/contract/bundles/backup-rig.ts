import { BackupMaker } from '../../../src/bundles/backup-maker.js';
import { BackupShelf } from '../../../src/bundles/backup-shelf.js';
import { BackupsService, type BackupSchedule } from '../../../src/bundles/backups.service.js';
import { SilentLogger } from '../../../src/kernel/logger.js';
import { SystemRandom } from '../../../src/kernel/random.js';
import { MemoryStore } from '../../../src/storage/memory.store.js';
import type { RecordStore } from '../../../src/storage/record-store.js';
import { FaultyFileSystem } from '../../support/faulty-file-system.js';
import { ManualClock } from '../../support/manual-clock.js';

export const DIRECTORY = '/data/services/backups';

/** Backups of a store in memory, on a disk in memory that fails on demand. */
export interface BackupRig {
  readonly clock: ManualClock;
  readonly store: RecordStore;
  readonly disk: FaultyFileSystem;
  readonly shelf: BackupShelf;
  readonly backups: BackupsService;
}

export async function backupRig(
  schedule: BackupSchedule = { intervalHours: 24, keep: 3 },
  opened?: RecordStore,
  disk?: FaultyFileSystem,
): Promise<BackupRig> {
  const clock = new ManualClock();
  const store = opened ?? new MemoryStore(clock);
  if (opened === undefined) await store.open();
  const fileSystem = disk ?? new FaultyFileSystem(() => clock.now());
  const shelf = new BackupShelf(fileSystem, DIRECTORY);
  const random = new SystemRandom();
  const maker = new BackupMaker({
    store,
    shelf,
    fileSystem,
    clock,
    random,
    productVersion: '0.1.0',
  });
  const logger = new SilentLogger();
  const backups = new BackupsService({ shelf, maker, clock, logger, schedule });
  return { clock, store, disk: fileSystem, shelf, backups };
}

export const META = { actor: 'alice', source: 'api', verb: 'test' } as const;

/** Records of every kind, those that are not in a backup among them. */
export async function fill(store: RecordStore, services = 5): Promise<void> {
  for (let number = 0; number < services; number += 1) {
    const id = uuid(number);
    const doc = { schema_version: '1.0', service_id: id, spec: { name: `s-${number}` } };
    await store.commit(
      [
        { kind: 'service', id, op: 'put', doc },
        { kind: 'revision', id: `${id}/1`, op: 'put', doc: { ...doc, revision: 1 } },
        { kind: 'service_status', id, op: 'put', doc: { state: 'active' } },
      ],
      META,
    );
  }
  const plain = { schema_version: '1.0', title: 'ünï "quoted" \u2028' };
  await store.commit(
    [
      { kind: 'template', id: 'team', op: 'put', doc: plain },
      { kind: 'template_revision', id: 'team/1', op: 'put', doc: plain },
      { kind: 'route', id: uuid(900), op: 'put', doc: plain },
      { kind: 'approval', id: uuid(0), op: 'put', doc: plain },
      { kind: 'archive', id: uuid(901), op: 'put', doc: plain },
      { kind: 'idempotency', id: 'key', op: 'put', doc: { answer: 'SECRET-CANARY' } },
      { kind: 'alert', id: 'a1', op: 'put', doc: { text: 'SECRET-CANARY' } },
    ],
    META,
  );
}

export function uuid(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}
