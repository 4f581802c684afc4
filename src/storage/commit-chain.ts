import { ChainCheck } from './chain-check.js';
import { decodeRecord, encodeRecord } from './journal-record.js';
import type {
  ChainedCommit,
  ChainLink,
  ChainVerdict,
  ChainWitness,
  CommitRecord,
  HistoryPage,
  HistoryQuery,
} from './record-store.js';
import { NO_HASH } from './sealed-line.js';

const FILE = 'memory';

/** The latest commits as the lines that a journal would hold: the past of a store without a disk. */
export class CommitChain {
  private kept: ChainedCommit[] = [];
  private before: ChainLink = { number: 0, hash: NO_HASH };
  private last: ChainLink = this.before;

  constructor(private readonly maxCommits: number) {}

  get end(): ChainLink {
    return this.last;
  }

  push(commit: CommitRecord): void {
    const prev_hash = this.last.hash;
    const { line, hash } = encodeRecord(commit, prev_hash, this.last.number);
    this.kept.push({ ...commit, prev_hash, hash, line: line.trimEnd() });
    this.last = { number: commit.revision, hash };
    // Twice what is wanted before it is cut, so that a commit does not move them all.
    if (this.kept.length < 2 * this.maxCommits) return;
    const gone = this.kept.splice(0, this.kept.length - this.maxCommits).at(-1);
    if (gone !== undefined) this.before = { number: gone.revision, hash: gone.hash };
  }

  page({ order, from, limit }: HistoryQuery): HistoryPage {
    const isNewest = order === 'newest';
    const start = from ?? (isNewest ? this.last.number : 0);
    const wanted = this.kept.filter(({ revision }) =>
      isNewest ? revision <= start : revision >= start,
    );
    if (isNewest) wanted.reverse();
    const commits = wanted.slice(0, limit);
    const next = wanted[limit]?.revision ?? null;
    return { commits, next, damaged: [] };
  }

  check(witnesses: readonly ChainWitness[] = []): ChainVerdict {
    const check = new ChainCheck({ ...this.before, mayPrecede: false }, witnesses);
    check.countFile();
    for (const [index, { line }] of this.kept.entries()) {
      const record = decodeRecord(Buffer.from(line));
      const link = typeof record === 'string' ? record : { ...record, number: record.revision };
      check.step(link, { file: FILE, line: index + 1, byte: 0 });
    }
    return check.verdict(this.last, witnesses, { file: FILE, line: null, byte: 0 });
  }
}
