import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../kernel/json.js';
import { ComparisonBudget } from './schema-budget.js';
import {
  byKind,
  itemOf,
  memberOf,
  requiredOf,
  shapeOf,
  valuesOf,
  type Shape,
} from './schema-shape.js';
import { SchemaSource } from './schema-source.js';

const budget = new ComparisonBudget(100_000);
const source = new SchemaSource({ $defs: { text: { type: 'string' } } }, '');
const shape = (schema: JsonObject): Shape => shapeOf([{ ...source.place, schema }], budget);

describe('a shape', () => {
  it('takes allOf and references apart', () => {
    const found = shape({
      allOf: [{ $ref: '#/$defs/text' }, { required: ['a'] }],
      required: ['b'],
    });
    expect([...found.kinds]).toEqual(['string']);
    expect([...requiredOf(found)].sort()).toEqual(['a', 'b']);
  });

  it('of kinds that exclude one another is of nothing', () => {
    expect(shape({ type: 'string', allOf: [{ type: 'number' }] }).isNever).toBe(true);
    expect(shape({ allOf: [false] }).isNever).toBe(true);
    expect(shape({ type: 'number', allOf: [{ type: 'integer' }] }).isNever).toBe(false);
  });

  it.each<[JsonObject, readonly unknown[] | null]>([
    [{ enum: [1, 'a', null], type: ['string', 'null'] }, ['a', null]],
    [{ allOf: [{ enum: [1, 2, 3] }, { enum: [2, 3, 4, 5] }] }, [2, 3]],
    [{ const: 7, maximum: 5 }, []],
    [{ type: 'boolean' }, [true, false]],
    [{ type: 'string' }, null],
  ])('%j has the values %j', (schema, values) => {
    expect(valuesOf(shape(schema), budget)).toEqual(values);
  });

  it('is split by kinds, numbers together', () => {
    const kinds = byKind(shape({ type: ['number', 'string', 'null'] }), source, budget);
    expect(kinds.map((one) => [...one.kinds].join('+'))).toEqual([
      'null',
      'integer+fraction',
      'string',
    ]);
  });
});

describe('what a shape says of a member', () => {
  const schema = {
    properties: { a: { type: 'string' } },
    patternProperties: { '^x': { type: 'number' } },
    additionalProperties: { type: 'null' },
    propertyNames: { maxLength: 3 },
  };

  it.each([
    ['a', 'string', true],
    ['x1', 'integer+fraction', true],
    ['b', 'null', true],
  ])('%s: %s', (name, kinds, isDeclared) => {
    const member = memberOf(shape(schema), name, budget);
    expect([[...member.shape.kinds].join('+'), member.isDeclared]).toEqual([kinds, isDeclared]);
  });

  it('is nothing where its name is refused or others are', () => {
    expect(memberOf(shape(schema), 'long', budget).shape.isNever).toBe(true);
    const closed = shape({ properties: { a: true }, additionalProperties: false });
    expect(memberOf(closed, 'b', budget).shape.isNever).toBe(true);
    expect(memberOf(shape({ properties: {} }), 'b', budget).isDeclared).toBe(false);
  });

  it('of an item is its place in the prefix, or the rest', () => {
    const tuple = shape({ prefixItems: [{ type: 'string' }], items: { type: 'null' } });
    expect([...itemOf(tuple, 0, budget).kinds]).toEqual(['string']);
    expect([...itemOf(tuple, Infinity, budget).kinds]).toEqual(['null']);
  });
});
