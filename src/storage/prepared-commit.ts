import { deepFreeze, isJsonObject, type JsonObject } from '../kernel/json.js';
import { recordKey, requireStorableId } from './record-layout.js';
import type { CommitMeta, RecordChange, RecordKind } from './record-store.js';
import { storageProblems } from './storage.errors.js';

/** A change whose document, if any, is the store's own frozen copy. */
export type PreparedChange =
  | {
      readonly kind: RecordKind;
      readonly id: string;
      readonly op: 'put';
      readonly doc: JsonObject;
    }
  | { readonly kind: RecordKind; readonly id: string; readonly op: 'delete' };

export interface Expectation {
  readonly kind: RecordKind;
  readonly id: string;
  readonly expect: number | null;
}

/** A commit that is well-formed and shares nothing with its caller, so that it may wait for its turn. */
export interface PreparedCommit {
  readonly changes: readonly PreparedChange[];
  readonly expectations: readonly Expectation[];
  readonly meta: CommitMeta;
  /** Whether it removes something or leads there: let through when the disk is full, as it may be what frees space. */
  readonly isCleanup: boolean;
}

/** Throws `storage.invalid-change` or `storage.unsafe-id`. */
export function prepareCommit(changes: readonly RecordChange[], meta: CommitMeta): PreparedCommit {
  if (changes.length === 0) throw storageProblems['invalid-change']('The commit has no changes.');
  const seen = new Set<string>();
  const expectations: Expectation[] = [];
  const prepared = changes.map((change) => {
    requireStorableId(change.kind, change.id);
    const key = recordKey(change.kind, change.id);
    if (seen.has(key)) {
      throw storageProblems['invalid-change'](`The commit changes ${key} twice.`);
    }
    seen.add(key);
    if (change.expect !== undefined) {
      expectations.push({ kind: change.kind, id: change.id, expect: change.expect });
    }
    return prepareChange(change);
  });
  return {
    changes: Object.freeze(prepared),
    expectations,
    meta: frozenCopy(meta),
    isCleanup: meta.frees_space === true || prepared.some((change) => change.op === 'delete'),
  };
}

function prepareChange(change: RecordChange): PreparedChange {
  const { kind, id } = change;
  if (change.op === 'delete') return Object.freeze({ kind, id, op: 'delete' });
  if (!isJsonObject(change.doc)) {
    throw storageProblems['invalid-change'](`The put of ${recordKey(kind, id)} has no document.`);
  }
  const doc: JsonObject = frozenCopy(change.doc);
  return Object.freeze({ kind, id, op: 'put', doc });
}

function frozenCopy<T>(value: T): T {
  return deepFreeze(JSON.parse(JSON.stringify(value)) as T);
}
