import type { Clock } from '../kernel/clock.js';
import type { ProblemError } from '../kernel/problem.js';
import { JournalFailure } from './journal.js';
import type { PreparedCommit } from './prepared-commit.js';
import { recordKey } from './record-layout.js';
import type { CommitRecord } from './record-store.js';
import type { RecordTable } from './record-table.js';
import type { SpaceReserve } from './space-reserve.js';
import { storageProblems } from './storage.errors.js';
import { versionConflict } from './version-conflict.js';
import type { WriteGate } from './write-gate.js';

const MAX_GROUP_COMMITS = 512;

/** What makes a group durable; the journal. */
export interface GroupLog {
  append(commits: readonly CommitRecord[]): Promise<readonly number[]>;
}

export interface GroupCommitParts {
  readonly log: GroupLog;
  readonly table: RecordTable;
  readonly gate: WriteGate;
  readonly reserve: SpaceReserve;
  readonly clock: Clock;
  /** Makes a durable commit visible; called in order of revision, before its caller is answered. */
  readonly publish: (commit: CommitRecord, bytes: number) => void;
  /** Called between groups, when nothing is being written; may rotate the journal. */
  readonly betweenGroups: () => Promise<void>;
}

interface Waiting {
  readonly prepared: PreparedCommit;
  readonly resolve: (revision: number) => void;
  readonly reject: (error: Error) => void;
  /** Whether it was tried once with the reserve still taken. */
  retried: boolean;
}

interface Group {
  readonly entries: { readonly waiting: Waiting; readonly commit: CommitRecord }[];
  /** Those that lose to a commit of this group, provided that it becomes durable. */
  readonly losers: { readonly waiting: Waiting; readonly conflict: ProblemError }[];
}

/**
 * The queue in front of the journal: whoever commits while a group is being written joins the next one, and a whole group
 * costs one write and one fdatasync. Expectations are checked when the group is formed, against the table and against the
 * commits before it in the group; a group that fails leaves no trace, so nothing later can have been built on it.
 */
export class GroupCommit {
  private waiting: Waiting[] = [];
  private running: Promise<void> | null = null;

  constructor(private readonly parts: GroupCommitParts) {}

  /** Resolves with the revision once the commit is durable and visible. */
  submit(prepared: PreparedCommit): Promise<number> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ prepared, resolve, reject, retried: false });
      this.running ??= this.drain();
    });
  }

  /** Resolves once nothing waits and nothing is being written. */
  async idle(): Promise<void> {
    while (this.running !== null) await this.running;
  }

  private async drain(): Promise<void> {
    // Whoever commits in the same turn of the event loop joins the first group.
    await Promise.resolve();
    try {
      while (this.waiting.length > 0) {
        await this.writeGroup();
        await this.parts.betweenGroups();
      }
    } finally {
      this.running = null;
    }
  }

  private async writeGroup(): Promise<void> {
    const { gate, log } = this.parts;
    const isFull = !(await this.hasRoom());
    gate.recordRoom(!isFull);
    const group = this.form(this.waiting.splice(0, MAX_GROUP_COMMITS), isFull);
    if (group.entries.length === 0) return;
    const hadReserve = this.parts.reserve.isHeld;
    let bytes: readonly number[];
    try {
      bytes = await log.append(group.entries.map((entry) => entry.commit));
    } catch (error) {
      this.refuse(group, error, hadReserve);
      return;
    }
    gate.recordSuccess();
    for (const [index, { waiting, commit }] of group.entries.entries()) {
      this.parts.publish(commit, bytes[index] ?? 0);
      waiting.resolve(commit.revision);
    }
    for (const { waiting, conflict } of group.losers) waiting.reject(conflict);
  }

  /** Whether ordinary commits may be written. While the reserve is spent only those that delete are. */
  private async hasRoom(): Promise<boolean> {
    try {
      return await this.parts.reserve.hold();
    } catch {
      // The disk fails in some other way; the append will find out and count it.
      return true;
    }
  }

  private form(batch: readonly Waiting[], isFull: boolean): Group {
    const group: Group = { entries: [], losers: [] };
    const overlay = new Map<string, number | null>();
    const at = this.parts.clock.timestamp();
    let revision = this.parts.table.revision;
    for (const waiting of batch) {
      const { prepared } = waiting;
      const refusal = this.parts.gate.refusal() ?? this.noRoom(prepared, isFull);
      const conflict = this.parts.table.conflictOf(prepared.expectations, overlay);
      if (refusal !== null) {
        waiting.reject(refusal);
      } else if (conflict !== null) {
        if (conflict.isStaged) group.losers.push({ waiting, conflict: versionConflict(conflict) });
        else waiting.reject(versionConflict(conflict));
      } else {
        revision += 1;
        const { meta, changes } = prepared;
        group.entries.push({ waiting, commit: Object.freeze({ revision, at, meta, changes }) });
        for (const { kind, id, op } of changes) {
          overlay.set(recordKey(kind, id), op === 'put' ? revision : null);
        }
      }
    }
    return group;
  }

  private noRoom(prepared: PreparedCommit, isFull: boolean): ProblemError | null {
    if (!isFull || prepared.isCleanup) return null;
    return storageProblems['disk-full']({ extra: { outcome: 'refused' } });
  }

  private refuse(group: Group, error: unknown, hadReserve: boolean): void {
    const problem = this.parts.gate.recordFailure(error);
    const isFull = error instanceof JournalFailure && error.isOutOfSpace && error.isContained;
    const again: Waiting[] = [];
    for (const { waiting } of [...group.entries, ...group.losers]) {
      // A deletion may use the room that the reserve has just given back.
      const mayRetry = isFull && hadReserve && waiting.prepared.isCleanup && !waiting.retried;
      if (mayRetry) again.push(Object.assign(waiting, { retried: true }));
      else waiting.reject(problem);
    }
    this.waiting.unshift(...again);
  }
}
