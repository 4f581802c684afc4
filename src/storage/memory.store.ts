import type { Clock } from '../kernel/clock.js';
import type { JsonObject } from '../kernel/json.js';
import { SilentLogger, type Logger } from '../kernel/logger.js';
import { CommitChain } from './commit-chain.js';
import { CommitRing } from './commit-ring.js';
import { CommitWatchers } from './commit-watchers.js';
import { prepareCommit } from './prepared-commit.js';
import { isHot, recordKey } from './record-layout.js';
import {
  RecordStore,
  type ChainLink,
  type ChainVerdict,
  type ChainWitness,
  type CommitListener,
  type CommitMeta,
  type CommitRecord,
  type HistoryPage,
  type HistoryQuery,
  type RecordChange,
  type RecordKind,
  type StoredRecord,
  type StoreStatus,
} from './record-store.js';
import { RecordTable, type RecordIdentity } from './record-table.js';
import { storageProblems } from './storage.errors.js';
import { versionConflict } from './version-conflict.js';

const DEFAULT_KEPT_COMMITS = 10_000;

/** The twin of `FileStore` without a disk: same answers, nothing durable. For tests and trials. */
export class MemoryStore extends RecordStore {
  private readonly table = new RecordTable();
  private readonly coldDocuments = new Map<string, JsonObject>();
  private readonly ring: CommitRing;
  private readonly chain: CommitChain;
  private readonly watchers: CommitWatchers;
  private isOpen = false;

  /** `keptCommits`: how far back `changesSince` reaches. */
  constructor(
    private readonly clock: Clock,
    logger: Logger = new SilentLogger(),
    keptCommits = DEFAULT_KEPT_COMMITS,
  ) {
    super();
    this.ring = new CommitRing(keptCommits, Number.POSITIVE_INFINITY);
    this.chain = new CommitChain(keptCommits);
    this.watchers = new CommitWatchers(logger);
  }

  override open(): Promise<void> {
    this.isOpen = true;
    return Promise.resolve();
  }

  override close(): Promise<void> {
    this.isOpen = false;
    return Promise.resolve();
  }

  override get<Doc extends object = JsonObject>(
    kind: RecordKind,
    id: string,
  ): StoredRecord<Doc> | undefined {
    return this.table.get<Doc>(kind, id);
  }

  override list<Doc extends object = JsonObject>(kind: RecordKind): readonly StoredRecord<Doc>[] {
    return this.table.list<Doc>(kind);
  }

  override ids(kind: RecordKind, prefix?: string): readonly RecordIdentity[] {
    return this.table.ids(kind, prefix);
  }

  override read<Doc extends object = JsonObject>(
    kind: RecordKind,
    id: string,
  ): Promise<StoredRecord<Doc> | undefined> {
    if (isHot(kind)) return Promise.resolve(this.table.get<Doc>(kind, id));
    const version = this.table.version(kind, id);
    const doc = this.coldDocuments.get(recordKey(kind, id));
    if (version === null || doc === undefined) return Promise.resolve(undefined);
    return Promise.resolve({ kind, id, version, doc: doc as unknown as Doc });
  }

  override async commit(changes: readonly RecordChange[], meta: CommitMeta): Promise<number> {
    if (!this.isOpen) throw storageProblems.closed();
    const prepared = prepareCommit(changes, meta);
    // A commit becomes visible after the call that made it has returned, as it does on a disk.
    await Promise.resolve();
    const conflict = this.table.conflictOf(prepared.expectations);
    if (conflict !== null) throw versionConflict(conflict);
    const commit: CommitRecord = Object.freeze({
      revision: this.table.revision + 1,
      at: this.clock.timestamp(),
      meta: prepared.meta,
      changes: prepared.changes,
    });
    this.table.apply(commit);
    this.ring.push(commit, 0);
    this.chain.push(commit);
    for (const change of prepared.changes) {
      if (isHot(change.kind)) continue;
      const key = recordKey(change.kind, change.id);
      if (change.op === 'put') this.coldDocuments.set(key, change.doc);
      else this.coldDocuments.delete(key);
    }
    this.watchers.tell(commit);
    return commit.revision;
  }

  override changesSince(
    revision: number,
    limit = DEFAULT_KEPT_COMMITS,
  ): Promise<readonly CommitRecord[]> {
    const from = Math.max(0, revision);
    if (from >= this.table.revision) return Promise.resolve([]);
    const commits = this.ring.since(from, limit);
    return commits === null
      ? Promise.reject(storageProblems.compacted())
      : Promise.resolve(commits);
  }

  override history(query: HistoryQuery): Promise<HistoryPage> {
    return Promise.resolve(this.chain.page(query));
  }

  override verifyChain(witnesses?: readonly ChainWitness[]): Promise<ChainVerdict> {
    return Promise.resolve(this.chain.check(witnesses));
  }

  override get chainEnd(): ChainLink {
    return this.chain.end;
  }

  override watch(listener: CommitListener): () => void {
    return this.watchers.add(listener);
  }

  override get revision(): number {
    return this.table.revision;
  }

  override status(): StoreStatus {
    return {
      adapter: 'memory',
      revision: this.table.revision,
      records: this.table.counts(),
      read_only: false,
      reason: null,
      faults: [],
      boot: {},
    };
  }
}
