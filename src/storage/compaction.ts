import type { Clock } from '../kernel/clock.js';
import type { FileSystem } from '../kernel/file-system.js';
import type { Logger } from '../kernel/logger.js';
import { replaceFile } from './durable-write.js';
import { decodeRecord, type ChainPoint } from './journal-record.js';
import type { Journal, Segment } from './journal.js';
import { linesBackward } from './line-reader.js';
import type { Materialiser } from './materialiser.js';
import type { RecordTable } from './record-table.js';
import { writeAnchor } from './retention-anchor.js';
import {
  encodeSnapshot,
  revisionOfSnapshot,
  snapshotName,
  type SnapshotEntry,
} from './snapshot.js';

export interface CompactionLimits {
  /** Records since the last snapshot. */
  readonly compactRecords: number;
  /** Bytes of journal since the last snapshot. */
  readonly compactBytes: number;
  readonly sealedKeptMs: number;
  readonly sealedKeptBytes: number;
}

export interface CompactionParts {
  readonly fileSystem: FileSystem;
  readonly journal: Journal;
  readonly table: RecordTable;
  readonly materialiser: Materialiser;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: CompactionLimits;
}

/** The one before the latest is a second chance when the latest turns out damaged. */
const KEPT_SNAPSHOTS = 2;

/**
 * Keeps boot short and the journal bounded: a snapshot of the table, and the segments behind it put away.
 * Invariant: a segment is put away only when a durable snapshot covers it, and a snapshot is written only when every cold
 * document it names is on disk, so that losing neither loses a record.
 */
export class Compaction {
  private records = 0;
  private bytes = 0;
  private running: Promise<void> | null = null;

  constructor(private readonly parts: CompactionParts) {}

  /** Counts what is in the journal since the last snapshot. */
  count(records: number, bytes: number): void {
    this.records += records;
    this.bytes += bytes;
  }

  /** Called between two groups of commits. Starts a compaction, in the background, when there is enough to gain. */
  async considerBetweenGroups(): Promise<void> {
    const { compactRecords, compactBytes } = this.parts.limits;
    if (this.running !== null) return;
    if (this.records < compactRecords && this.bytes < compactBytes) return;
    try {
      await this.parts.journal.rotate();
    } catch (error) {
      // The segment is left all the same, and what is in it was synced.
      this.parts.logger.warn({ err: error }, 'A segment of the journal was not closed cleanly.');
    }
    // Table and chain are taken in the same turn, between two groups: they belong to the same revision.
    const anchor = this.parts.journal.point;
    const entries = [...this.parts.table.entries()];
    this.records = 0;
    this.bytes = 0;
    this.running = this.compact(anchor, entries)
      .catch((error: unknown) => {
        this.parts.logger.warn(
          { err: error },
          'The journal was not compacted; trying again later.',
        );
      })
      .finally(() => {
        this.running = null;
      });
  }

  /** Resolves once no compaction is under way. */
  async idle(): Promise<void> {
    await this.running;
  }

  private async compact(anchor: ChainPoint, entries: readonly SnapshotEntry[]): Promise<void> {
    const { fileSystem, journal, materialiser, clock } = this.parts;
    if (!(await materialiser.flush(anchor.revision))) return;
    const path = `${journal.directory}/${snapshotName(anchor.revision)}`;
    await replaceFile(fileSystem, path, encodeSnapshot(anchor, clock.timestamp(), entries));
    await fileSystem.syncDirectory(journal.directory);
    await journal.sealThrough(anchor.revision);
    await this.removeOldSnapshots();
    await this.removeOldSegments();
  }

  private async removeOldSnapshots(): Promise<void> {
    const { fileSystem, journal } = this.parts;
    const snapshots = (await fileSystem.names(journal.directory)).filter(
      (name) => revisionOfSnapshot(name) !== null,
    );
    for (const name of snapshots.slice(0, -KEPT_SNAPSHOTS)) {
      await fileSystem.remove(`${journal.directory}/${name}`);
    }
  }

  private async removeOldSegments(): Promise<void> {
    const { fileSystem, journal, clock, limits } = this.parts;
    const sealed = journal.files.filter((segment) => segment.isSealed);
    const past: Segment[] = [];
    let keptBytes = 0;
    for (const segment of sealed.reverse()) {
      const facts = await fileSystem.facts(journal.pathOf(segment));
      keptBytes += facts?.bytes ?? 0;
      const ageMs = clock.now() - (facts?.modified_ms ?? 0);
      // Whatever is older than one that goes, goes as well: the feed has an end, and no holes.
      if (past.length > 0 || keptBytes > limits.sealedKeptBytes || ageMs > limits.sealedKeptMs) {
        past.push(segment);
      }
    }
    const newest = past[0];
    if (newest === undefined || !(await this.leaveAnchor(newest))) return;
    // Oldest first: a crash between two leaves no hole either.
    for (const segment of past.reverse()) await journal.forget(segment);
  }

  /** What is kept must go on from something. A segment whose end cannot be read stays: it is evidence. */
  private async leaveAnchor(segment: Segment): Promise<boolean> {
    const { fileSystem, journal, logger } = this.parts;
    const path = journal.pathOf(segment);
    const read = (offset: number, length: number): Promise<Buffer> =>
      fileSystem.readRange(path, offset, length);
    const facts = await fileSystem.facts(path);
    for await (const { bytes } of linesBackward(read, facts?.bytes ?? 0)) {
      const record = decodeRecord(bytes);
      if (typeof record === 'string') break;
      const { revision: number, hash } = record;
      await writeAnchor(fileSystem, journal.directory, { number, hash });
      return true;
    }
    logger.error({ file: segment.name }, 'An old segment is damaged, and is not removed.');
    return false;
  }
}
