import { setImmediate } from 'node:timers/promises';
import { ProblemError } from '../kernel/problem.js';
import { sha256Hex } from '../kernel/ids.js';
import type { JsonObject } from '../kernel/json.js';
import { isHot } from '../storage/record-layout.js';
import type { RecordStore } from '../storage/record-store.js';
import { renderSums } from './archive-sums.js';
import type { ArchiveMember } from './archive-writer.js';
import {
  BACKUP_KINDS,
  BACKUP_SCHEMA_VERSION,
  encodeMember,
  encodeRecord,
  LOST_RECORDS,
  MANIFEST,
  memberOf,
  SUMS,
  type BackupCounts,
  type BackupKind,
  type BackupManifest,
  type LostRecord,
} from './backup-document.js';

interface Held {
  readonly kind: BackupKind;
  readonly id: string;
  readonly version: number;
  /** `null` for a record of a cold kind: read while the archive is written. */
  readonly doc: JsonObject | null;
}

/** What the store held at one revision. */
export interface Snapshot {
  readonly revision: number;
  readonly counts: BackupCounts;
  readonly records: readonly Held[];
}

/** The documents of the snapshot are no longer to be had: take another one. */
export class SnapshotGone extends Error {
  override readonly name = 'SnapshotGone';
}

/**
 * Takes the snapshot in one synchronous turn, so that no commit comes in between. Documents are frozen, so holding them
 * copies nothing.
 */
export function takeSnapshot(store: RecordStore): Snapshot {
  const records: Held[] = [];
  const counts = {} as Record<BackupKind, number>;
  for (const kind of BACKUP_KINDS) {
    const before = records.length;
    if (isHot(kind)) {
      for (const { id, version, doc } of store.list(kind)) records.push({ kind, id, version, doc });
    } else {
      for (const { id, version } of store.ids(kind)) records.push({ kind, id, version, doc: null });
    }
    counts[kind] = records.length - before;
  }
  return { revision: store.revision, counts, records };
}

/** So many documents are encoded before others get their turn. */
const TURN_RECORDS = 8;

/**
 * The members of the archive, one at a time: manifest, records, what could not be read, sums. Throws `SnapshotGone`.
 * Answers, through `lost`, the records that were damaged before.
 */
export async function* snapshotMembers(
  store: RecordStore,
  snapshot: Snapshot,
  manifest: BackupManifest,
  lost: LostRecord[],
): AsyncGenerator<ArchiveMember> {
  const sums = new Map<string, string>();
  const member = (name: string, content: Uint8Array): ArchiveMember => {
    sums.set(name, sha256Hex(content));
    return { name, content };
  };
  yield member(MANIFEST, encodeMember(manifest));
  let sinceTurn = 0;
  for (const record of snapshot.records) {
    const { kind, id } = record;
    sinceTurn += 1;
    if (sinceTurn % TURN_RECORDS === 0) await setImmediate();
    const doc = record.doc ?? (await readAsOf(store, record));
    if (doc === null) lost.push({ kind, id });
    else yield member(memberOf(kind, id), encodeRecord({ kind, id, doc }));
  }
  const records = lost.map(({ kind, id }) => ({ kind, id }));
  yield member(LOST_RECORDS, encodeMember({ schema_version: BACKUP_SCHEMA_VERSION, records }));
  yield { name: SUMS, content: Buffer.from(renderSums(sums)) };
}

/**
 * A cold record at the version of the snapshot; `null` when its file was damaged already. One that was changed or removed
 * since is taken from the commit that wrote it.
 */
async function readAsOf(store: RecordStore, record: Held): Promise<JsonObject | null> {
  const { kind, id, version } = record;
  try {
    const found = await store.read(kind, id);
    if (found?.version === version) return found.doc;
  } catch (error) {
    if (codeOf(error) !== 'storage.corrupt-record') throw error;
    return null;
  }
  try {
    const [commit] = await store.changesSince(version - 1, 1);
    const change = commit?.changes.find((one) => one.kind === kind && one.id === id);
    if (commit?.revision === version && change?.doc !== undefined) return change.doc as JsonObject;
  } catch (error) {
    if (codeOf(error) !== 'storage.compacted') throw error;
  }
  throw new SnapshotGone(`${kind} ${id} of revision ${version}`);
}

function codeOf(error: unknown): string | null {
  return error instanceof ProblemError ? error.code : null;
}
