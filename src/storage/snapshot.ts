import { createHash } from 'node:crypto';
import { deepFreeze, isJsonObject, type JsonObject } from '../kernel/json.js';
import type { ChainPoint } from './journal-record.js';
import { isRecordKind } from './record-layout.js';
import type { RecordKind } from './record-store.js';
import { isNewerMajor, isReadableVersion, SCHEMA_VERSION } from './schema-version.js';

/** A record as a snapshot holds it; `doc` is `null` for cold kinds, whose documents are in their files. */
export interface SnapshotEntry {
  readonly kind: RecordKind;
  readonly id: string;
  readonly version: number;
  readonly doc: JsonObject | null;
}

export interface Snapshot {
  /** The record that the journal goes on from: the anchor of the chain. */
  readonly anchor: ChainPoint;
  readonly entries: readonly SnapshotEntry[];
}

const CHUNK_BYTES = 128 * 1024;

export function snapshotName(revision: number): string {
  return `snapshot-${String(revision).padStart(12, '0')}.jsonl`;
}

/** The revision of a snapshot's name, or `null` for another file's name. */
export function revisionOfSnapshot(name: string): number | null {
  const match = /^snapshot-(\d{12,15})\.jsonl$/.exec(name);
  return match === null ? null : Number(match[1]);
}

/** Lines: a header, one for each record, and a last one with the SHA-256 of all before it. In chunks, made as asked for. */
export function* encodeSnapshot(
  anchor: ChainPoint,
  at: string,
  entries: Iterable<SnapshotEntry>,
): Generator<Buffer> {
  const hash = createHash('sha256');
  let chunk = `${JSON.stringify({
    schema_version: SCHEMA_VERSION,
    revision: anchor.revision,
    anchor_hash: anchor.hash,
    at,
  })}\n`;
  for (const entry of entries) {
    chunk += `${JSON.stringify(entry)}\n`;
    if (chunk.length < CHUNK_BYTES) continue;
    const bytes = Buffer.from(chunk);
    hash.update(bytes);
    yield bytes;
    chunk = '';
  }
  hash.update(chunk);
  yield Buffer.from(`${chunk}${JSON.stringify({ sha256: hash.digest('hex') })}\n`);
}

/** The snapshot, why it is none, or `newer` when a newer version wrote it. */
export function decodeSnapshot(content: Buffer): Snapshot | { readonly refused: string } | 'newer' {
  const lines = splitLines(content);
  const header = parseObject(lines[0]);
  if (header === null) return { refused: 'There is no header.' };
  if (isNewerMajor(header['schema_version'])) return 'newer';
  if (!isReadableVersion(header['schema_version'])) return { refused: 'There is no version.' };
  const footer = lines.at(-1);
  if (footer === undefined || lines.length < 2) return { refused: 'There is no checksum.' };
  const body = content.subarray(0, footer.byteOffset - content.byteOffset);
  const hash = createHash('sha256').update(body).digest('hex');
  if (parseObject(footer)?.['sha256'] !== hash) return { refused: 'The checksum does not match.' };
  const revision = header['revision'];
  const anchorHash = header['anchor_hash'];
  if (typeof revision !== 'number' || typeof anchorHash !== 'string') {
    return { refused: 'There is no anchor.' };
  }
  const entries: SnapshotEntry[] = [];
  for (const line of lines.slice(1, -1)) {
    const entry = entryOf(parseObject(line));
    if (entry === null) return { refused: 'A record is malformed.' };
    entries.push(entry);
  }
  return { anchor: { revision, hash: anchorHash }, entries };
}

function splitLines(content: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let offset = 0;
  for (let feed = content.indexOf(10); feed !== -1; feed = content.indexOf(10, offset)) {
    lines.push(content.subarray(offset, feed));
    offset = feed + 1;
  }
  return lines;
}

function parseObject(line: Buffer | undefined): JsonObject | null {
  if (line === undefined) return null;
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

function entryOf(line: JsonObject | null): SnapshotEntry | null {
  if (line === null) return null;
  const { kind, id, version, doc } = line;
  if (!isRecordKind(kind) || typeof id !== 'string' || typeof version !== 'number') return null;
  return { kind, id, version, doc: isJsonObject(doc) ? deepFreeze(doc) : null };
}
