import { isJsonObject, type JsonObject } from '../kernel/json.js';
import type { RecordKind } from './record-store.js';
import { isNewerMajor } from './schema-version.js';
import { storageProblems } from './storage.errors.js';

/**
 * The way of one kind of document from one form to the next. `migrate` is pure: it answers a new document and leaves the
 * given one as it is. A step that was released never changes again; what it fills in is written out in it.
 */
export interface Migration {
  readonly kind: RecordKind;
  /** `schema_version` of the documents it takes. */
  readonly from: string;
  readonly to: string;
  readonly migrate: (doc: JsonObject) => JsonObject;
}

/**
 * The document in the newest form that `steps` know; the same object when it has it already. A newer minor is left as it
 * is: it only adds members. Throws `storage.newer-schema` for a newer major.
 */
export function migrateDocument(
  kind: RecordKind,
  doc: JsonObject,
  steps: readonly Migration[],
): JsonObject {
  if (isNewerMajor(doc['schema_version'])) {
    throw storageProblems['newer-schema'](
      `A document of kind ${kind} has the form ${String(doc['schema_version'])}.`,
    );
  }
  let current = doc;
  // Bounded: each step leads to another form, and no form is entered twice.
  for (const step of steps) {
    if (step.kind !== kind || formOf(current) !== step.from) continue;
    current = { ...step.migrate(current), schema_version: step.to };
  }
  return current;
}

/** `schema_version` of a document; the first ones of some kinds were written as `1`. */
export function formOf(doc: unknown): string {
  const version = isJsonObject(doc) ? doc['schema_version'] : undefined;
  return typeof version !== 'string' || version === '1' ? '1.0' : version;
}
