import { expect, it } from '@jest/globals';
import { CONFIG_SCHEMA } from '../../src/config/config-schema.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/kernel/json.js';
import { pinnedTable } from './reference-table.js';

/** One row a field; a list's element fields follow under `[]`, a map's under `<name>`. */
function fieldRows(schema: JsonObject, path: string, rows: string[][]): void {
  const { properties, items } = schema;
  if (isJsonObject(properties)) {
    for (const [name, field] of Object.entries(properties)) {
      if (!isJsonObject(field)) continue;
      const own = path === '' ? name : `${path}.${name}`;
      if (!isGroup(field)) {
        rows.push([`\`${own}\``, String(field.description ?? ''), shown(field.default)]);
      }
      fieldRows(field, own, rows);
    }
  }
  if (isJsonObject(items)) fieldRows(items, `${path}[]`, rows);
}

function isGroup(field: JsonObject): boolean {
  return isJsonObject(field.properties);
}

function shown(value: JsonValue | undefined): string {
  return value === undefined ? '' : `\`${JSON.stringify(value)}\``;
}

it('the fields of a configuration are what docs/reference/configuration.md says', () => {
  const rows: string[][] = [];
  fieldRows(CONFIG_SCHEMA, '', rows);
  expect(rows.length).toBeGreaterThan(30);
  const header = ['field', 'meaning', 'default'];
  const { written, expected } = pinnedTable('configuration.md', header, rows);
  expect(written).toBe(expected);
});
