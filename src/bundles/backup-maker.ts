import type { Clock } from '../kernel/clock.js';
import type { FileSystem } from '../kernel/file-system.js';
import { ProblemError } from '../kernel/problem.js';
import type { Random } from '../kernel/random.js';
import type { RecordStore } from '../storage/record-store.js';
import { isOutOfSpace, storageProblems } from '../storage/storage.errors.js';
import { renderSums } from './archive-sums.js';
import { writeArchive, type WrittenArchive } from './archive-writer.js';
import { checkBackup } from './backup-check.js';
import {
  BACKUP_FORMAT,
  BACKUP_KINDS,
  BACKUP_SCHEMA_VERSION,
  type BackupManifest,
  type LostRecord,
} from './backup-document.js';
import { archiveFileOf, backupIdOf, type BackupOrigin } from './backup-name.js';
import type { BackupShelf } from './backup-shelf.js';
import { SnapshotGone, snapshotMembers, takeSnapshot } from './backup-snapshot.js';
import { bundlesProblems } from './bundles.errors.js';

export interface BackupMakerParts {
  readonly store: RecordStore;
  readonly shelf: BackupShelf;
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly random: Random;
  readonly productVersion: string;
}

export interface MadeBackup extends WrittenArchive {
  readonly manifest: BackupManifest;
  /** Records that were damaged before; the backup has everything else. */
  readonly lost: readonly LostRecord[];
}

const MAX_ATTEMPTS = 3;

/** Writes backups. Invariant: one that is there was read back whole after it was written. */
export class BackupMaker {
  constructor(private readonly parts: BackupMakerParts) {}

  /** Whether there is nothing that a backup would hold. */
  get isStoreEmpty(): boolean {
    return BACKUP_KINDS.every((kind) => this.parts.store.ids(kind).length === 0);
  }

  /** Throws `storage.disk-full`, `bundles.backup-failed` and `bundles.backup-unsettled`; nothing is left then. */
  async make(origin: Exclude<BackupOrigin, 'external'>): Promise<MadeBackup> {
    const { clock, random, shelf } = this.parts;
    const nowMs = clock.now();
    const backupId = backupIdOf(nowMs, origin, random.bytes(4).toString('hex'));
    try {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await this.write(backupId, origin, nowMs);
        } catch (error) {
          if (!(error instanceof SnapshotGone) || attempt === MAX_ATTEMPTS) throw error;
        }
      }
    } catch (error) {
      await shelf.remove(backupId).catch(() => undefined);
      throw problemOf(error);
    }
  }

  private async write(backupId: string, origin: BackupOrigin, nowMs: number): Promise<MadeBackup> {
    const { store, shelf, fileSystem, productVersion } = this.parts;
    const path = await shelf.prepare(backupId);
    const snapshot = takeSnapshot(store);
    const manifest: BackupManifest = {
      format: BACKUP_FORMAT,
      schema_version: BACKUP_SCHEMA_VERSION,
      product_version: productVersion,
      backup_id: backupId,
      origin,
      created_at: new Date(nowMs).toISOString(),
      store_revision: snapshot.revision,
      counts: snapshot.counts,
    };
    const lost: LostRecord[] = [];
    const members = snapshotMembers(store, snapshot, manifest, lost);
    const written = await writeArchive(fileSystem, path, members, nowMs);
    await this.readBack(backupId, path, written.sha256);
    await shelf.publish(backupId, written.sha256);
    return { ...written, manifest, lost };
  }

  private async readBack(backupId: string, path: string, sha256: string): Promise<void> {
    const file = archiveFileOf(backupId);
    const sidecar = Buffer.from(renderSums(new Map([[file, sha256]])));
    await checkBackup({ file, content: await this.parts.fileSystem.read(path), sidecar });
  }
}

function problemOf(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof SnapshotGone) {
    return bundlesProblems['backup-unsettled']({ cause: error, retry_after_s: 30 });
  }
  if (isOutOfSpace(error)) {
    return storageProblems['disk-full']({
      detail: 'There is no room for the backup; nothing of it is left.',
      cause: error,
    });
  }
  return bundlesProblems['backup-failed']({ cause: error, retry_after_s: 10 });
}
