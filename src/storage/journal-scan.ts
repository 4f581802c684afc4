import { decodeRecord, type JournalRecord } from './journal-record.js';

/** Where to start; `hash` is `null` when it is not known and the first record is to be believed. */
export interface StartPoint {
  readonly revision: number;
  readonly hash: string | null;
}

/** What one segment of the journal holds. */
export interface SegmentScan {
  /** Those after the starting point, in order. After damage: the ones that still verify by themselves. */
  readonly records: readonly JournalRecord[];
  /** Where the chain stands after them. */
  readonly end: StartPoint;
  /** Bytes up to the end of the last good record before any damage. */
  readonly goodBytes: number;
  /**
   * `torn`: what follows `goodBytes` was never acknowledged, and may be cut. `damaged`: a record that was acknowledged is
   * not what it was; nothing may be cut.
   */
  readonly state: 'clean' | 'torn' | 'damaged';
  readonly detail: string | null;
}

interface Line {
  readonly record: JournalRecord | string;
  readonly end: number;
}

/**
 * Reads the records after `start`, checking each against the chain. Records up to `start` may precede them.
 * `isLast`: only the last segment can end in a torn write. A group of commits is one write, so a torn one may leave a bad
 * record before good ones: it is torn as long as none of those was written after the bad one's revision was known durable.
 */
export function scanSegment(content: Buffer, start: StartPoint, isLast: boolean): SegmentScan {
  const records: JournalRecord[] = [];
  let end = start;
  let offset = 0;
  while (offset < content.length) {
    const line = lineAt(content, offset);
    const problem = linkProblem(line.record, end, start);
    if (problem !== null) {
      const rest = laterRecords(content, offset, end.revision);
      const synced = rest.reduce((most, record) => Math.max(most, record.synced), 0);
      if (isLast && synced <= end.revision) {
        return { records, end, goodBytes: offset, state: 'torn', detail: problem };
      }
      const detail = `After revision ${end.revision}, at byte ${offset}: ${problem}`;
      const last = rest.at(-1);
      return {
        records: [...records, ...rest],
        end: last === undefined ? end : { revision: last.revision, hash: last.hash },
        goodBytes: offset,
        state: 'damaged',
        detail,
      };
    }
    if (typeof line.record !== 'string' && line.record.revision > end.revision) {
      records.push(line.record);
      end = { revision: line.record.revision, hash: line.record.hash };
    }
    offset = line.end;
  }
  return { records, end, goodBytes: offset, state: 'clean', detail: null };
}

function lineAt(content: Buffer, offset: number): Line {
  const feed = content.indexOf(10, offset);
  if (feed === -1) return { record: 'The line has no end.', end: content.length };
  return { record: decodeRecord(content.subarray(offset, feed)), end: feed + 1 };
}

/** Why a line does not follow `end` in the chain, or `null`. Lines up to `start` are behind the starting point. */
function linkProblem(
  record: JournalRecord | string,
  end: StartPoint,
  start: StartPoint,
): string | null {
  if (typeof record === 'string') return record;
  if (end.revision === start.revision && record.revision <= start.revision) {
    const isAnchor = record.revision === start.revision && start.hash !== null;
    return isAnchor && record.hash !== start.hash ? 'It is not the record that was kept.' : null;
  }
  if (record.revision !== end.revision + 1) return `It has revision ${record.revision}.`;
  if (end.hash === null) return null;
  return record.prev_hash === end.hash ? null : 'It does not follow the hash of the one before.';
}

/** Whatever verifies by itself from `offset` on, in rising order of revision. */
function laterRecords(content: Buffer, offset: number, after: number): JournalRecord[] {
  const found: JournalRecord[] = [];
  let revision = after;
  for (let at = offset; at < content.length;) {
    const line = lineAt(content, at);
    if (typeof line.record !== 'string' && line.record.revision > revision) {
      found.push(line.record);
      revision = line.record.revision;
    }
    at = line.end;
  }
  return found;
}
