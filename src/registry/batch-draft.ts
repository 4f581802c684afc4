import type { StoredRecord } from '../storage/record-store.js';
import type { BatchChange } from './batch-change.js';
import type { DependencyNode } from './dependency-graph.js';
import { isSameContent, type PreparedSpec } from './prepared-spec.js';
import type {
  ArchiveDocument,
  DesiredState,
  RevisionDocument,
  ServiceDocument,
} from './service.js';

/**
 * A change of a batch held against what is stored. Pure.
 *
 * `step` is what becomes of the spec: `new` service, `candidate` that is proven first, `current` at once because nothing is
 * served by it, `keep` the current one (a candidate is given up), `wait` for the candidate that has this content already.
 */
export interface Draft {
  /** Its place in the batch. */
  readonly index: number;
  readonly id: string;
  readonly change: BatchChange;
  readonly stored: StoredRecord<ServiceDocument> | null;
  readonly archived: StoredRecord<ArchiveDocument> | null;
  readonly step: 'new' | 'candidate' | 'current' | 'keep' | 'wait';
  readonly name: string;
  readonly desired: DesiredState;
  readonly former_names: readonly string[];
}

export interface Found {
  readonly stored: StoredRecord<ServiceDocument> | null;
  readonly archived: StoredRecord<ArchiveDocument> | null;
  readonly candidate: RevisionDocument | null;
}

/** `null` when the change names a service that is not there. */
export function draftOf(
  index: number,
  id: string,
  change: BatchChange,
  found: Found,
): Draft | null {
  const { stored, archived } = found;
  const base = { index, id, change, archived };
  if (change.op === 'create') {
    const { name } = change.prepared.spec;
    const former_names = without(change.former_names ?? [], name);
    return { ...base, stored: null, step: 'new', name, desired: change.desired, former_names };
  }
  if (stored === null) return null;
  const service = stored.doc;
  const desired = change.desired ?? service.desired;
  const step = stepOf(change, service, desired, found.candidate);
  const renamed = change.op === 'update' && step === 'current' ? change.prepared.spec.name : null;
  const name = change.op === 'update' ? change.prepared.spec.name : service.spec.name;
  const given = change.op === 'update' ? change.former_names : undefined;
  const former = given ?? [
    ...service.former_names,
    ...(renamed === null ? [] : [service.spec.name]),
  ];
  const former_names = without(former, renamed ?? service.spec.name);
  return { ...base, stored, step, name, desired, former_names };
}

function stepOf(
  change: BatchChange,
  service: ServiceDocument,
  desired: DesiredState,
  candidate: RevisionDocument | null,
): Draft['step'] {
  const isServed = service.desired === 'active' && desired === 'active';
  if (change.op !== 'update') return desired === service.desired ? 'wait' : 'keep';
  if (isSameContent(service, change.prepared)) return 'keep';
  if (!isServed) return 'current';
  const isWaiting =
    candidate !== null &&
    isSameContent(candidate, change.prepared) &&
    (candidate.allow_breaking === true) === (change.allow_breaking === true);
  return isWaiting ? 'wait' : 'candidate';
}

/** Names and scripts that are the service's once the batch is stored, those of its candidate among them. */
export function claimsAfter(
  draft: Draft,
  candidate: RevisionDocument | null,
): { readonly names: ReadonlySet<string>; readonly scripts: ReadonlySet<string> } {
  const specs = [draft.step === 'current' ? null : (draft.stored?.doc.spec ?? null)];
  if (draft.change.op !== 'desire') specs.push(draft.change.prepared.spec);
  else if (draft.step === 'wait' && candidate !== null) specs.push(candidate.spec);
  const names = specs.flatMap((spec) => (spec === null ? [] : [spec.name]));
  const scripts = specs.flatMap((spec) => spec?.script_id ?? []);
  return { names: new Set([...names, ...draft.former_names]), scripts: new Set(scripts) };
}

/** Its place in the graph once the batch is stored and its candidate, if any, is current. */
export function nodeAfter(draft: Draft, candidate: RevisionDocument | null): DependencyNode {
  const { id, name, change, stored } = draft;
  const wanted: readonly Pick<PreparedSpec, 'effective'>[] =
    change.op !== 'desire'
      ? [change.prepared]
      : [stored?.doc, draft.step === 'wait' ? candidate : null].flatMap((one) => one ?? []);
  const dependencies = wanted.flatMap((one) => one.effective.integration.dependencies);
  return { service_id: id, name, dependencies };
}

function without(names: readonly string[], name: string): readonly string[] {
  return [...new Set(names)].filter((one) => one !== name);
}
