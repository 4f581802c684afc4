import { channel } from 'node:diagnostics_channel';
import type { JsonObject } from '../kernel/json.js';
import { KeyedSerial } from '../kernel/serial.js';
import { assembleParts, type FileStoreOptions, type FileStoreParts } from './file-store-parts.js';
import { ChainHistory } from './chain-history.js';
import { COMMIT_LINES, JournalChain } from './journal-chain.js';
import { checkJournal } from './journal-check.js';
import { GroupCommit } from './group-commit.js';
import { prepareCommit } from './prepared-commit.js';
import { isHot } from './record-layout.js';
import {
  RecordStore,
  type ChainedCommit,
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
import type { RecordIdentity } from './record-table.js';
import { storageProblems } from './storage.errors.js';
import { StoreBoot, type BootFacts } from './store-boot.js';

const DEFAULT_FEED_COMMITS = 10_000;
/** Carries `{ duration_ms }` of each commit that became durable. */
const commitChannel = channel('switchyard:commit');

/**
 * The embedded store: journal first, files second. A commit is durable once its journal record is; the JSON files follow
 * behind and can always be rebuilt from snapshot and journal.
 */
export class FileStore extends RecordStore {
  private readonly parts: FileStoreParts;
  private readonly commits: GroupCommit;
  private readonly past: ChainHistory<ChainedCommit>;
  private readonly checks = new KeyedSerial();
  private phase: 'new' | 'open' | 'closing' | 'closed' = 'new';
  private bootFacts: BootFacts = {};
  private closed: Promise<void> | null = null;

  constructor(options: FileStoreOptions) {
    super();
    const parts = assembleParts(options);
    this.parts = parts;
    this.past = new ChainHistory(parts.fileSystem, new JournalChain(parts.journal), COMMIT_LINES);
    this.commits = new GroupCommit({
      log: parts.journal,
      table: parts.table,
      gate: parts.gate,
      reserve: parts.reserve,
      clock: parts.clock,
      publish: (commit, bytes) => {
        this.publish(commit, bytes);
      },
      betweenGroups: () => parts.compaction.considerBetweenGroups(),
    });
  }

  override async open(): Promise<void> {
    if (this.phase !== 'new') throw storageProblems.closed('A store is opened once.');
    this.phase = 'closed';
    this.bootFacts = await new StoreBoot(this.parts).run();
    this.phase = 'open';
    if (this.parts.gate.reason === null) this.parts.index.touch();
  }

  override close(): Promise<void> {
    this.closed ??= this.shutDown();
    return this.closed;
  }

  override get<Doc extends object = JsonObject>(
    kind: RecordKind,
    id: string,
  ): StoredRecord<Doc> | undefined {
    return this.parts.table.get<Doc>(kind, id);
  }

  override list<Doc extends object = JsonObject>(kind: RecordKind): readonly StoredRecord<Doc>[] {
    return this.parts.table.list<Doc>(kind);
  }

  override ids(kind: RecordKind, prefix?: string): readonly RecordIdentity[] {
    return this.parts.table.ids(kind, prefix);
  }

  override async read<Doc extends object = JsonObject>(
    kind: RecordKind,
    id: string,
  ): Promise<StoredRecord<Doc> | undefined> {
    if (isHot(kind)) return this.parts.table.get<Doc>(kind, id);
    // The port lets callers name the document's type; the store cannot know it.
    return (await this.parts.cold.read(kind, id)) as StoredRecord<Doc> | undefined;
  }

  override async commit(changes: readonly RecordChange[], meta: CommitMeta): Promise<number> {
    if (this.phase !== 'open') throw storageProblems.closed();
    const startedMs = this.parts.clock.monotonicMs();
    const revision = await this.commits.submit(prepareCommit(changes, meta));
    if (commitChannel.hasSubscribers) {
      commitChannel.publish({ duration_ms: this.parts.clock.monotonicMs() - startedMs });
    }
    return revision;
  }

  override async changesSince(
    revision: number,
    limit = DEFAULT_FEED_COMMITS,
  ): Promise<readonly CommitRecord[]> {
    const from = Math.max(0, revision);
    if (from >= this.parts.table.revision) return [];
    const recent = this.parts.ring.since(from, limit);
    return recent ?? this.readSince(from, limit);
  }

  override async history(query: HistoryQuery): Promise<HistoryPage> {
    if (this.phase !== 'open') throw storageProblems.closed();
    const { items: commits, ...page } = await this.past.page(query);
    return { commits, ...page };
  }

  /** One after another: each is as much as the disk can do. */
  override verifyChain(witnesses: readonly ChainWitness[] = []): Promise<ChainVerdict> {
    if (this.phase !== 'open') return Promise.reject(storageProblems.closed());
    return this.checks.run('chain', () => checkJournal(this.parts, witnesses));
  }

  override get chainEnd(): ChainLink {
    const { revision: number, hash } = this.parts.journal.point;
    return { number, hash };
  }

  override watch(listener: CommitListener): () => void {
    return this.parts.watchers.add(listener);
  }

  override get revision(): number {
    return this.parts.table.revision;
  }

  override status(): StoreStatus {
    return {
      adapter: 'file',
      revision: this.parts.table.revision,
      records: this.parts.table.counts(),
      read_only: this.parts.gate.reason !== null,
      reason: this.parts.gate.reason,
      faults: this.parts.faults.list(),
      boot: this.bootFacts,
      pending_files: this.parts.materialiser.pendingCount,
      disk_full: this.parts.gate.isFull,
    };
  }

  /** Waits until the files are what the journal says. Answers whether they are; `false` = the disk refuses. */
  async settleFiles(): Promise<boolean> {
    await this.commits.idle();
    await this.parts.compaction.idle();
    return this.parts.materialiser.flush();
  }

  /** Fewer than `limit` when they are large, or where one cannot be read; then the next call says so. */
  private async readSince(revision: number, limit: number): Promise<readonly CommitRecord[]> {
    const { journal, table } = this.parts;
    const from = revision + 1;
    if ((journal.files[0]?.first ?? Infinity) > from) throw storageProblems.compacted();
    const { items } = await this.past.page({ order: 'oldest', from, limit });
    const found = items
      .filter((item, index) => item.revision === from + index && item.revision <= table.revision)
      .map(({ revision: number, at, meta, changes }) => ({ revision: number, at, meta, changes }));
    if (found.length > 0) return found;
    throw storageProblems['corrupt-journal'](`Revision ${from} cannot be read.`);
  }

  private publish(commit: CommitRecord, bytes: number): void {
    this.parts.table.apply(commit);
    this.parts.ring.push(commit, bytes);
    this.parts.compaction.count(1, bytes);
    for (const { kind, id, op, doc } of commit.changes) {
      const stored = op === 'put' && doc !== undefined ? (doc as JsonObject) : null;
      this.parts.faults.clear(kind, id);
      this.parts.materialiser.enqueue({ kind, id, version: commit.revision, doc: stored });
      if (kind === 'service') this.parts.index.touch();
    }
    this.parts.watchers.tell(commit);
  }

  private async shutDown(): Promise<void> {
    const wasOpen = this.phase === 'open';
    this.phase = 'closing';
    if (wasOpen) {
      await this.settleFiles();
      await this.parts.materialiser.stop();
      if (this.parts.gate.reason === null) await this.parts.index.write();
      await this.parts.index.stop();
      await this.parts.journal.close().catch(() => undefined);
    }
    this.phase = 'closed';
    await this.parts.lock.release();
  }
}
