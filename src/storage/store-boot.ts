import { dirname } from 'node:path';
import { recover, type Recovery } from './boot-recovery.js';
import { ensureDirectory, TEMPORARY_SUFFIX } from './durable-write.js';
import { checkFiles, type FileCheck, type FoundDocument } from './file-check.js';
import type { FileStoreParts } from './file-store-parts.js';
import { prepareCommit } from './prepared-commit.js';
import { fileOf } from './record-layout.js';
import type { CommitRecord } from './record-store.js';
import { isOutOfSpace } from './storage.errors.js';

/** What boot did, in numbers. */
export type BootFacts = Readonly<Record<string, number>>;

/** The way from a directory, in whatever state a crash has left it, to a table in memory. Holds the lock afterwards. */
export class StoreBoot {
  constructor(private readonly parts: FileStoreParts) {}

  async run(): Promise<BootFacts> {
    const { lock, logger, clock } = this.parts;
    const startedMs = clock.monotonicMs();
    await this.claim();
    try {
      const facts = await this.load();
      const durationMs = Math.round(clock.monotonicMs() - startedMs);
      const report = { ...facts, duration_ms: durationMs };
      logger.info(report, 'The store is open.');
      return report;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  private async claim(): Promise<void> {
    const { fileSystem, paths, lock, reserve } = this.parts;
    await ensureDirectory(fileSystem, dirname(paths.directory));
    await ensureDirectory(fileSystem, paths.directory);
    try {
      await lock.acquire();
    } catch (error) {
      // On a full disk even the lock finds no room; the reserve is for this.
      if (!isOutOfSpace(error)) throw error;
      await reserve.release();
      await lock.acquire();
    }
  }

  private async load(): Promise<BootFacts> {
    const { fileSystem, paths, journal, gate } = this.parts;
    for (const directory of [paths.journal, paths.sealed, paths.corrupt]) {
      await ensureDirectory(fileSystem, directory);
    }
    const swept = await this.sweepJournal();
    const recovery = await this.recoverJournal();
    journal.resume(recovery.journal);
    const facts = {
      revision: recovery.journal.end.revision,
      snapshot_revision: recovery.snapshotRevision,
      replayed: recovery.replayed,
      cut_bytes: recovery.cutBytes,
      refused_snapshots: recovery.refusedSnapshots,
    };
    if (recovery.damage !== null) {
      gate.close(`The journal is damaged. ${recovery.damage}`);
      this.parts.logger.error({ detail: recovery.damage }, 'The journal is damaged: read-only.');
      // Readable, but nothing is written beside a journal that is not understood.
      await this.parts.materialiser.stop();
      this.keepColdDocuments(recovery);
      return { ...facts, swept };
    }
    await this.holdReserve();
    const check = await this.reconcile(recovery);
    return {
      ...facts,
      swept: swept + check.swept,
      quarantined: check.quarantined,
      drifted: check.faults.filter(({ fault }) => fault === 'drifted').length,
      rewritten: check.repairs.length,
      adopted: check.strangers.length,
    };
  }

  private async sweepJournal(): Promise<number> {
    const { fileSystem, paths } = this.parts;
    const names = await fileSystem.names(paths.journal);
    const temporary = names.filter((name) => name.endsWith(TEMPORARY_SUFFIX));
    for (const name of temporary) await fileSystem.remove(`${paths.journal}/${name}`);
    return temporary.length;
  }

  private recoverJournal(): Promise<Recovery> {
    const { fileSystem, paths, table, logger, ring, compaction } = this.parts;
    return recover({
      fileSystem,
      table,
      logger,
      journalDirectory: paths.journal,
      sealedDirectory: paths.sealed,
      corruptDirectory: paths.corrupt,
      onReplayed: (commit, bytes) => {
        ring.push(commit, bytes);
        compaction.count(1, bytes);
      },
    });
  }

  private async holdReserve(): Promise<void> {
    const { reserve, logger } = this.parts;
    try {
      if (await reserve.hold()) return;
      logger.error({}, 'The disk is full: only deletions are taken.');
    } catch (error) {
      logger.warn({ err: error }, 'The space reserve could not be written.');
    }
  }

  /** Brings files and journal together. Nothing wrong with a single file stops the boot. */
  private async reconcile(recovery: Recovery): Promise<FileCheck> {
    const { fileSystem, paths, table, clock, materialiser, faults, logger } = this.parts;
    const check = await checkFiles({
      fileSystem,
      table,
      directory: paths.directory,
      corruptDirectory: paths.corrupt,
      nowMs: clock.now(),
    });
    for (const fault of check.faults) {
      faults.add(fault);
      const { kind, id, file, detail } = fault;
      logger.warn({ kind, id, fault: fault.fault, file, detail }, 'A stored file is not in order.');
    }
    this.keepColdDocuments(recovery);
    for (const repair of check.repairs) materialiser.enqueue(repair);
    await this.restoreMissing(check);
    if (table.revision === 0) await this.adopt(check.strangers);
    return check;
  }

  private keepColdDocuments(recovery: Recovery): void {
    for (const file of recovery.coldFiles) this.parts.materialiser.enqueue(file);
  }

  private async restoreMissing(check: FileCheck): Promise<void> {
    const { materialiser, cold, faults, paths } = this.parts;
    for (const { kind, id, version } of check.missing) {
      if (materialiser.find(kind, id) !== undefined) continue;
      try {
        await cold.restore(kind, id, version);
      } catch {
        const file = `${paths.directory}/${fileOf(kind, id) ?? ''}`;
        faults.add({ kind, id, fault: 'corrupt', file, detail: 'The file is missing.' });
      }
    }
  }

  /**
   * Files but no journal at all: the journal was lost, or the files were copied here. They become its first commit.
   * Why not ignore them: they may be all that is left of what was acknowledged.
   */
  private async adopt(found: readonly FoundDocument[]): Promise<void> {
    if (found.length === 0) return;
    const { journal, table, ring, materialiser, clock, logger } = this.parts;
    const { changes, meta } = prepareCommit(
      found.map(({ kind, id, doc }) => ({ kind, id, op: 'put' as const, doc })),
      {
        actor: 'system',
        source: 'boot',
        verb: 'storage.adopt',
        reason: 'Files without a journal.',
      },
    );
    const commit: CommitRecord = { revision: 1, at: clock.timestamp(), meta, changes };
    await journal.append([commit]);
    table.apply(commit);
    ring.push(commit, 0);
    for (const change of changes) {
      const { kind, id } = change;
      const doc = change.op === 'put' ? change.doc : null;
      materialiser.enqueue({ kind, id, version: commit.revision, doc });
    }
    logger.warn({ records: changes.length }, 'The files had no journal and were taken over.');
  }
}
