import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../kernel/json.js';
import { ComparisonBudget } from './schema-budget.js';
import { isSameSchema } from './schema-equality.js';
import { SchemaSource } from './schema-source.js';

const at = (schema: JsonObject) => new SchemaSource(schema, '').place;
const same = (left: JsonObject, right: JsonObject): boolean =>
  isSameSchema(at(left), at(right), new ComparisonBudget(10_000));

const list = (name: string, item: JsonObject): JsonObject => ({
  $ref: `#/$defs/${name}`,
  $defs: { [name]: { properties: { item, next: { $ref: `#/$defs/${name}` } } } },
});

describe('two schemas are the same', () => {
  it.each<[string, JsonObject, JsonObject]>([
    [
      'in another order of keys',
      { type: 'object', maxLength: 1 },
      { maxLength: 1, type: 'object' },
    ],
    ['with other words for people', { title: 'a', default: 1 }, { description: 'b', examples: [] }],
    [
      'with sets in another order',
      { enum: [1, 2], required: ['a', 'b'] },
      { required: ['b', 'a'], enum: [2, 1] },
    ],
    [
      'where a reference is written out',
      { items: { $ref: '#/$defs/a' }, $defs: { a: { type: 'null' } } },
      { items: { type: 'null' } },
    ],
    [
      'where recursion has another name',
      list('a', { type: 'string' }),
      list('b', { type: 'string' }),
    ],
    ['where true is written as an empty schema', { items: true }, { items: { title: 'any' } }],
    [
      'with a member that is called like a keyword',
      { properties: { title: { type: 'null' } } },
      { properties: { title: { type: 'null' } } },
    ],
  ])('%s', (_name, left, right) => {
    expect([same(left, right), same(right, left)]).toEqual([true, true]);
  });

  it.each<[string, JsonObject, JsonObject]>([
    ['of a nested keyword', { items: { minimum: 1 } }, { items: { minimum: 2 } }],
    ['of what a definition says', list('a', { type: 'string' }), list('a', { type: 'null' })],
    ['of false and of what accepts something', { items: false }, { items: { type: 'null' } }],
    ['of a member called like a keyword', { properties: { title: {} } }, { properties: {} }],
    [
      'of a place in a tuple',
      { prefixItems: [{}, { type: 'null' }] },
      { prefixItems: [{ type: 'null' }, {}] },
    ],
    ['of a reference that leads nowhere', { $ref: 'urn:a' }, { $ref: 'urn:b' }],
  ])('but not for all the difference %s', (_name, left, right) => {
    expect([same(left, right), same(right, left)]).toEqual([false, false]);
  });
});
