import type { JsonObject } from '../kernel/json.js';

/**
 * The kinds of record, and where each lives on disk (`record-layout`). Hot kinds are in memory whole; of a cold kind only
 * the identity is, and `read` fetches the document.
 */
export type RecordKind =
  | 'service'
  | 'service_status'
  | 'revision'
  | 'template'
  | 'template_revision'
  | 'template_rollout'
  | 'archive'
  | 'route'
  | 'idempotency'
  | 'alert'
  | 'alert_delivery'
  | 'approval'
  | 'health_transition';

export interface StoredRecord<Doc extends object = JsonObject> {
  readonly kind: RecordKind;
  /** Unique within its kind; a revision's is `<service_id>/<number>`. */
  readonly id: string;
  /** The store revision of the commit that last wrote it. */
  readonly version: number;
  /** Deep-frozen. */
  readonly doc: Doc;
}

export interface RecordChange {
  readonly kind: RecordKind;
  readonly id: string;
  readonly op: 'put' | 'delete';
  /** Plain JSON; present when `op` is `put`. The store keeps a frozen copy. */
  readonly doc?: object;
  /** Compare-and-swap: the version it must have now, `null` = must not exist, absent = whatever. */
  readonly expect?: number | null;
}

/** Who changed what and why: the audit entry of a commit, chained by the store. */
export interface CommitMeta {
  readonly actor: string;
  /** `api`, `hook`, `inbox`, `cli`, `reconciler`, `boot`, … */
  readonly source: string;
  /** What was done, such as `service.create`. */
  readonly verb: string;
  readonly subject?: string;
  readonly reason?: string;
  readonly request_id?: string;
  /** The change is on the way to removing something: let through when the disk is full, out of the reserve. */
  readonly frees_space?: true;
  /** RFC 6902-like summary of the change, secrets already redacted. */
  readonly diff?: readonly object[];
}

/** One commit as the journal holds it and as the change feed shows it. */
export interface CommitRecord {
  readonly revision: number;
  readonly at: string;
  readonly meta: CommitMeta;
  readonly changes: readonly RecordChange[];
}

/** What boot found wrong with one file: quarantined when corrupt, left in place when drifted (a valid edit by hand). */
export interface StorageFault {
  readonly kind: RecordKind;
  readonly id: string;
  readonly fault: 'corrupt' | 'drifted';
  /** Where the damaged file is now (`corrupt/…`), or the edited file itself. */
  readonly file: string;
  readonly detail: string;
  /** The edited document, when drifted. */
  readonly found?: JsonObject;
}

export interface StoreStatus {
  readonly adapter: string;
  readonly revision: number;
  readonly records: Readonly<Record<string, number>>;
  readonly read_only: boolean;
  /** Why it is read-only, or `null`. */
  readonly reason: string | null;
  readonly faults: readonly StorageFault[];
  /** What boot did: records replayed, files swept, bytes cut from a torn tail. */
  readonly boot: Readonly<Record<string, number>>;
  /** Files that are behind the journal at the moment; absent where there are no files. */
  readonly pending_files?: number;
  /** The last write found no room on the disk; absent where there is no disk. */
  readonly disk_full?: boolean;
}

export type CommitListener = (commit: CommitRecord) => void;

/** A commit with its place in the chain. */
export interface ChainedCommit extends CommitRecord {
  readonly prev_hash: string;
  readonly hash: string;
  /** The line of the journal as it is, without its line feed: what `hash` was made of. */
  readonly line: string;
}

export interface HistoryQuery {
  readonly order: 'newest' | 'oldest';
  /** The revision to begin at, itself included; absent = the end, or the beginning, of what is kept. */
  readonly from?: number;
  readonly limit: number;
}

export interface HistoryPage {
  readonly commits: readonly ChainedCommit[];
  /** `from` of the page after this one; `null` = there is nothing more. */
  readonly next: number | null;
  /** Where in the range of this page something stands that cannot be read; it counts towards `limit`. */
  readonly damaged: readonly ChainPlace[];
}

/** A line of a chained file. */
export interface ChainPlace {
  readonly file: string;
  /** From 1; `null` where it was not counted, or where it is the whole file. */
  readonly line: number | null;
  /** Where the line begins. */
  readonly byte: number;
}

/**
 * `unreadable`: checksum, hash or form of the line are wrong. `order`: a number is missing, doubled or out of its place.
 * `link`: it does not follow the hash of the line before. `anchor`: it is not what a snapshot, or the retention that
 * removed older lines, says. `end`: the last line is not the one that was written last. `file`: a file is missing, cannot
 * be read or does not belong there.
 */
export type ChainFault = 'unreadable' | 'order' | 'link' | 'anchor' | 'end' | 'file';

export interface ChainBreak extends ChainPlace {
  readonly fault: ChainFault;
  /** The number that the line has, or should have: of a commit its revision. */
  readonly number: number | null;
  readonly detail: string;
}

export interface ChainLink {
  readonly number: number;
  readonly hash: string;
}

/** A link that somebody else, by the name of `by`, says to have seen. */
export interface ChainWitness extends ChainLink {
  readonly by: string;
}

export interface ChainVerdict {
  readonly intact: boolean;
  /** Lines that were read, bad ones included. */
  readonly records: number;
  readonly files: number;
  /** What retention left of the lines before `first`: the last of them; `null` = nothing was ever removed. */
  readonly anchor: ChainLink | null;
  readonly first: ChainLink | null;
  readonly last: ChainLink | null;
  /** The first ones, in order. */
  readonly breaks: readonly ChainBreak[];
  readonly break_count: number;
}

/**
 * The port to the durable store. All hot documents are in memory, so reads never touch the disk.
 *
 * Errors are `ProblemError`s of `storage.errors`: `storage.version-conflict` (an expectation failed; nothing was changed),
 * `storage.disk-full`, `storage.read-only`, `storage.write-failed`, `storage.compacted`, `storage.locked`.
 * Invariant: once `commit` has resolved, the change survives a crash of the process and of the machine.
 */
export abstract class RecordStore {
  /** Locks, recovers and loads. Resolves once every record is readable. */
  abstract open(): Promise<void>;
  /** Finishes what is under way, then releases the lock. Idempotent. */
  abstract close(): Promise<void>;

  /** A hot record, or `undefined`. */
  abstract get<Doc extends object = JsonObject>(
    kind: RecordKind,
    id: string,
  ): StoredRecord<Doc> | undefined;
  /** All records of a hot kind, in order of id. */
  abstract list<Doc extends object = JsonObject>(kind: RecordKind): readonly StoredRecord<Doc>[];
  /** Identities of a kind whose id starts with `prefix`, with their versions; works for cold kinds. */
  abstract ids(kind: RecordKind, prefix?: string): readonly { id: string; version: number }[];
  /** A record of any kind; reads the disk for a cold one. */
  abstract read<Doc extends object = JsonObject>(
    kind: RecordKind,
    id: string,
  ): Promise<StoredRecord<Doc> | undefined>;

  /** All or nothing. Answers the new store revision. An empty list of changes is refused. */
  abstract commit(changes: readonly RecordChange[], meta: CommitMeta): Promise<number>;

  /** Commits after `revision`, oldest first; `storage.compacted` when they are no longer kept. */
  abstract changesSince(revision: number, limit?: number): Promise<readonly CommitRecord[]>;
  /** Hears each commit after it is durable and visible, in order. Answers the function that ends it. */
  abstract watch(listener: CommitListener): () => void;

  /** Commits that are kept, sealed ones included, a page at a time; reads the disk. Changes nothing, and no commit waits for it. */
  abstract history(query: HistoryQuery): Promise<HistoryPage>;
  /**
   * Reads every commit that is kept and says whether the chain holds, and where not. Memory does not grow with it.
   * `witnesses` were seen before this was called.
   */
  abstract verifyChain(witnesses?: readonly ChainWitness[]): Promise<ChainVerdict>;
  /** The newest durable commit: an anchor that others may keep. */
  abstract get chainEnd(): ChainLink;

  abstract get revision(): number;
  abstract status(): StoreStatus;
}
