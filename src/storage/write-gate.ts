import type { ProblemError } from '../kernel/problem.js';
import { JournalFailure } from './journal.js';
import { storageProblems } from './storage.errors.js';

/** A failed fsync is final for its commit; this many in a row are final for the store. */
export const MAX_FAILURES_IN_A_ROW = 3;

/**
 * Whether the store may write. A full disk does not close it, as that heals; failures of the disk itself do, until the
 * process is started again.
 */
export class WriteGate {
  private failures = 0;
  private outOfSpace = false;
  private closedBecause: string | null = null;

  /** Why the store is read-only, or `null`. */
  get reason(): string | null {
    return this.closedBecause;
  }

  /** Whether the last write found no room; the next one that finds some ends it. */
  get isFull(): boolean {
    return this.outOfSpace;
  }

  close(reason: string): void {
    this.closedBecause ??= reason;
  }

  recordSuccess(): void {
    this.failures = 0;
  }

  /** Whether the disk has room for the reserve, as found before a write. */
  recordRoom(hasRoom: boolean): void {
    this.outOfSpace = !hasRoom;
  }

  /** Counts a failed append, and answers the problem its commits are refused with. */
  recordFailure(failure: unknown): ProblemError {
    const isKnown = failure instanceof JournalFailure;
    // When the failed bytes could not be cut off they may turn up at the next boot; the caller is told so.
    const extra = { outcome: isKnown && failure.isContained ? 'refused' : 'unknown' };
    if (isKnown && failure.isOutOfSpace) {
      this.outOfSpace = true;
      return storageProblems['disk-full']({ extra, cause: failure });
    }
    this.failures += 1;
    if (this.failures >= MAX_FAILURES_IN_A_ROW) {
      this.close(`${this.failures} writes of the journal failed in a row.`);
    }
    return storageProblems['write-failed']({ extra, cause: failure, retry_after_s: 1 });
  }

  /** The problem of every commit while it is closed, or `null`. */
  refusal(): ProblemError | null {
    if (this.closedBecause === null) return null;
    return storageProblems['read-only']({
      detail: this.closedBecause,
      extra: { outcome: 'refused' },
    });
  }
}
