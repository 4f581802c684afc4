import type { Clock } from '../kernel/clock.js';
import type { FileSystem } from '../kernel/file-system.js';
import { deepFreeze, type JsonObject } from '../kernel/json.js';
import type { Logger } from '../kernel/logger.js';
import type { ProblemError } from '../kernel/problem.js';
import type { FaultList } from './fault-list.js';
import { quarantine } from './file-check.js';
import type { Journal } from './journal.js';
import type { Materialiser } from './materialiser.js';
import { decodeRecordFile } from './record-file.js';
import { fileOf } from './record-layout.js';
import type { RecordKind, StoredRecord } from './record-store.js';
import type { RecordTable } from './record-table.js';
import { storageProblems, systemCode } from './storage.errors.js';
import type { StorePaths } from './store-paths.js';

export interface ColdReaderParts {
  readonly fileSystem: FileSystem;
  readonly paths: StorePaths;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly table: RecordTable;
  readonly journal: Journal;
  readonly materialiser: Materialiser;
  readonly faults: FaultList;
}

const MAX_ATTEMPTS = 5;

/**
 * Documents that are not in memory: from what waits to be written, from the file, or, when that is damaged or gone, from
 * the journal, whose revision a record's version names.
 */
export class ColdReader {
  constructor(private readonly parts: ColdReaderParts) {}

  /** The record, or `undefined` when there is none; throws `storage.corrupt-record` when it cannot be had any more. */
  async read(kind: RecordKind, id: string): Promise<StoredRecord | undefined> {
    const { table } = this.parts;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const version = table.version(kind, id);
      if (version === null) return undefined;
      const pending = this.parts.materialiser.find(kind, id);
      if (pending?.version === version && pending.doc !== null) {
        return { kind, id, version, doc: pending.doc };
      }
      const doc = await this.fromFile(kind, id, version);
      if (doc !== null) return { kind, id, version, doc };
      // Written anew while the file was being read: what was found says nothing about the record as it is now.
      if (table.version(kind, id) !== version) continue;
      return this.restore(kind, id, version);
    }
    throw this.lost(kind, id);
  }

  /** Brings back a document whose file is damaged or gone, and has its file written again. */
  async restore(kind: RecordKind, id: string, version: number): Promise<StoredRecord> {
    const doc = await this.fromJournal(kind, id, version);
    if (doc === null) throw this.lost(kind, id);
    if (this.parts.table.version(kind, id) === version) {
      this.parts.materialiser.enqueue({ kind, id, version, doc });
    }
    return { kind, id, version, doc };
  }

  private async fromFile(
    kind: RecordKind,
    id: string,
    version: number,
  ): Promise<JsonObject | null> {
    const { fileSystem, paths, table, faults } = this.parts;
    const path = `${paths.directory}/${fileOf(kind, id) ?? ''}`;
    let content: Buffer;
    try {
      content = await fileSystem.read(path);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return null;
      throw error;
    }
    const found = decodeRecordFile(content, kind, id);
    if (found.state === 'intact' && found.version === version) return deepFreeze(found.doc);
    if (table.version(kind, id) !== version) return null;
    // A revision is immutable and an archived document is past: whatever else is in the file is damage, not an edit.
    const detail = found.state === 'unreadable' ? found.detail : 'The file is not what was stored.';
    const file = await quarantine(
      {
        fileSystem,
        directory: paths.directory,
        corruptDirectory: paths.corrupt,
        nowMs: this.parts.clock.now(),
      },
      kind,
      id,
    );
    faults.add({ kind, id, fault: 'corrupt', file, detail });
    this.parts.logger.error({ kind, id, file, detail }, 'A stored file is damaged.');
    return null;
  }

  private async fromJournal(
    kind: RecordKind,
    id: string,
    version: number,
  ): Promise<JsonObject | null> {
    const [commit] = await this.parts.journal.read(version - 1, version, 1).catch(() => []);
    const change = commit?.changes.find((entry) => entry.kind === kind && entry.id === id);
    return change?.doc === undefined ? null : (change.doc as JsonObject);
  }

  private lost(kind: RecordKind, id: string): ProblemError {
    return storageProblems['corrupt-record']({
      detail: `The document of ${kind} "${id}" is damaged, and the journal no longer has it.`,
      extra: { kind, id },
    });
  }
}
