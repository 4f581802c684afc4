import type { ChainExtent, ChainFiles } from './chain-files.js';
import type { LineForm } from './chain-history.js';
import { decodeRecord, type JournalRecord } from './journal-record.js';
import type { Journal } from './journal.js';
import type { ChainedCommit } from './record-store.js';

/** The journal as a chain of files. */
export class JournalChain implements ChainFiles {
  constructor(private readonly journal: Pick<Journal, 'extent' | 'find'>) {}

  get extent(): ChainExtent {
    const { end, segments, tailBytes } = this.journal.extent;
    return { end: { number: end.revision, hash: end.hash }, files: segments, tailBytes };
  }

  find(name: string): string | null {
    return this.journal.find(name);
  }
}

export const COMMIT_LINES: LineForm<ChainedCommit> = {
  head: /^\{"schema_version":"[^"]*","revision":(\d{1,15}),/,
  decode: (line) => {
    const record = readRecord(line);
    if (typeof record === 'string') return null;
    const { revision, at, meta, changes, prev_hash, hash } = record;
    const text = line.toString('utf8');
    return {
      number: revision,
      item: { revision, at, meta, changes, prev_hash, hash, line: text },
    };
  },
};

/** As `decodeRecord`; a record of a newer version is one that we cannot read. */
export function readRecord(line: Buffer): JournalRecord | string {
  try {
    return decodeRecord(line);
  } catch {
    return 'The line was written by a newer version.';
  }
}
