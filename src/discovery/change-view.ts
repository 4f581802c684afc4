import { maySeeService, type Principal } from '../auth/principal.js';
import { isJsonObject } from '../kernel/json.js';
import type { CommitRecord, RecordChange } from '../storage/record-store.js';

/** One commit as the change feed shows it. Documents hold secrets as references only. */
export interface ChangeView {
  /** Of the store; unique and growing. */
  readonly revision: number;
  readonly at: string;
  readonly actor: string;
  readonly source: string;
  readonly verb: string;
  readonly subject: string | null;
  readonly reason: string | null;
  readonly request_id: string | null;
  readonly changes: readonly {
    readonly kind: string;
    readonly id: string;
    readonly op: 'put' | 'delete';
    readonly doc: object | null;
  }[];
}

/** Not shown: answers kept for idempotency are somebody's, and tell nothing of services. */
const HIDDEN = new Set(['idempotency']);

/**
 * What `principal` may see of a commit, or `null` when that is nothing. `nameOf` finds the name of a live service; records
 * of services that a key's patterns leave out, or whose name is no longer known, are not shown to that key.
 */
export function changeView(
  commit: CommitRecord,
  principal: Principal,
  nameOf: (serviceId: string) => string | null,
): ChangeView | null {
  const changes = commit.changes
    .filter(({ kind }) => !HIDDEN.has(kind))
    .filter((change) => principal.services === null || concernsVisible(change, principal, nameOf));
  if (changes.length === 0) return null;
  const { actor, source, verb, subject, reason, request_id } = commit.meta;
  return {
    revision: commit.revision,
    at: commit.at,
    actor,
    source,
    verb,
    subject: subject ?? null,
    reason: reason ?? null,
    request_id: request_id ?? null,
    changes: changes.map(({ kind, id, op, doc }) => ({ kind, id, op, doc: doc ?? null })),
  };
}

function concernsVisible(
  { kind, id, doc }: RecordChange,
  principal: Principal,
  nameOf: (serviceId: string) => string | null,
): boolean {
  if (kind === 'template') return true;
  const own = isJsonObject(doc) && typeof doc.service_id === 'string' ? doc.service_id : null;
  const name = nameOf(own ?? id.split('/')[0] ?? id);
  return name !== null && maySeeService(principal, name);
}
