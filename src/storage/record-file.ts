import { createHash } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../kernel/json.js';
import type { RecordKind } from './record-store.js';
import { isReadableVersion, SCHEMA_VERSION } from './schema-version.js';

/** What the content of a record's file turned out to be. */
export type RecordFile =
  /** As the store wrote it, at whichever version. */
  | { readonly state: 'intact'; readonly version: number; readonly doc: JsonObject }
  /** Well-formed, but not what the store wrote: a person's edit. */
  | { readonly state: 'edited'; readonly doc: JsonObject }
  | { readonly state: 'unreadable'; readonly detail: string };

/**
 * The file of a record: `{schema_version, kind, id, version, hash, doc}`, indented for people. The hash is what tells an
 * older file of the store's own from one edited by hand.
 */
export function encodeRecordFile(
  kind: RecordKind,
  id: string,
  version: number,
  doc: object,
): Buffer {
  const hash = contentHash(kind, id, version, doc);
  const envelope = { schema_version: SCHEMA_VERSION, kind, id, version, hash, doc };
  return Buffer.from(`${JSON.stringify(envelope, null, 2)}\n`);
}

export function decodeRecordFile(content: Buffer, kind: RecordKind, id: string): RecordFile {
  let envelope: unknown;
  try {
    envelope = JSON.parse(content.toString('utf8'));
  } catch {
    return unreadable('The file is not JSON.');
  }
  if (!isJsonObject(envelope)) return unreadable('The file is not a JSON object.');
  if (!isReadableVersion(envelope['schema_version'])) {
    return unreadable('The file has no schema_version that this version can read.');
  }
  if (envelope['kind'] !== kind || envelope['id'] !== id) {
    return unreadable('The file names another record than its place does.');
  }
  const doc = envelope['doc'];
  if (!isJsonObject(doc)) return unreadable('The file holds no document.');
  const version = envelope['version'];
  if (typeof version !== 'number' || !Number.isSafeInteger(version)) {
    return { state: 'edited', doc };
  }
  const intact = envelope['hash'] === contentHash(kind, id, version, doc);
  return intact ? { state: 'intact', version, doc } : { state: 'edited', doc };
}

/**
 * SHA-256 over identity, version and compact document.
 * Why not canonical JSON: parsing and printing again is stable for what the store itself wrote, and three times cheaper
 * at boot; a file whose keys a person reordered counts as edited and is then compared as a value.
 */
function contentHash(kind: string, id: string, version: number, doc: object): string {
  return createHash('sha256')
    .update(`${kind}\n${id}\n${version}\n${JSON.stringify(doc)}`)
    .digest('hex');
}

function unreadable(detail: string): RecordFile {
  return { state: 'unreadable', detail };
}
