import type { JsonObject } from '../kernel/json.js';
import { isHot, isNested, RECORD_KINDS, recordKey } from './record-layout.js';
import type { Expectation } from './prepared-commit.js';
import type { CommitRecord, RecordKind, StoredRecord } from './record-store.js';

/** More would let one busy client fill the memory; the oldest go first, in the same order on every replay. */
export const MAX_IDEMPOTENCY_RECORDS = 10_000;

export interface RecordIdentity {
  readonly id: string;
  readonly version: number;
}

/** Versions that a group of commits would give; `null` = deleted. Asked before the table itself. */
export type VersionOverlay = ReadonlyMap<string, number | null>;

export interface Conflict extends Expectation {
  readonly actual: number | null;
  /** Whether the version in the way is only staged: when its group fails, the conflict never was. */
  readonly isStaged: boolean;
}

interface KindTable {
  readonly versions: Map<string, number>;
  /** Empty for cold kinds. */
  readonly documents: Map<string, StoredRecord>;
  /** Ids per owner, for nested kinds. */
  readonly owned: Map<string, Set<string>>;
  /** The documents in order of id; `null` after a change. */
  sorted: readonly StoredRecord[] | null;
}

/**
 * The records in memory, shared by every adapter. Only durable commits are applied to it, in order of revision.
 * Invariant: replaying the same commits gives the same table.
 */
export class RecordTable {
  private readonly kinds = new Map<RecordKind, KindTable>(
    RECORD_KINDS.map((kind) => [kind, emptyKind()]),
  );
  private current = 0;

  get revision(): number {
    return this.current;
  }

  version(kind: RecordKind, id: string): number | null {
    return this.of(kind).versions.get(id) ?? null;
  }

  get<Doc extends object = JsonObject>(
    kind: RecordKind,
    id: string,
  ): StoredRecord<Doc> | undefined {
    // The port lets callers name the document's type; the table cannot know it.
    return this.of(kind).documents.get(id) as StoredRecord<Doc> | undefined;
  }

  list<Doc extends object = JsonObject>(kind: RecordKind): readonly StoredRecord<Doc>[] {
    const table = this.of(kind);
    table.sorted ??= Object.freeze([...table.documents.values()].sort(byId));
    return table.sorted as unknown as readonly StoredRecord<Doc>[];
  }

  /** In order of id, numbers in it by value: `x/2` comes before `x/10`. */
  ids(kind: RecordKind, prefix = ''): readonly RecordIdentity[] {
    const { versions, owned } = this.of(kind);
    const slash = isNested(kind) ? prefix.indexOf('/') : -1;
    const candidates = slash === -1 ? versions.keys() : (owned.get(prefix.slice(0, slash)) ?? []);
    const found: RecordIdentity[] = [];
    for (const id of candidates) {
      if (id.startsWith(prefix)) found.push({ id, version: versions.get(id) ?? 0 });
    }
    return found.sort(byId);
  }

  /** The first expectation that does not hold, or `null`. */
  conflictOf(expectations: readonly Expectation[], overlay?: VersionOverlay): Conflict | null {
    for (const expectation of expectations) {
      const { kind, id, expect } = expectation;
      const staged = overlay?.get(recordKey(kind, id));
      const actual = staged === undefined ? this.version(kind, id) : staged;
      if (actual !== expect) {
        return { ...expectation, actual, isStaged: staged !== undefined };
      }
    }
    return null;
  }

  apply(commit: CommitRecord): void {
    for (const change of commit.changes) {
      if (change.op === 'delete') this.remove(change.kind, change.id);
      else this.put(change.kind, change.id, commit.revision, (change.doc ?? {}) as JsonObject);
    }
    this.current = commit.revision;
  }

  /** Puts one record as a snapshot has it; `doc` is `null` for a cold one. */
  restore(kind: RecordKind, id: string, version: number, doc: JsonObject | null): void {
    this.put(kind, id, version, doc ?? {});
  }

  /** Says up to which revision the restored records go. */
  restoreRevision(revision: number): void {
    this.current = revision;
  }

  /** Every record, a cold one without its document, in an order that `restore` can repeat. */
  *entries(): Generator<{ kind: RecordKind; id: string; version: number; doc: JsonObject | null }> {
    for (const [kind, table] of this.kinds) {
      for (const [id, version] of table.versions) {
        yield { kind, id, version, doc: table.documents.get(id)?.doc ?? null };
      }
    }
  }

  counts(): Record<string, number> {
    return Object.fromEntries([...this.kinds].map(([kind, table]) => [kind, table.versions.size]));
  }

  private put(kind: RecordKind, id: string, version: number, doc: JsonObject): void {
    const table = this.of(kind);
    if (kind === 'idempotency') {
      // Re-inserted, so that the order of the map is the order of age.
      this.remove(kind, id);
      const [oldest] = table.versions.keys();
      if (oldest !== undefined && table.versions.size >= MAX_IDEMPOTENCY_RECORDS) {
        this.remove(kind, oldest);
      }
    }
    table.versions.set(id, version);
    if (isNested(kind)) {
      const owner = ownerOf(id);
      const ids = table.owned.get(owner) ?? new Set();
      table.owned.set(owner, ids.add(id));
    }
    if (!isHot(kind)) return;
    table.documents.set(id, Object.freeze({ kind, id, version, doc }));
    table.sorted = null;
  }

  private remove(kind: RecordKind, id: string): void {
    const table = this.of(kind);
    if (!table.versions.delete(id)) return;
    table.documents.delete(id);
    table.sorted = null;
    if (!isNested(kind)) return;
    const ids = table.owned.get(ownerOf(id));
    ids?.delete(id);
    if (ids?.size === 0) table.owned.delete(ownerOf(id));
  }

  private of(kind: RecordKind): KindTable {
    const table = this.kinds.get(kind);
    if (table === undefined) throw new TypeError(`There is no record kind "${String(kind)}".`);
    return table;
  }
}

function emptyKind(): KindTable {
  return { versions: new Map(), documents: new Map(), owned: new Map(), sorted: [] };
}

function ownerOf(id: string): string {
  return id.slice(0, id.indexOf('/'));
}

function byId(left: { readonly id: string }, right: { readonly id: string }): number {
  const [leftStem, leftNumber] = splitNumber(left.id);
  const [rightStem, rightNumber] = splitNumber(right.id);
  if (leftStem !== rightStem) return leftStem < rightStem ? -1 : 1;
  return leftNumber - rightNumber;
}

function splitNumber(id: string): [string, number] {
  const slash = id.lastIndexOf('/');
  return slash === -1 ? [id, 0] : [id.slice(0, slash), Number(id.slice(slash + 1))];
}
