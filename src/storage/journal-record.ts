import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { deepFreeze, isJsonObject } from '../kernel/json.js';
import type { CommitMeta, CommitRecord, RecordChange } from './record-store.js';
import { isRecordKind } from './record-layout.js';
import { isNewerMajor, SCHEMA_VERSION } from './schema-version.js';
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

// `,"hash":"` + 64 + `"` then `,"crc":"` + 8 + `"}`. The tail has a fixed length, so a line is verified on its own bytes
// and never on a re-printed copy.
const CRC_CHARS = ',"crc":"'.length + 8 + '"}'.length;
const HASH_CHARS = ',"hash":"'.length + 64 + '"'.length;

/** The line of a commit, with its line feed, and its hash. */
export function encodeRecord(
  commit: CommitRecord,
  prevHash: string,
  synced: number,
): { readonly line: string; readonly hash: string } {
  const body = JSON.stringify({
    schema_version: SCHEMA_VERSION,
    revision: commit.revision,
    at: commit.at,
    synced,
    meta: commit.meta,
    changes: commit.changes,
    prev_hash: prevHash,
  }).slice(0, -1);
  const hash = createHash('sha256').update(body).digest('hex');
  const sealed = `${body},"hash":"${hash}"`;
  return { line: `${sealed},"crc":"${crcHex(sealed)}"}\n`, hash };
}

/**
 * The record of one line without its line feed, or why it is none. The documents are frozen. Throws
 * `storage.newer-schema`: a whole record of a newer major must never be taken for damage, and cut.
 */
export function decodeRecord(line: Buffer): JournalRecord | string {
  const sealedLength = line.length - CRC_CHARS;
  const bodyLength = sealedLength - HASH_CHARS;
  if (bodyLength <= 0) return 'The line is too short.';
  const text = line.toString('latin1', bodyLength);
  const match = /^,"hash":"([0-9a-f]{64})","crc":"([0-9a-f]{8})"}$/.exec(text);
  if (match === null) return 'The line does not end in a hash and a checksum.';
  if (crcHex(line.subarray(0, sealedLength)) !== match[2]) return 'The checksum does not match.';
  const hash = createHash('sha256').update(line.subarray(0, bodyLength)).digest('hex');
  if (hash !== match[1]) return 'The hash does not match.';
  let record: unknown;
  try {
    record = JSON.parse(line.toString('utf8'));
  } catch {
    return 'The line is not JSON.';
  }
  if (isJsonObject(record) && isNewerMajor(record['schema_version'])) {
    throw storageProblems['newer-schema']('The journal has records of a newer schema.');
  }
  return isJournalRecord(record) ? deepFreeze(record) : 'The line is not a journal record.';
}

function crcHex(content: string | Buffer): string {
  return crc32(content).toString(16).padStart(8, '0');
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
