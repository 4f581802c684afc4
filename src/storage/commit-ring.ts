import type { CommitRecord } from './record-store.js';

/**
 * The latest commits in memory, for those who follow the changes. Bounded by count and by bytes, as the documents of old
 * commits live nowhere else in memory.
 */
export class CommitRing {
  private commits: { readonly commit: CommitRecord; readonly bytes: number }[] = [];
  private heldBytes = 0;
  private dropped = 0;

  constructor(
    private readonly maxCommits: number,
    private readonly maxBytes: number,
  ) {}

  push(commit: CommitRecord, bytes: number): void {
    const last = this.commits.at(-1)?.commit.revision;
    // A gap comes only from a damaged journal; what is before it is not served as if nothing were missing.
    if (last !== undefined && commit.revision !== last + 1) this.clear();
    this.commits.push({ commit, bytes });
    this.heldBytes += bytes;
    while (this.size > this.maxCommits || (this.heldBytes > this.maxBytes && this.size > 1)) {
      this.heldBytes -= this.commits[this.dropped]?.bytes ?? 0;
      this.dropped += 1;
    }
    // Why not `shift`: it moves the whole array each time.
    if (this.dropped > this.maxCommits || this.dropped > 1024) {
      this.commits = this.commits.slice(this.dropped);
      this.dropped = 0;
    }
  }

  private clear(): void {
    this.commits = [];
    this.heldBytes = 0;
    this.dropped = 0;
  }

  get size(): number {
    return this.commits.length - this.dropped;
  }

  /** Commits after `revision`, oldest first, or `null` when the first of them is no longer here. */
  since(revision: number, limit: number): readonly CommitRecord[] | null {
    const first = this.commits[this.dropped]?.commit.revision;
    if (first === undefined || revision + 1 < first) return null;
    // Revisions have no gaps, so the place follows from the number.
    const from = this.dropped + (revision + 1 - first);
    return this.commits.slice(from, from + limit).map((held) => held.commit);
  }
}
