import type { FileSystem } from '../kernel/file-system.js';
import type { JsonObject } from '../kernel/json.js';
import type { Logger } from '../kernel/logger.js';
import { replaceFile } from './durable-write.js';
import { GENESIS, type ChainPoint } from './journal-record.js';
import { scanSegment, type SegmentScan } from './journal-scan.js';
import { firstOfSegment, type JournalState, type Segment } from './journal.js';
import type { PendingFile } from './materialiser.js';
import { isHot, recordKey } from './record-layout.js';
import type { CommitRecord } from './record-store.js';
import type { RecordTable } from './record-table.js';
import { decodeSnapshot, revisionOfSnapshot, type Snapshot } from './snapshot.js';
import { storageProblems } from './storage.errors.js';

export interface RecoveryParts {
  readonly fileSystem: FileSystem;
  readonly journalDirectory: string;
  readonly sealedDirectory: string;
  readonly corruptDirectory: string;
  readonly table: RecordTable;
  readonly logger: Logger;
  /** Hears each commit after the snapshot, with its bytes. */
  readonly onReplayed: (commit: CommitRecord, bytes: number) => void;
}

export interface Recovery {
  readonly journal: JournalState;
  /** Why nothing may be written, or `null`. */
  readonly damage: string | null;
  /** Cold documents of the replayed commits, whose files may not have been written before the crash. */
  readonly coldFiles: readonly PendingFile[];
  readonly snapshotRevision: number;
  readonly replayed: number;
  readonly cutBytes: number;
  readonly refusedSnapshots: number;
}

interface Replay {
  end: ChainPoint;
  damage: string | null;
  cutBytes: number;
  tailBytes: number;
  replayed: number;
  readonly coldFiles: Map<string, PendingFile>;
}

/**
 * Rebuilds the table: the newest snapshot that is whole, then every record after it, each checked against the chain.
 * Only what was never acknowledged is cut, and a copy of it is kept; a damaged journal is read as far as it verifies and
 * left untouched.
 */
export async function recover(parts: RecoveryParts): Promise<Recovery> {
  const segments = await listSegments(parts);
  const { snapshot, refused } = await loadSnapshot(parts);
  const anchor = snapshot?.anchor ?? GENESIS;
  for (const entry of snapshot?.entries ?? []) {
    parts.table.restore(entry.kind, entry.id, entry.version, entry.doc);
  }
  parts.table.restoreRevision(anchor.revision);
  const replay: Replay = {
    end: anchor,
    damage: null,
    cutBytes: 0,
    tailBytes: 0,
    replayed: 0,
    coldFiles: new Map(),
  };
  await replaySegments(parts, segments, replay);
  if (snapshot === null && refused > 0 && replay.damage === null && replay.end.revision === 0) {
    replay.damage = 'No snapshot can be read, and no journal that would replace it.';
  }
  return {
    journal: {
      end: replay.end,
      segments: replay.damage === null ? await dropEmpty(parts, segments, replay) : segments,
      tailBytes: replay.tailBytes,
    },
    damage: replay.damage,
    coldFiles: [...replay.coldFiles.values()],
    snapshotRevision: anchor.revision,
    replayed: replay.replayed,
    cutBytes: replay.cutBytes,
    refusedSnapshots: refused,
  };
}

async function listSegments(parts: RecoveryParts): Promise<Segment[]> {
  const live = await parts.fileSystem.names(parts.journalDirectory);
  const sealed = await parts.fileSystem.names(parts.sealedDirectory);
  const segments: Segment[] = [];
  for (const [names, isSealed] of [
    [sealed, true],
    [live, false],
  ] as const) {
    for (const name of names) {
      const first = firstOfSegment(name);
      if (first !== null) segments.push({ first, name, isSealed });
    }
  }
  return segments.sort((left, right) => left.first - right.first);
}

async function loadSnapshot(
  parts: RecoveryParts,
): Promise<{ readonly snapshot: Snapshot | null; readonly refused: number }> {
  const names = await parts.fileSystem.names(parts.journalDirectory);
  const candidates = names.filter((name) => revisionOfSnapshot(name) !== null).reverse();
  let refused = 0;
  for (const name of candidates) {
    const snapshot = decodeSnapshot(
      await parts.fileSystem.read(`${parts.journalDirectory}/${name}`),
    );
    if (snapshot === 'newer') throw storageProblems['newer-schema'](`${name} has a newer schema.`);
    if (!('refused' in snapshot)) return { snapshot, refused };
    refused += 1;
    parts.logger.error({ file: name, detail: snapshot.refused }, 'A snapshot is damaged.');
  }
  return { snapshot: null, refused };
}

async function replaySegments(
  parts: RecoveryParts,
  segments: readonly Segment[],
  replay: Replay,
): Promise<void> {
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1];
    const isLast = next === undefined;
    // All of it is behind the snapshot. The last one is read in any case: it may be appended to.
    if (!isLast && next.first <= replay.end.revision + 1) continue;
    const path = pathOf(parts, segment);
    const content = await parts.fileSystem.read(path);
    const scan = scanSegment(content, replay.end, isLast);
    apply(parts, scan, content.length, replay);
    if (scan.state === 'damaged') replay.damage ??= `${segment.name}: ${scan.detail ?? ''}`;
    if (isLast && replay.damage === null) {
      await endSegment(parts, segment, content, scan, replay);
    }
    if (!isLast && scan.state === 'clean' && next.first !== replay.end.revision + 1) {
      replay.damage ??= `${next.name}: the records before it are missing.`;
    }
  }
}

function apply(
  parts: RecoveryParts,
  scan: SegmentScan,
  segmentBytes: number,
  replay: Replay,
): void {
  const meanBytes = Math.ceil(segmentBytes / Math.max(1, scan.records.length));
  for (const record of scan.records) {
    const { revision, at, meta, changes } = record;
    const commit: CommitRecord = Object.freeze({ revision, at, meta, changes });
    parts.table.apply(commit);
    parts.onReplayed(commit, meanBytes);
    replay.replayed += 1;
    for (const { kind, id, op, doc } of changes) {
      if (isHot(kind)) continue;
      const key = recordKey(kind, id);
      replay.coldFiles.delete(key);
      if (op === 'delete' || doc === undefined) continue;
      const stored = doc as JsonObject;
      replay.coldFiles.set(key, { kind, id, version: revision, doc: stored, verify: true });
    }
  }
  const last = scan.records.at(-1);
  if (last !== undefined) replay.end = { revision: last.revision, hash: last.hash };
}

/** Cuts a torn end, and makes what is kept durable: it may have been in the page cache only when the process died. */
async function endSegment(
  parts: RecoveryParts,
  segment: Segment,
  content: Buffer,
  scan: SegmentScan,
  replay: Replay,
): Promise<void> {
  replay.tailBytes = scan.goodBytes;
  replay.cutBytes = content.length - scan.goodBytes;
  if (replay.cutBytes > 0) {
    const copy = `${parts.corruptDirectory}/${segment.name}.tail-${scan.goodBytes}`;
    parts.logger.warn(
      { file: segment.name, bytes: replay.cutBytes, detail: scan.detail },
      'The end of the journal was torn and is cut off.',
    );
    // Only for the curious: without room for it the cut goes on.
    await replaceFile(parts.fileSystem, copy, [content.subarray(scan.goodBytes)]).catch(
      () => undefined,
    );
  }
  if (segment.isSealed) return;
  const file = await parts.fileSystem.open(pathOf(parts, segment), 'read-write');
  try {
    if (replay.cutBytes > 0) await file.truncate(scan.goodBytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await parts.fileSystem.syncDirectory(parts.journalDirectory);
}

/** A last segment without records is removed, so that its name is free for the next append. */
async function dropEmpty(
  parts: RecoveryParts,
  segments: readonly Segment[],
  replay: Replay,
): Promise<readonly Segment[]> {
  const last = segments.at(-1);
  if (last === undefined || replay.tailBytes > 0) return segments;
  await parts.fileSystem.remove(pathOf(parts, last));
  await parts.fileSystem.syncDirectory(
    last.isSealed ? parts.sealedDirectory : parts.journalDirectory,
  );
  return segments.slice(0, -1);
}

function pathOf(parts: RecoveryParts, segment: Segment): string {
  return `${segment.isSealed ? parts.sealedDirectory : parts.journalDirectory}/${segment.name}`;
}
