import { deepFreeze, isJsonObject } from '../kernel/json.js';
import type { CommitMeta, CommitRecord, RecordChange } from './record-store.js';
import { isRecordKind } from './record-layout.js';
import { isNewerMajor, SCHEMA_VERSION } from './schema-version.js';
import { openLine, sealLine } from './sealed-line.js';
import { storageProblems } from './storage.errors.js';

/** One line of the journal. `hash` covers all before it, `prev_hash` included: the lines form a chain. */
export interface JournalRecord extends CommitRecord {
  readonly schema_version: string;
  /** The revision known to be durable when this line was written: whatever is damaged up to it was acknowledged. */
  readonly synced: number;
  readonly prev_hash: string;
  readonly hash: string;
}

/** Where the chain stands: revision and hash of the last record. */
export interface ChainPoint {
  readonly revision: number;
  readonly hash: string;
}

/** Before the first record. */
export const GENESIS: ChainPoint = Object.freeze({ revision: 0, hash: '0'.repeat(64) });

/** The line of a commit, with its line feed, and its hash. */
export function encodeRecord(
  commit: CommitRecord,
  prevHash: string,
  synced: number,
): { readonly line: string; readonly hash: string } {
  return sealLine({
    schema_version: SCHEMA_VERSION,
    revision: commit.revision,
    at: commit.at,
    synced,
    meta: commit.meta,
    changes: commit.changes,
    prev_hash: prevHash,
  });
}

/**
 * The record of one line without its line feed, or why it is none. The documents are frozen. Throws
 * `storage.newer-schema`: a whole record of a newer major must never be taken for damage, and cut.
 */
export function decodeRecord(line: Buffer): JournalRecord | string {
  const record = openLine(line);
  if (typeof record === 'string') return record;
  if (isNewerMajor(record['schema_version'])) {
    throw storageProblems['newer-schema']('The journal has records of a newer schema.');
  }
  return isJournalRecord(record) ? deepFreeze(record) : 'The line is not a journal record.';
}

function isJournalRecord(value: unknown): value is JournalRecord {
  if (typeof value !== 'object' || value === null) return false;
  const record: Partial<Record<keyof JournalRecord, unknown>> = value;
  return (
    isCount(record.revision) &&
    isCount(record.synced) &&
    typeof record.schema_version === 'string' &&
    typeof record.at === 'string' &&
    typeof record.prev_hash === 'string' &&
    typeof record.hash === 'string' &&
    isMeta(record.meta) &&
    Array.isArray(record.changes) &&
    record.changes.every(isChange)
  );
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isMeta(value: unknown): value is CommitMeta {
  return isJsonObject(value) && typeof value['actor'] === 'string';
}

function isChange(value: unknown): value is RecordChange {
  if (!isJsonObject(value) || typeof value['id'] !== 'string') return false;
  if (!isRecordKind(value['kind'])) return false;
  return value['op'] === 'delete' || (value['op'] === 'put' && isJsonObject(value['doc']));
}
