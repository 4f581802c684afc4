import { equalJson } from '../kernel/json.js';
import type { BatchChange } from '../registry/batch-change.js';
import type { PreparedSpec } from '../registry/prepared-spec.js';
import type { DesiredState, ServiceDocument } from '../registry/service.js';
import type { RecordChange, RecordKind, StoredRecord } from '../storage/record-store.js';
import type { RestoreSet } from './restore-set.js';

export type RestoreAction =
  /** There is no such record now. */
  | 'create'
  /** It is in the archive and comes back. */
  | 'restore'
  /** It is there and differs; what is served gets a candidate, which is proven first. */
  | 'update'
  /** A service that the backup does not have. */
  | 'archive'
  | 'delete'
  | 'unchanged'
  /** The backup does not have it, and it stays. */
  | 'keep'
  /** It does not fit here and was to be left out. */
  | 'skip';

export interface RestoreItem {
  readonly kind: 'service' | 'template' | 'route' | 'approval' | 'archive';
  readonly id: string;
  readonly name: string | null;
  readonly action: RestoreAction;
  readonly detail: string | null;
}

/** What is there now. */
export interface PresentState {
  readonly services: readonly ServiceDocument[];
  readonly isArchived: (serviceId: string) => boolean;
  readonly hasHistory: (serviceId: string) => boolean;
  readonly get: (kind: RecordKind, id: string) => StoredRecord | undefined;
  readonly list: (kind: RecordKind) => readonly StoredRecord[];
}

export interface RestorePlan {
  readonly items: readonly RestoreItem[];
  readonly changes: readonly BatchChange[];
  readonly extra: readonly RecordChange[];
}

export interface RestoreScope {
  /** What the backup does not have stays as it is. */
  readonly keepOthers: boolean;
  /** Services that do not fit here, by their id in the backup: why. They are left as they are. */
  readonly unfit: ReadonlyMap<string, string>;
}

/** The service that a service of the backup becomes, or `null` when it has to be created. */
export interface Target {
  readonly stored: ServiceDocument;
  /** Has the name but another id. */
  readonly isNamesake: boolean;
}

/**
 * Whom the services of a backup are taken for: the live one of the same id, else one of the same name that the backup does
 * not have under its own id. Why by name: the name is what clients use, and two services cannot have it.
 */
export function targetsOf(
  set: RestoreSet,
  present: readonly ServiceDocument[],
): ReadonlyMap<string, Target> {
  const byId = new Map(present.map((service) => [service.service_id, service]));
  const byName = new Map(present.map((service) => [service.spec.name, service]));
  const targets = new Map<string, Target>();
  for (const [id, { spec }] of set.services) {
    const own = byId.get(id);
    const namesake = byName.get(spec.name);
    if (own !== undefined) targets.set(id, { stored: own, isNamesake: false });
    else if (namesake !== undefined && !set.services.has(namesake.service_id)) {
      targets.set(id, { stored: namesake, isNamesake: true });
    }
  }
  return targets;
}

/** Whether a service is already what the backup says, so that nothing has to be prepared. */
export function isAsWanted(wanted: ServiceDocument, stored: ServiceDocument): boolean {
  return (
    stored.candidate === null &&
    stored.desired === reachable(wanted.desired, stored.desired) &&
    equalJson(stored.spec, wanted.spec) &&
    equalJson(stored.former_names, wanted.former_names)
  );
}

/** The changes of services that a restore comes to. `prepared` has every service that is not `isAsWanted` or unfit. */
export function planServices(
  set: RestoreSet,
  present: PresentState,
  prepared: ReadonlyMap<string, PreparedSpec>,
  scope: RestoreScope,
): Pick<RestorePlan, 'items' | 'changes'> {
  const items: RestoreItem[] = [];
  const changes: BatchChange[] = [];
  const targets = targetsOf(set, present.services);
  for (const [id, wanted] of set.services) {
    const { name } = wanted.spec;
    const target = targets.get(id);
    const item = { kind: 'service' as const, id: target?.stored.service_id ?? id, name };
    const unfit = scope.unfit.get(id);
    const spec = prepared.get(id);
    if (unfit !== undefined) items.push({ ...item, action: 'skip', detail: unfit });
    else if (target !== undefined && isAsWanted(wanted, target.stored)) {
      items.push({ ...item, action: 'unchanged', detail: null });
    } else if (spec !== undefined) {
      items.push({ ...item, ...actionOn(target, present.isArchived(id), id) });
      changes.push(changeFor(wanted, spec, target, present));
    }
  }
  const meant = new Set([...targets.values()].map(({ stored }) => stored.service_id));
  for (const { service_id: id, spec, desired } of present.services) {
    if (meant.has(id) || desired === 'archived') continue;
    const action = scope.keepOthers ? 'keep' : 'archive';
    items.push({ kind: 'service', id, name: spec.name, action, detail: null });
    if (action === 'archive') changes.push({ op: 'desire', service_id: id, desired: 'archived' });
  }
  return { items, changes };
}

function actionOn(
  target: Target | undefined,
  isArchived: boolean,
  id: string,
): Pick<RestoreItem, 'action' | 'detail'> {
  if (target === undefined) return { action: isArchived ? 'restore' : 'create', detail: null };
  const detail = `It has the name now; in the backup it is ${id}.`;
  return { action: 'update', detail: target.isNamesake ? detail : null };
}

function changeFor(
  wanted: ServiceDocument,
  prepared: PreparedSpec,
  target: Target | undefined,
  present: PresentState,
): BatchChange {
  const { service_id, former_names, revision } = wanted;
  if (target === undefined) {
    const desired = wanted.desired === 'archived' ? 'inactive' : wanted.desired;
    const isNew = !present.hasHistory(service_id);
    const create = { op: 'create', service_id, prepared, desired, former_names } as const;
    return isNew ? { ...create, revision } : create;
  }
  const { stored } = target;
  return {
    op: 'update',
    service_id: stored.service_id,
    prepared,
    desired: reachable(wanted.desired, stored.desired),
    former_names,
    // What the backup says is wanted, whatever it takes from those who use the tools of today.
    allow_breaking: true,
  };
}

/** None can become a draft again, and one that was never started cannot be stopped: neither is served. */
function reachable(wanted: DesiredState, now: DesiredState): Exclude<DesiredState, 'archived'> {
  if (wanted === 'active') return 'active';
  return now === 'draft' ? 'draft' : 'inactive';
}

/** Bytes of history that one commit takes along, measured as JSON. */
export const MAX_HISTORY_BYTES = 64 * 1024 * 1024;

/**
 * The revisions of services that have no history here at all, newest first until `maxBytes` are taken. `made` are the
 * numbers that the batch itself writes. Answers how many were left out, too.
 */
export function planHistory(
  set: RestoreSet,
  present: Pick<PresentState, 'hasHistory'>,
  changes: readonly BatchChange[],
  maxBytes = MAX_HISTORY_BYTES,
): { readonly extra: readonly RecordChange[]; readonly leftOut: number } {
  const made = new Map<string, number>();
  for (const change of changes) {
    if (change.op === 'create' && change.service_id !== undefined) {
      made.set(change.service_id, change.revision ?? 0);
    }
  }
  const wanted = [...made.keys(), ...set.archives.keys()].filter((id) => !present.hasHistory(id));
  const revisions = wanted
    .flatMap((id) => set.revisions.get(id) ?? [])
    .filter(({ service_id, revision }) => made.get(service_id) !== revision)
    .sort((left, right) => (left.created_at < right.created_at ? 1 : -1));
  const extra: RecordChange[] = [];
  let bytes = 0;
  for (const revision of revisions) {
    const isOpen = revision.outcome === 'candidate';
    const doc = isOpen ? { ...revision, outcome: 'draft' as const } : revision;
    bytes += JSON.stringify(doc).length;
    if (bytes > maxBytes) break;
    const id = `${doc.service_id}/${doc.revision}`;
    extra.push({ kind: 'revision', id, op: 'put', doc, expect: null });
  }
  return { extra, leftOut: revisions.length - extra.length };
}
