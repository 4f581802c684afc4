import { completeEffective } from './effective-1-1.js';
import { deepFreeze, isJsonObject, type JsonObject } from '../kernel/json.js';
import { migrateDocument, type Migration } from './migration.js';
import type { StoredRecord } from './record-store.js';

const withEffective = (doc: JsonObject): JsonObject => ({
  ...doc,
  effective: completeEffective(doc['effective']),
});

/** Every step between the forms that were released, in the order they are taken. */
export const MIGRATIONS: readonly Migration[] = [
  { kind: 'service', from: '1.0', to: '1.1', migrate: withEffective },
  { kind: 'revision', from: '1.0', to: '1.1', migrate: withEffective },
  {
    kind: 'archive',
    from: '1.0',
    to: '1.1',
    migrate: (doc) => {
      const { service } = doc;
      if (!isJsonObject(service)) return doc;
      return { ...doc, service: { ...withEffective(service), schema_version: '1.1' } };
    },
  },
];

/** A record that was read from the disk, with its document in the newest form. */
export function inNewestForm<Doc extends object>(
  record: StoredRecord<Doc> | undefined,
): StoredRecord<Doc> | undefined {
  if (record === undefined) return undefined;
  const stored = record.doc as unknown as JsonObject;
  const newest = migrateDocument(record.kind, stored, MIGRATIONS);
  if (newest === stored) return record;
  return { ...record, doc: deepFreeze(newest) as unknown as Doc };
}
