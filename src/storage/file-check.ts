import type { FileSystem } from '../kernel/file-system.js';
import { equalJson, type JsonObject } from '../kernel/json.js';
import { TEMPORARY_SUFFIX } from './durable-write.js';
import type { PendingFile } from './materialiser.js';
import { forEachParallel } from './parallel.js';
import { decodeRecordFile, type RecordFile } from './record-file.js';
import { directoryOf, fileOf, idOfFile, isHot, isNested, RECORD_KINDS } from './record-layout.js';
import type { RecordKind, StorageFault } from './record-store.js';
import type { RecordTable } from './record-table.js';

export interface FileCheckParts {
  readonly fileSystem: FileSystem;
  /** The store's own; all paths are under it. */
  readonly directory: string;
  readonly corruptDirectory: string;
  readonly table: RecordTable;
  /** For the names in `corrupt/`. */
  readonly nowMs: number;
}

export interface FoundDocument {
  readonly kind: RecordKind;
  readonly id: string;
  readonly doc: JsonObject;
}

export interface FileCheck {
  readonly faults: StorageFault[];
  /** Files that are not what the journal says, for want of time before the crash: to be written or removed. */
  readonly repairs: PendingFile[];
  /** Cold records whose file is gone; their documents may still be in the journal. */
  readonly missing: { readonly kind: RecordKind; readonly id: string; readonly version: number }[];
  /** Documents of records that the journal has never heard of; only looked for when the journal is empty. */
  readonly strangers: FoundDocument[];
  swept: number;
  quarantined: number;
}

interface Sighting {
  readonly kind: RecordKind;
  readonly id: string;
}

const WIDTH = 32;

/**
 * Compares the files with the table. Reads every hot file; of cold ones only the names, as each is verified when read.
 * Nothing is overwritten here but what the store itself wrote: a valid edit stays where it is, and what cannot be read
 * moves to `corrupt/`.
 */
export async function checkFiles(parts: FileCheckParts): Promise<FileCheck> {
  const check: FileCheck = {
    faults: [],
    repairs: [],
    missing: [],
    strangers: [],
    swept: 0,
    quarantined: 0,
  };
  for (const kind of RECORD_KINDS) {
    if (directoryOf(kind) === null) continue;
    const sightings = await findFiles(parts, kind, check);
    await forEachParallel(sightings, WIDTH, (sighting) => compare(parts, sighting, check));
    noteMissing(parts, kind, new Set(sightings.map(({ id }) => id)), check);
  }
  return check;
}

/** Moves a file that cannot be trusted to `corrupt/`. Answers where it is now. */
export async function quarantine(
  parts: Pick<FileCheckParts, 'fileSystem' | 'directory' | 'corruptDirectory' | 'nowMs'>,
  kind: RecordKind,
  id: string,
): Promise<string> {
  const name = `${kind}-${id.replaceAll('/', '-')}-${parts.nowMs}.json`;
  const target = `${parts.corruptDirectory}/${name}`;
  await parts.fileSystem.rename(`${parts.directory}/${fileOf(kind, id) ?? ''}`, target);
  return target;
}

async function findFiles(
  parts: FileCheckParts,
  kind: RecordKind,
  check: FileCheck,
): Promise<Sighting[]> {
  const root = `${parts.directory}/${directoryOf(kind) ?? ''}`;
  const sightings: Sighting[] = [];
  const visit = async (directory: string, owner?: string): Promise<void> => {
    for (const name of await parts.fileSystem.names(directory)) {
      if (name.endsWith(TEMPORARY_SUFFIX)) {
        await parts.fileSystem.remove(`${directory}/${name}`);
        check.swept += 1;
      }
      const id = idOfFile(kind, name, owner);
      if (id !== null) sightings.push({ kind, id });
    }
  };
  if (!isNested(kind)) {
    await visit(root);
    return sightings;
  }
  await forEachParallel(await parts.fileSystem.names(root), WIDTH, async (owner) => {
    const facts = await parts.fileSystem.facts(`${root}/${owner}`);
    if (facts?.kind === 'directory') await visit(`${root}/${owner}`, owner);
  });
  return sightings;
}

async function compare(parts: FileCheckParts, file: Sighting, check: FileCheck): Promise<void> {
  const { kind, id } = file;
  const version = parts.table.version(kind, id);
  if (version !== null && !isHot(kind)) return;
  const path = `${parts.directory}/${fileOf(kind, id) ?? ''}`;
  const found = decodeRecordFile(await parts.fileSystem.read(path), kind, id);
  const doc = parts.table.get(kind, id)?.doc ?? null;
  if (found.state === 'unreadable') {
    await reportCorrupt(parts, file, found.detail, check);
    if (version !== null && doc !== null) check.repairs.push({ kind, id, version, doc });
  } else if (version === null || doc === null) {
    compareStranger(parts, file, path, found, check);
  } else if (isOwnOlder(found, parts.table.revision)) {
    if (found.version !== version) check.repairs.push({ kind, id, version, doc });
  } else if (!equalJson(found.doc, doc)) {
    const detail = 'The file was changed by hand since the store wrote it.';
    check.faults.push({ kind, id, fault: 'drifted', file: path, detail, found: found.doc });
  }
}

/** A file whose record the journal does not have. */
function compareStranger(
  parts: FileCheckParts,
  { kind, id }: Sighting,
  path: string,
  found: Exclude<RecordFile, { state: 'unreadable' }>,
  check: FileCheck,
): void {
  const { revision } = parts.table;
  if (revision === 0) {
    check.strangers.push({ kind, id, doc: found.doc });
  } else if (isOwnOlder(found, revision)) {
    // Deleted, and the crash came before the file was removed.
    check.repairs.push({ kind, id, version: revision, doc: null });
  } else {
    const detail = 'The file was added by hand: the journal has no such record.';
    check.faults.push({ kind, id, fault: 'drifted', file: path, detail, found: found.doc });
  }
}

async function reportCorrupt(
  parts: FileCheckParts,
  { kind, id }: Sighting,
  detail: string,
  check: FileCheck,
): Promise<void> {
  const file = await quarantine(parts, kind, id);
  check.quarantined += 1;
  check.faults.push({ kind, id, fault: 'corrupt', file, detail });
}

/** Whether the store itself wrote the file, at a revision that this journal has. */
function isOwnOlder(
  found: RecordFile,
  revision: number,
): found is Extract<RecordFile, { state: 'intact' }> {
  return found.state === 'intact' && found.version <= revision;
}

function noteMissing(
  parts: FileCheckParts,
  kind: RecordKind,
  seen: ReadonlySet<string>,
  check: FileCheck,
): void {
  for (const { id, version } of parts.table.ids(kind)) {
    if (seen.has(id)) continue;
    const doc = parts.table.get(kind, id)?.doc;
    if (doc !== undefined) check.repairs.push({ kind, id, version, doc });
    else if (!isHot(kind)) check.missing.push({ kind, id, version });
  }
}
