import type { TemplateDocument } from '../config/template.js';
import { isJsonObject, type JsonObject } from '../kernel/json.js';
import type { FieldError } from '../kernel/problem.js';
import type { ArchiveDocument, RevisionDocument, ServiceDocument } from '../registry/service.js';
import { parseRoutePath, isPathFault } from '../routes/route.js';
import type { RouteDocument } from '../routes/route-claims.js';
import { memberOf, type BackupKind, type BackupRecord } from './backup-document.js';

/** The records of a backup as what they are. */
export interface RestoreSet {
  /** By service id. */
  readonly services: ReadonlyMap<string, ServiceDocument>;
  /** The whole history, by service id. */
  readonly revisions: ReadonlyMap<string, readonly RevisionDocument[]>;
  /** The newest revision of each template, by id. */
  readonly templates: ReadonlyMap<string, TemplateDocument>;
  readonly templateRevisions: readonly TemplateDocument[];
  readonly routes: ReadonlyMap<string, RouteDocument>;
  readonly approvals: ReadonlyMap<string, JsonObject>;
  readonly archives: ReadonlyMap<string, ArchiveDocument>;
}

const DESIRED: readonly unknown[] = ['draft', 'active', 'inactive', 'archived'];

/**
 * Sorts the records by what they are. Whatever is not the document that its place says goes to `faults`, as does a set
 * that does not hold together, such as two services of one name. Pointers start with the member.
 */
export function assembleSet(records: readonly BackupRecord[], faults: FieldError[]): RestoreSet {
  const sound = records.filter((record) => {
    const fault = faultOf(record);
    if (fault !== null) faults.push({ pointer: pointerOf(record), detail: fault });
    return fault === null;
  });
  // What was checked, and no further: specifications are validated when they are prepared.
  const docs = <Doc>(kind: BackupKind): Map<string, Doc> =>
    new Map(sound.flatMap((one) => (one.kind === kind ? [[one.id, one.doc as Doc]] : [])));
  const services = docs<ServiceDocument>('service');
  const archives = docs<ArchiveDocument>('archive');
  for (const [id, service] of services) {
    if (service.desired !== 'archived') continue;
    services.delete(id);
    archives.set(id, archiveOf(service));
  }
  const revisions = new Map<string, RevisionDocument[]>();
  for (const revision of docs<RevisionDocument>('revision').values()) {
    const own = revisions.get(revision.service_id);
    if (own === undefined) revisions.set(revision.service_id, [revision]);
    else own.push(revision);
  }
  const set: RestoreSet = {
    services,
    revisions,
    templates: docs('template'),
    templateRevisions: [...docs<TemplateDocument>('template_revision').values()],
    routes: docs('route'),
    approvals: docs('approval'),
    archives,
  };
  faults.push(...faultsOfWhole(set));
  return set;
}

/** `/records/<kind>/<id>`. */
export function pointerOf({ kind, id }: Pick<BackupRecord, 'kind' | 'id'>): string {
  return `/${memberOf(kind, id).slice(0, -'.json'.length)}`;
}

function faultOf({ kind, id, doc }: BackupRecord): string | null {
  switch (kind) {
    case 'service':
      return serviceFault(id, doc);
    case 'archive':
      return isJsonObject(doc['service']) ? serviceFault(id, doc['service']) : 'holds no service.';
    case 'revision': {
      const { service_id, revision, spec, effective } = doc;
      if (`${String(service_id)}/${String(revision)}` !== id) return 'is another revision.';
      return isJsonObject(spec) && isJsonObject(effective) ? null : 'is no revision.';
    }
    case 'template':
      return templateFault(doc, doc['template_id'] === id);
    case 'template_revision': {
      const { template_id, revision } = doc;
      return templateFault(doc, `${String(template_id)}/${String(revision)}` === id);
    }
    case 'route': {
      const { path, priority, service_id } = doc;
      const isRoute = typeof path === 'string' && !isPathFault(parseRoutePath(path));
      const isOf = typeof service_id === 'string' && Number.isSafeInteger(priority);
      return isRoute && isOf && doc['route_id'] === id ? null : 'is no route.';
    }
    case 'approval':
      return null;
  }
}

function serviceFault(id: string, doc: JsonObject): string | null {
  const { service_id, spec, effective, revision, desired, former_names } = doc;
  if (service_id !== id) return 'is another service.';
  const isWhole =
    isJsonObject(spec) &&
    isJsonObject(effective) &&
    Number.isSafeInteger(revision) &&
    DESIRED.includes(desired) &&
    Array.isArray(former_names) &&
    former_names.every((name) => typeof name === 'string');
  return isWhole ? null : 'is no service.';
}

function templateFault(doc: JsonObject, isPlaced: boolean): string | null {
  if (!isPlaced) return 'is another template.';
  const { config, overlays, extends: below } = doc;
  const isWhole =
    isJsonObject(config) &&
    isJsonObject(overlays) &&
    (below === null || typeof below === 'string') &&
    Number.isSafeInteger(doc['revision']);
  return isWhole ? null : 'is no template.';
}

function faultsOfWhole(set: RestoreSet): FieldError[] {
  const faults: FieldError[] = [];
  const names = new Map<string, string>();
  for (const [id, { spec, former_names }] of set.services) {
    for (const name of [spec.name, ...former_names]) {
      const holder = names.get(name);
      if (holder !== undefined && holder !== id) {
        const pointer = pointerOf({ kind: 'service', id });
        faults.push({ pointer, detail: `has the name "${name}", as ${holder} has.` });
      }
      names.set(name, id);
    }
    if (!set.archives.has(id)) continue;
    const pointer = pointerOf({ kind: 'archive', id });
    faults.push({ pointer, detail: 'is a live service of the backup as well.' });
  }
  return faults;
}

/** A service that was being deleted when the backup was made. */
function archiveOf(service: ServiceDocument): ArchiveDocument {
  const { schema_version, updated_at } = service;
  const candidate = null;
  return {
    schema_version,
    service: { ...service, candidate },
    deleted_at: updated_at,
    actor: 'system',
    reason: null,
  };
}
