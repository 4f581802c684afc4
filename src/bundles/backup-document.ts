import { canonicalJson, isDeeperThan, isJsonObject, type JsonObject } from '../kernel/json.js';
import { migrateDocument } from '../storage/migration.js';
import { MIGRATIONS } from '../storage/migrations.js';
import { isStorableId } from '../storage/record-layout.js';
import type { RecordKind } from '../storage/record-store.js';
import { isNewerMajor, isReadableVersion } from '../storage/schema-version.js';
import type { BackupOrigin } from './backup-name.js';

/**
 * The kinds that a backup holds: what somebody wanted. Not in it: what is only observed (status, transitions, alerts),
 * answers kept for repeated requests, and keys of any sort.
 */
export const BACKUP_KINDS = [
  'service',
  'revision',
  'template',
  'template_revision',
  'route',
  'approval',
  'archive',
] as const satisfies readonly RecordKind[];

export type BackupKind = (typeof BACKUP_KINDS)[number];
export type BackupCounts = Readonly<Record<BackupKind, number>>;

export interface BackupRecord {
  readonly kind: BackupKind;
  readonly id: string;
  readonly doc: JsonObject;
}

/** A record that could not be read when the backup was made: its file was damaged already. */
export interface LostRecord {
  readonly kind: BackupKind;
  readonly id: string;
}

/** The first member of an archive. */
export interface BackupManifest {
  readonly format: typeof BACKUP_FORMAT;
  readonly schema_version: string;
  readonly product_version: string;
  readonly backup_id: string;
  readonly origin: BackupOrigin;
  readonly created_at: string;
  /** The store revision that all records are of. */
  readonly store_revision: number;
  /** Records by kind, those that could not be read included. */
  readonly counts: BackupCounts;
}

export const BACKUP_FORMAT = 'switchyard-backup';
export const BACKUP_SCHEMA_VERSION = '1.0';
export const MANIFEST = 'manifest.json';
export const LOST_RECORDS = 'lost-records.json';
export const SUMS = 'SHA256SUMS';

/** Tools may nest their schemas 32 deep, in documents that are a few levels deep themselves. */
const MAX_DEPTH = 100;

const RECORD_MEMBER = /^records\/([a-z_]+)\/([a-z0-9_/-]+)\.json$/;

export function memberOf(kind: BackupKind, id: string): string {
  return `records/${kind}/${id}.json`;
}

/** The record that a member holds, or `null` when its name is not that of a record. */
export function recordOfMember(name: string): { kind: BackupKind; id: string } | null {
  const [, kind, id = ''] = RECORD_MEMBER.exec(name) ?? [];
  const known = BACKUP_KINDS.find((one) => one === kind);
  return known !== undefined && isStorableId(known, id) ? { kind: known, id } : null;
}

/** The grammar of the names in a backup. */
export function isBackupMember(name: string): boolean {
  return (
    name === MANIFEST || name === LOST_RECORDS || name === SUMS || recordOfMember(name) !== null
  );
}

/** Canonical JSON, so that equal records give equal bytes. */
export function encodeMember(value: unknown): Uint8Array {
  return Buffer.from(`${canonicalJson(value)}\n`);
}

export function encodeRecord({ kind, id, doc }: BackupRecord): Uint8Array {
  return encodeMember({ schema_version: BACKUP_SCHEMA_VERSION, kind, id, doc });
}

/** A document of a backup, or why it is none. `newer`: made by a version whose documents mean something else. */
export type Decoded<T> =
  | { readonly state: 'read'; readonly value: T }
  | { readonly state: 'damaged' | 'newer'; readonly detail: string };

export function decodeRecord(name: string, content: Uint8Array): Decoded<BackupRecord> {
  const place = recordOfMember(name);
  if (place === null) return { state: 'damaged', detail: `"${name}" is not a record.` };
  const envelope = decodeMember(name, content);
  if (envelope.state !== 'read') return envelope;
  const { kind, id, doc } = envelope.value;
  if (kind !== place.kind || id !== place.id || !isJsonObject(doc)) {
    return { state: 'damaged', detail: `"${name}" holds another record than its place says.` };
  }
  if (isNewerMajor(doc['schema_version'])) return newer(name);
  return { state: 'read', value: { ...place, doc: migrateDocument(kind, doc, MIGRATIONS) } };
}

export function decodeManifest(content: Uint8Array): Decoded<BackupManifest> {
  const found = decodeMember(MANIFEST, content);
  if (found.state !== 'read') return found;
  const { format, backup_id, created_at, product_version, store_revision, counts, origin } =
    found.value;
  const isWhole =
    format === BACKUP_FORMAT &&
    [backup_id, created_at, product_version, origin].every((text) => typeof text === 'string') &&
    Number.isSafeInteger(store_revision) &&
    isCounts(counts);
  if (!isWhole) return { state: 'damaged', detail: 'The manifest is not that of a backup.' };
  return { state: 'read', value: found.value as unknown as BackupManifest };
}

export function decodeLost(content: Uint8Array): Decoded<readonly LostRecord[]> {
  const found = decodeMember(LOST_RECORDS, content);
  if (found.state !== 'read') return found;
  const { records } = found.value;
  const isList =
    Array.isArray(records) &&
    records.every((one) => isJsonObject(one) && BACKUP_KINDS.some((kind) => kind === one['kind']));
  if (!isList) return { state: 'damaged', detail: `"${LOST_RECORDS}" is not a list of records.` };
  return { state: 'read', value: records as unknown as LostRecord[] };
}

function decodeMember(name: string, content: Uint8Array): Decoded<JsonObject> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content));
  } catch {
    return { state: 'damaged', detail: `"${name}" is not JSON.` };
  }
  if (!isJsonObject(value)) return { state: 'damaged', detail: `"${name}" is not an object.` };
  if (isDeeperThan(value, MAX_DEPTH)) {
    return { state: 'damaged', detail: `"${name}" is nested too deeply to be a record.` };
  }
  if (isNewerMajor(value['schema_version'])) return newer(name);
  if (isReadableVersion(value['schema_version'])) return { state: 'read', value };
  return { state: 'damaged', detail: `"${name}" has no schema_version.` };
}

function newer(name: string): { readonly state: 'newer'; readonly detail: string } {
  return { state: 'newer', detail: `"${name}" was written by a newer version.` };
}

function isCounts(counts: unknown): boolean {
  return (
    isJsonObject(counts) &&
    BACKUP_KINDS.every((kind) => Number.isSafeInteger(counts[kind])) &&
    Object.keys(counts).length === BACKUP_KINDS.length
  );
}
