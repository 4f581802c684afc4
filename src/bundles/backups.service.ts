import { Injectable } from '@nestjs/common';
import type { Clock } from '../kernel/clock.js';
import { sha256Hex } from '../kernel/ids.js';
import type { Logger } from '../kernel/logger.js';
import { isSidecarOf } from './archive-sums.js';
import { BackupFault, checkBackup, readManifest, type BackupFiles } from './backup-check.js';
import type { BackupManifest, LostRecord } from './backup-document.js';
import type { BackupMaker, MadeBackup } from './backup-maker.js';
import type { BackupOrigin } from './backup-name.js';
import { backupsToPrune, MAX_ON_DEMAND, nextBackupMs } from './backup-retention.js';
import type { BackupShelf, ShelvedBackup } from './backup-shelf.js';
import { bundlesProblems } from './bundles.errors.js';

/** A backup with what its manifest says. */
export interface DescribedBackup extends ShelvedBackup {
  /** As its sidecar says; `null` without one. */
  readonly sha256: string | null;
  /** `null` when the archive cannot be read; `fault` then says why. */
  readonly manifest: BackupManifest | null;
  readonly fault: string | null;
}

export interface CreatedBackup extends DescribedBackup {
  readonly lost: readonly LostRecord[];
  /** Older backups that were removed to keep to the limit. */
  readonly pruned: readonly string[];
}

export interface VerifiedBackup extends DescribedBackup {
  readonly lost: readonly LostRecord[];
}

export interface BackupSchedule {
  /** 0 = none are made by themselves. */
  readonly intervalHours: number;
  /** Scheduled backups that are kept. */
  readonly keep: number;
}

export interface ScheduleState extends BackupSchedule {
  /** Milliseconds since the epoch; `null` = never. */
  readonly lastMs: number | null;
  readonly nextMs: number | null;
  readonly lastFailure: string | null;
}

export interface BackupsParts {
  readonly shelf: BackupShelf;
  readonly maker: BackupMaker;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly schedule: BackupSchedule;
}

/** Backups of the whole store: made, listed, checked, removed. Invariant: at most one is written or restored at a time. */
@Injectable()
export class BackupsService {
  private underway: string | null = null;
  private failure: { readonly atMs: number; readonly detail: string } | null = null;
  /** Manifests by file, size and time of the archive, so that a list reads each archive once. */
  private readonly manifests = new Map<string, Promise<BackupManifest | string>>();

  constructor(private readonly parts: BackupsParts) {}

  /** Removes what a crash has left. */
  async start(): Promise<void> {
    const { shelf, logger } = this.parts;
    try {
      const swept = await shelf.sweep();
      if (swept > 0) logger.info({ swept }, 'Unfinished backups were removed.');
    } catch (error) {
      // What is left over only takes up room; it is no reason not to start.
      logger.warn({ err: error }, 'Unfinished backups could not be removed.');
    }
  }

  /** Throws `bundles.backup-busy` and as `BackupMaker.make`. */
  create(origin: Exclude<BackupOrigin, 'external'> = 'on_demand'): Promise<CreatedBackup> {
    return this.exclusively('a backup', async () => {
      const made = await this.parts.maker.make(origin);
      const pruned = await this.prune();
      const shelved = await this.require(made.manifest.backup_id);
      return { ...described(shelved, made), lost: made.lost, pruned };
    });
  }

  /** Newest first. */
  async list(): Promise<DescribedBackup[]> {
    const shelved = await this.parts.shelf.list();
    const known = new Set(shelved.map(keyOf));
    for (const key of this.manifests.keys()) if (!known.has(key)) this.manifests.delete(key);
    const found: DescribedBackup[] = [];
    // One after the other: each may have to be read whole.
    for (const one of shelved.reverse()) found.push(await this.describe(one));
    return found;
  }

  /** Throws `bundles.backup-unknown`. */
  async get(backupId: string): Promise<DescribedBackup> {
    return this.describe(await this.require(backupId));
  }

  /** Throws `bundles.backup-unknown`. */
  async remove(backupId: string): Promise<void> {
    const { backup_id } = await this.require(backupId);
    await this.parts.shelf.remove(backup_id);
  }

  /** Reads every byte. Throws `bundles.backup-damaged`, `-newer`, `-unknown`. */
  verify(backupId: string): Promise<VerifiedBackup> {
    return this.exclusively('a check of a backup', async () => {
      const files = await this.read(backupId);
      const { lost } = await refusingFaults(backupId, () => checkBackup(files));
      return { ...(await this.get(backupId)), lost };
    });
  }

  /** The archive and its sidecar as they are. Throws `bundles.backup-unknown`, `-too-large`. */
  async read(backupId: string): Promise<BackupFiles> {
    const shelved = await this.require(backupId);
    const files = await this.parts.shelf.read(backupId);
    if (files !== null) return files;
    throw bundlesProblems['backup-too-large'](`"${shelved.file}" has ${shelved.bytes} bytes.`);
  }

  /** The archive, once its sum was found to be the one beside it. Throws as `read`, and `bundles.backup-damaged`. */
  async intact(
    backupId: string,
  ): Promise<{ readonly file: string; readonly content: Uint8Array; readonly sha256: string }> {
    const { file, content, sidecar } = await this.read(backupId);
    const sha256 = sha256Hex(content);
    if (sidecar !== null && isSidecarOf(sidecar, file, sha256)) return { file, content, sha256 };
    throw bundlesProblems['backup-damaged']({
      detail: `"${file}" is not the file whose SHA-256 stands beside it.`,
      extra: { backup_id: backupId },
    });
  }

  /** Runs a restore or a backup while no other runs. Throws `bundles.backup-busy`. */
  async exclusively<T>(what: string, task: () => Promise<T>): Promise<T> {
    if (this.underway !== null) {
      throw bundlesProblems['backup-busy']({
        detail: `There is ${this.underway} under way.`,
        retry_after_s: 2,
      });
    }
    this.underway = what;
    try {
      return await task();
    } finally {
      this.underway = null;
    }
  }

  async schedule(): Promise<ScheduleState> {
    const { schedule, shelf, clock } = this.parts;
    const own = (await shelf.list()).filter(({ origin }) => origin === 'scheduled');
    const lastMs = own.at(-1)?.createdMs ?? null;
    const { intervalHours } = schedule;
    const dueMs = nextBackupMs({ intervalHours, lastMs, failedMs: this.failure?.atMs ?? null });
    const nextMs = dueMs === null ? null : Math.max(dueMs, clock.now());
    return { ...schedule, lastMs, nextMs, lastFailure: this.failure?.detail ?? null };
  }

  /** Makes the scheduled backup if it is due. Never rejects: a failure is logged, and tried again after a while. */
  async tick(): Promise<void> {
    const { clock, logger, schedule, maker } = this.parts;
    // Why none of nothing: a data directory that was lost and made anew would push out the backups of what it was.
    if (schedule.intervalHours === 0 || this.underway !== null || maker.isStoreEmpty) return;
    try {
      const { nextMs } = await this.schedule();
      if (nextMs === null || nextMs > clock.now()) return;
      const { backup_id, bytes } = await this.create('scheduled');
      this.failure = null;
      logger.info({ backup_id, bytes }, 'The scheduled backup was made.');
    } catch (error) {
      const detail = error instanceof Error ? error.message : 'It failed.';
      this.failure = { atMs: clock.now(), detail };
      logger.error({ err: error }, 'The scheduled backup failed.');
    }
  }

  private async prune(): Promise<string[]> {
    const { shelf, schedule, logger } = this.parts;
    const limits = { on_demand: MAX_ON_DEMAND, scheduled: schedule.keep };
    const pruned: string[] = [];
    try {
      for (const backupId of backupsToPrune(await shelf.list(), limits)) {
        await shelf.remove(backupId);
        pruned.push(backupId);
      }
    } catch (error) {
      // The backup that was asked for is there; the next one tries again.
      logger.warn({ err: error }, 'An old backup could not be removed.');
    }
    return pruned;
  }

  private async require(backupId: string): Promise<ShelvedBackup> {
    const shelved = await this.parts.shelf.find(backupId);
    if (shelved !== undefined) return shelved;
    throw bundlesProblems['backup-unknown'](`There is no backup "${backupId.slice(0, 100)}".`);
  }

  private async describe(shelved: ShelvedBackup): Promise<DescribedBackup> {
    const key = keyOf(shelved);
    const reading = this.manifests.get(key) ?? this.readManifest(shelved);
    this.manifests.set(key, reading);
    const found = await reading;
    const sha256 = await this.parts.shelf.sumOf(shelved.backup_id);
    const isRead = typeof found !== 'string';
    return {
      ...shelved,
      sha256,
      manifest: isRead ? found : null,
      fault: isRead ? (sha256 === null ? 'It has no ".sha256" beside it.' : null) : found,
    };
  }

  private async readManifest({ backup_id }: ShelvedBackup): Promise<BackupManifest | string> {
    try {
      const files = await this.parts.shelf.read(backup_id);
      return files === null ? 'It is too large.' : await readManifest(files.content);
    } catch (error) {
      if (error instanceof BackupFault) return error.message;
      return 'It cannot be read.';
    }
  }
}

/** Runs what may find a backup at fault, and turns the fault into its problem. */
export async function refusingFaults<T>(backupId: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (!(error instanceof BackupFault)) throw error;
    const problem = error.kind === 'newer' ? 'backup-newer' : 'backup-damaged';
    throw bundlesProblems[problem]({
      detail: error.message,
      extra: { backup_id: backupId },
      cause: error,
    });
  }
}

function keyOf({ file, bytes, modifiedMs }: ShelvedBackup): string {
  return `${file}:${bytes}:${modifiedMs}`;
}

function described(shelved: ShelvedBackup, made: MadeBackup): DescribedBackup {
  const { sha256, manifest } = made;
  return { ...shelved, sha256, manifest, fault: null };
}
