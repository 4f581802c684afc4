import type { RecordKind } from './record-store.js';
import { storageProblems } from './storage.errors.js';

interface KindLayout {
  /** Relative to the store's directory; `null` = lives in the journal and the snapshots only. */
  readonly directory: string | null;
  /** Hot documents are in memory; of cold ones only id and version are. */
  readonly hot: boolean;
  /** Whether the id is `<owner>/<number>`, a directory per owner. */
  readonly nested?: true;
}

const LAYOUT: Readonly<Record<RecordKind, KindLayout>> = {
  service: { directory: 'active', hot: true },
  service_status: { directory: 'status', hot: true },
  // Why not `templates/`: the files directly in it are shipped with the product and are not records.
  template: { directory: 'templates/custom_templates', hot: true },
  // Hot, as a service may be pinned to an older revision of its template and is resolved without reading the disk.
  template_revision: { directory: 'templates/history', hot: true, nested: true },
  template_rollout: { directory: 'rollouts/templates', hot: true },
  route: { directory: 'routes', hot: true },
  idempotency: { directory: null, hot: true },
  alert: { directory: 'alerts', hot: true },
  alert_delivery: { directory: 'alert_deliveries', hot: true },
  approval: { directory: 'approvals', hot: true },
  health_transition: { directory: 'health', hot: true },
  revision: { directory: 'history', hot: false, nested: true },
  archive: { directory: 'archive/deleted_services', hot: false },
};

export const RECORD_KINDS = Object.freeze(Object.keys(LAYOUT)) as readonly RecordKind[];

/** A cache for people and scripts, beside the services; never read back. */
export const INDEX_FILE = 'active/index.json';

const NAME = /^[a-z0-9][a-z0-9_-]{0,127}$/;
const NUMBERED = /^([a-z0-9][a-z0-9_-]{0,127})\/([1-9][0-9]{0,8})$/;
const MAX_FREE_ID_CHARS = 1024;

export function isRecordKind(text: unknown): text is RecordKind {
  return typeof text === 'string' && Object.hasOwn(LAYOUT, text);
}

export function isHot(kind: RecordKind): boolean {
  return LAYOUT[kind].hot;
}

/** Where files of `kind` are, relative to the store, or `null` when it has none. */
export function directoryOf(kind: RecordKind): string | null {
  return LAYOUT[kind].directory;
}

/** Whether the kind keeps a directory per owner, and so ids of the form `<owner>/<number>`. */
export function isNested(kind: RecordKind): boolean {
  return LAYOUT[kind].nested === true;
}

/** Whether `id` may name a record of `kind`: nothing that can leave its directory or collide with `index.json`. */
export function isStorableId(kind: RecordKind, id: string): boolean {
  const { directory, nested } = LAYOUT[kind];
  if (directory === null) return id.length > 0 && id.length <= MAX_FREE_ID_CHARS;
  if (nested === true) return NUMBERED.test(id);
  return NAME.test(id) && !(kind === 'service' && id === 'index');
}

/** Throws `storage.unsafe-id` for what `isStorableId` refuses. */
export function requireStorableId(kind: RecordKind, id: string): void {
  if (!isStorableId(kind, id)) {
    throw storageProblems['unsafe-id']({
      detail: `"${id.slice(0, 80)}" cannot name a record of kind ${kind}.`,
      extra: { kind },
    });
  }
}

/** The file of a record, relative to the store's directory, or `null` when its kind has no files. */
export function fileOf(kind: RecordKind, id: string): string | null {
  requireStorableId(kind, id);
  const { directory } = LAYOUT[kind];
  return directory === null ? null : `${directory}/${id}.json`;
}

/**
 * The id that a file name stands for; `null` for a name that is not a record's (the index, temporary files, a stranger's).
 * `owner` is the name of the directory it is in, for nested kinds.
 */
export function idOfFile(kind: RecordKind, name: string, owner?: string): string | null {
  if (!name.endsWith('.json')) return null;
  const stem = name.slice(0, -'.json'.length);
  const id = owner === undefined ? stem : `${owner}/${stem}`;
  return isStorableId(kind, id) ? id : null;
}

/** One string per record, for maps across kinds. */
export function recordKey(kind: RecordKind, id: string): string {
  return `${kind}:${id}`;
}
