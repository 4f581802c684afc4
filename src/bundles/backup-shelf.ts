import type { FileSystem } from '../kernel/file-system.js';
import { ensureDirectory, replaceFile, TEMPORARY_SUFFIX } from '../storage/durable-write.js';
import { systemCode } from '../storage/storage.errors.js';
import { renderSums } from './archive-sums.js';
import type { BackupFiles } from './backup-check.js';
import {
  archiveFileOf,
  backupIdOfFile,
  isBackupId,
  originOf,
  SIDECAR_SUFFIX,
  sidecarFileOf,
  timeOfBackup,
  type BackupOrigin,
} from './backup-name.js';

/** A backup as its directory shows it, without a look inside. */
export interface ShelvedBackup {
  readonly backup_id: string;
  readonly origin: BackupOrigin;
  readonly file: string;
  readonly bytes: number;
  /** When it was begun; for a file that was put there, when it was last written. Milliseconds since the epoch. */
  readonly createdMs: number;
  readonly modifiedMs: number;
}

/** An archive of more than this is not read. */
export const MAX_ARCHIVE_BYTES = 1024 * 1024 * 1024;
const MAX_SIDECAR_BYTES = 1024;
const SCRATCH = /^scratch-[0-9a-f]{8}$/;

/**
 * The directory of the backups. Invariant: an archive of ours is there whole, with its sidecar, or not at all; a file that
 * an operator puts there is taken for a backup like any other.
 */
export class BackupShelf {
  constructor(
    private readonly fileSystem: FileSystem,
    /** Absolute; made when the first backup is. */
    readonly directory: string,
  ) {}

  /** Removes what a crash has left: unfinished files and scratch directories. Answers how many. */
  async sweep(): Promise<number> {
    let swept = 0;
    for (const name of await this.fileSystem.names(this.directory)) {
      const path = `${this.directory}/${name}`;
      if (SCRATCH.test(name)) await this.removeTree(path);
      else if (isUnfinished(name) || (await this.isLoneSidecar(name))) {
        await this.fileSystem.remove(path);
      } else continue;
      swept += 1;
    }
    return swept;
  }

  /** Oldest first. Links and directories are not looked at. */
  async list(): Promise<ShelvedBackup[]> {
    const found: ShelvedBackup[] = [];
    for (const name of await this.fileSystem.names(this.directory)) {
      const backupId = backupIdOfFile(name);
      const shelved = backupId === null ? undefined : await this.find(backupId);
      if (shelved !== undefined) found.push(shelved);
    }
    const order = (one: ShelvedBackup): string => `${one.createdMs}`.padStart(16, '0') + one.file;
    return found.sort((left, right) => (order(left) < order(right) ? -1 : 1));
  }

  async find(backupId: string): Promise<ShelvedBackup | undefined> {
    if (!isBackupId(backupId)) return undefined;
    const file = archiveFileOf(backupId);
    const facts = await this.fileSystem.facts(`${this.directory}/${file}`);
    if (facts?.kind !== 'file') return undefined;
    return {
      backup_id: backupId,
      origin: originOf(backupId),
      file,
      bytes: facts.bytes,
      createdMs: timeOfBackup(backupId) ?? facts.modified_ms,
      modifiedMs: facts.modified_ms,
    };
  }

  /** The archive and its sidecar, read whole; `null` when it is gone or larger than an archive may be. */
  async read(backupId: string): Promise<BackupFiles | null> {
    const shelved = await this.find(backupId);
    if (shelved === undefined || shelved.bytes > MAX_ARCHIVE_BYTES) return null;
    const path = `${this.directory}/${shelved.file}`;
    try {
      const content = await this.fileSystem.read(path);
      return { file: shelved.file, content, sidecar: await this.sidecarOf(backupId) };
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return null;
      throw error;
    }
  }

  /** The sum that stands in the sidecar, or `null`; it is not checked. */
  async sumOf(backupId: string): Promise<string | null> {
    const text = (await this.sidecarOf(backupId))?.toString('latin1');
    return /^([0-9a-f]{64}) {2}/.exec(text ?? '')?.[1] ?? null;
  }

  /** Where a new archive is written before it is one. */
  async prepare(backupId: string): Promise<string> {
    await ensureDirectory(this.fileSystem, this.directory);
    const path = this.temporaryOf(backupId);
    await this.fileSystem.remove(path);
    return path;
  }

  /** Makes the archive that was written at `prepare(backupId)` one that is there. The sidecar is there before it. */
  async publish(backupId: string, sha256: string): Promise<void> {
    const sidecar = Buffer.from(renderSums(new Map([[archiveFileOf(backupId), sha256]])));
    const path = `${this.directory}/${sidecarFileOf(backupId)}`;
    await replaceFile(this.fileSystem, path, [sidecar]);
    await this.fileSystem.syncDirectory(this.directory);
    const archive = `${this.directory}/${archiveFileOf(backupId)}`;
    await this.fileSystem.rename(this.temporaryOf(backupId), archive);
    await this.fileSystem.syncDirectory(this.directory);
  }

  /** Removes everything of a backup, finished or not. */
  async remove(backupId: string): Promise<void> {
    // The archive first: what is left by a crash in between is a sidecar alone, which is swept.
    await this.fileSystem.remove(`${this.directory}/${archiveFileOf(backupId)}`);
    await this.fileSystem.remove(`${this.directory}/${sidecarFileOf(backupId)}`);
    await this.fileSystem.remove(this.temporaryOf(backupId));
  }

  /** An empty directory of its own; `nonce` is eight hexadecimal digits. */
  async makeScratch(nonce: string): Promise<string> {
    const path = `${this.directory}/scratch-${nonce}`;
    await this.removeTree(path);
    await this.fileSystem.makeDirectory(path);
    return path;
  }

  async removeTree(path: string): Promise<void> {
    for (const name of await this.fileSystem.names(path)) {
      const inner = `${path}/${name}`;
      const facts = await this.fileSystem.facts(inner);
      if (facts?.kind === 'directory') await this.removeTree(inner);
      else await this.fileSystem.remove(inner);
    }
    await this.fileSystem.removeDirectory(path);
  }

  private temporaryOf(backupId: string): string {
    return `${this.directory}/${archiveFileOf(backupId)}${TEMPORARY_SUFFIX}`;
  }

  private async sidecarOf(backupId: string): Promise<Buffer | null> {
    const path = `${this.directory}/${sidecarFileOf(backupId)}`;
    const facts = await this.fileSystem.facts(path);
    if (facts?.kind !== 'file' || facts.bytes > MAX_SIDECAR_BYTES) return null;
    return this.fileSystem.read(path);
  }

  /** Of ours only: an operator may bring the sidecar before the archive. */
  private async isLoneSidecar(name: string): Promise<boolean> {
    if (!name.endsWith(SIDECAR_SUFFIX)) return false;
    const backupId = backupIdOfFile(name.slice(0, -SIDECAR_SUFFIX.length));
    if (backupId === null || originOf(backupId) === 'external') return false;
    return (await this.find(backupId)) === undefined;
  }
}

function isUnfinished(name: string): boolean {
  if (!name.endsWith(TEMPORARY_SUFFIX)) return false;
  const stem = name.slice(0, -TEMPORARY_SUFFIX.length);
  const file = stem.endsWith(SIDECAR_SUFFIX) ? stem.slice(0, -SIDECAR_SUFFIX.length) : stem;
  return backupIdOfFile(file) !== null;
}
