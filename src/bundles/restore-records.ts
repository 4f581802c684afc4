import { equalJson } from '../kernel/json.js';
import { isSameTemplate, pinnedReference, type TemplateDocument } from '../config/template.js';
import type { ServiceDocument } from '../registry/service.js';
import type { RecordChange } from '../storage/record-store.js';
import {
  targetsOf,
  type PresentState,
  type RestoreItem,
  type RestoreScope,
  type Target,
} from './restore-plan.js';
import type { RestoreSet } from './restore-set.js';

/** Changes of records besides the services. */
export interface Planned {
  readonly items: RestoreItem[];
  readonly extra: RecordChange[];
}

/** Templates: the newest revision of each becomes the one of the backup, under its number; others stay readable by theirs. */
export function planTemplates(
  set: RestoreSet,
  present: PresentState,
  scope: RestoreScope,
): Planned {
  const items: RestoreItem[] = [];
  const older = new Map<string, RecordChange>();
  const newest: RecordChange[] = [];
  const olderOf = (doc: TemplateDocument): void => {
    const id = `${doc.template_id}/${doc.revision}`;
    const isThere = equalJson(present.get('template_revision', id)?.doc, doc);
    if (!isThere) older.set(id, { kind: 'template_revision', id, op: 'put', doc });
  };
  for (const doc of set.templateRevisions) olderOf(doc);
  for (const [id, doc] of set.templates) {
    const stored = present.get('template', id);
    const item = { kind: 'template' as const, id, name: id };
    if (equalJson(stored?.doc, doc)) {
      items.push({ ...item, action: 'unchanged', detail: null });
      continue;
    }
    const before = stored?.doc as unknown as TemplateDocument | undefined;
    if (before !== undefined && before.revision !== doc.revision) olderOf(before);
    newest.push({ kind: 'template', id, op: 'put', doc, expect: stored?.version ?? null });
    const own = `${id}/${doc.revision}`;
    if (present.get('template_revision', own) === undefined) older.delete(own);
    else older.set(own, { kind: 'template_revision', id: own, op: 'delete' });
    items.push({ ...item, action: stored === undefined ? 'create' : 'update', detail: null });
  }
  for (const { id, doc, version } of present.list('template')) {
    if (set.templates.has(id)) continue;
    const gone = doc as unknown as TemplateDocument;
    const action = scope.keepOthers ? 'keep' : 'delete';
    items.push({ kind: 'template', id, name: id, action, detail: null });
    if (action === 'keep') continue;
    // Its number stays readable: an archived service may be pinned to it.
    olderOf(gone);
    newest.push({ kind: 'template', id, op: 'delete', expect: version });
  }
  return { items, extra: [...newest, ...older.values()] };
}

/** References of templates whose number stands for other content here: what stays and is pinned to them would change. */
export function takenTemplates(set: RestoreSet, present: PresentState): string[] {
  const isTaken = (doc: TemplateDocument): boolean => {
    const { template_id: id, revision } = doc;
    const newest = present.get('template', id)?.doc as unknown as TemplateDocument | undefined;
    const older = present.get('template_revision', `${id}/${revision}`)?.doc;
    const found = newest?.revision === revision ? newest : older;
    return found !== undefined && !isSameTemplate(found as unknown as TemplateDocument, doc);
  };
  return [...set.templates.values(), ...set.templateRevisions].filter(isTaken).map(pinnedReference);
}

/** Extra routes, approvals and the archive. */
export function planRecords(set: RestoreSet, present: PresentState, scope: RestoreScope): Planned {
  const targets = targetsOf(set, present.services);
  const idNow = (id: string): string => targets.get(id)?.stored.service_id ?? id;
  const planned: Planned = { items: [], extra: [] };
  planRoutes(set, present, scope, idNow, planned);
  for (const [id, doc] of set.approvals) {
    const wanted = set.services.get(id);
    if (wanted === undefined || scope.unfit.has(id)) continue;
    const { name } = wanted.spec;
    if (doc['revision'] === revisionKept(wanted, targets.get(id), present)) {
      bring(present, { kind: 'approval', id: idNow(id), name }, doc, idNow(id), planned);
      continue;
    }
    const detail = 'The tools are approved with the new revision.';
    planned.items.push({ kind: 'approval', id: idNow(id), name, action: 'skip', detail });
  }
  const live = new Set(present.services.map(({ service_id }) => service_id));
  for (const [id, doc] of set.archives) {
    const { name } = doc.service.spec;
    const isThere = live.has(id) || present.isArchived(id);
    const action = isThere ? 'unchanged' : 'create';
    planned.items.push({ kind: 'archive', id, name, action, detail: null });
    if (!isThere) planned.extra.push({ kind: 'archive', id, op: 'put', doc, expect: null });
  }
  return planned;
}

function planRoutes(
  set: RestoreSet,
  present: PresentState,
  scope: RestoreScope,
  idNow: (id: string) => string,
  planned: Planned,
): void {
  const wanted = [...set.routes].filter(([, route]) => !scope.unfit.has(route.service_id));
  for (const [id, doc] of wanted) {
    bring(present, { kind: 'route', id, name: doc.path }, doc, idNow(doc.service_id), planned);
  }
  const ids = new Set(wanted.map(([id]) => id));
  for (const { id, version } of present.list('route')) {
    if (ids.has(id)) continue;
    const action = scope.keepOthers ? 'keep' : 'delete';
    planned.items.push({ kind: 'route', id, name: null, action, detail: null });
    if (action === 'keep') continue;
    planned.extra.push({ kind: 'route', id, op: 'delete', expect: version });
  }
}

/** A record of a service, which may have another id here. */
function bring(
  present: PresentState,
  item: { readonly kind: 'route' | 'approval'; readonly id: string; readonly name: string },
  found: object,
  service_id: string,
  { items, extra }: Planned,
): void {
  const { kind, id } = item;
  const doc = { ...found, service_id };
  const stored = present.get(kind, id);
  const isSame = equalJson(stored?.doc, doc);
  const action = isSame ? 'unchanged' : stored === undefined ? 'create' : 'update';
  items.push({ ...item, action, detail: null });
  if (!isSame) extra.push({ kind, id, op: 'put', doc, expect: stored?.version ?? null });
}

/** The number of the revision that a service has after the restore, or `null` when it gets a new one. */
function revisionKept(
  wanted: ServiceDocument,
  target: Target | undefined,
  present: PresentState,
): number | null {
  if (target === undefined) {
    return present.hasHistory(wanted.service_id) ? null : wanted.revision;
  }
  return equalJson(target.stored.spec, wanted.spec) ? target.stored.revision : null;
}
