import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { DEFAULT_CHECKS, DEFAULT_CONFIG } from '../config/defaults.js';
import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { migrateDocument } from './migration.js';
import { inNewestForm, MIGRATIONS } from './migrations.js';
import type { RecordKind } from './record-store.js';

const CORPUS = join(import.meta.dirname, '..', '..', 'test', 'fixtures', 'corpus');

interface GoldenFile {
  readonly name: string;
  readonly kind: RecordKind;
  readonly doc: JsonObject;
}

/** Every record file of every released version, as that version wrote it. */
const corpus: readonly GoldenFile[] = readdirSync(CORPUS, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
  .map((entry) => {
    const path = join(entry.parentPath, entry.name);
    const file = JSON.parse(readFileSync(path, 'utf8')) as { kind: RecordKind; doc: JsonObject };
    return { name: relative(CORPUS, path), kind: file.kind, doc: file.doc };
  });

/** Names of members, to any depth, that `wanted` has and `given` lacks. */
function lacking(wanted: unknown, given: unknown, at = ''): string[] {
  if (!isJsonObject(wanted)) return [];
  return Object.entries(wanted).flatMap(([name, value]) => {
    const member = isJsonObject(given) ? given[name] : undefined;
    return member === undefined ? [`${at}/${name}`] : lacking(value, member, `${at}/${name}`);
  });
}

function effectiveOf(kind: RecordKind, doc: JsonObject): unknown {
  return kind === 'archive' ? (doc['service'] as JsonObject)['effective'] : doc['effective'];
}

describe('a document of an older version', () => {
  const registry = corpus.filter(({ kind }) => MIGRATIONS.some((step) => step.kind === kind));

  it('is in the corpus for each kind that has steps', () => {
    const kinds = new Set(registry.map(({ kind }) => kind));
    expect(kinds).toEqual(new Set(MIGRATIONS.map(({ kind }) => kind)));
  });

  it.each(registry.map((one) => [one.name, one] as const))(
    '%s gets every member that is read of it today, and keeps all that it said',
    (_name, { kind, doc }) => {
      const before = structuredClone(doc);
      const migrated = migrateDocument(kind, doc, MIGRATIONS);
      expect(doc).toEqual(before);
      const effective = effectiveOf(kind, migrated);
      expect(lacking(DEFAULT_CONFIG, effective)).toEqual([]);
      const { monitoring } = effective as { monitoring: { checks: { kind: string }[] } };
      for (const check of monitoring.checks) {
        const known: Readonly<Record<string, unknown>> = DEFAULT_CHECKS;
        expect(lacking(known[check.kind], check)).toEqual([]);
      }
      expect(new Set(monitoring.checks.map((check) => check.kind))).toEqual(
        new Set(Object.keys(DEFAULT_CHECKS)),
      );
      expect(migrated).toMatchObject(withoutChecksAndVersions(before));
    },
  );

  it.each(corpus.map((one) => [one.name, one] as const))(
    '%s is in the newest form after one pass',
    (_name, { kind, doc }) => {
      const once = migrateDocument(kind, doc, MIGRATIONS);
      expect(migrateDocument(kind, once, MIGRATIONS)).toBe(once);
    },
  );
});

describe('a record', () => {
  const stored = (schema_version: string): Parameters<typeof inNewestForm>[0] => ({
    kind: 'service',
    id: 'a',
    version: 3,
    doc: { schema_version, effective: { runtime: { queue: { size: 1 } } } },
  });

  it('keeps what it says, to the depth where it says it', () => {
    const { doc } = inNewestForm(stored('1.0')) as unknown as { doc: { effective: JsonObject } };
    expect(doc.effective['runtime']).toMatchObject({ queue: { size: 1, timeout_ms: 5000 } });
    expect(Object.isFrozen(doc.effective)).toBe(true);
  });

  it('is the same object when it has the newest form, and when it is of a newer minor', () => {
    for (const version of ['1.1', '1.7']) {
      const record = stored(version);
      expect(inNewestForm(record)).toBe(record);
    }
    expect(inNewestForm(undefined)).toBeUndefined();
  });

  it('is refused when it is of a newer major', () => {
    expect(() => inNewestForm(stored('2.0'))).toThrow('2.0');
  });
});

function withoutChecksAndVersions(doc: JsonObject): JsonObject {
  const text = JSON.stringify(doc, (name, value: unknown) =>
    name === 'checks' || name === 'schema_version' ? undefined : value,
  );
  return JSON.parse(text) as JsonObject;
}
