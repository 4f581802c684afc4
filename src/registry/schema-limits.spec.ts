import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../kernel/json.js';
import { ComparisonBudget } from './schema-budget.js';
import { areApart, limitFaults } from './schema-limits.js';
import { shapeOf, type Shape } from './schema-shape.js';
import { SchemaSource } from './schema-source.js';

const at = (schema: JsonObject) => new SchemaSource(schema, '').place;
const shape = (schema: JsonObject): Shape => shapeOf([at(schema)], new ComparisonBudget(1000));

describe('a limit', () => {
  it.each<[JsonObject, JsonObject, string[]]>([
    [{ type: 'number' }, { minimum: 1, maximum: 2 }, ['less than 1', 'more than 2']],
    [{ minimum: 1, type: 'number' }, { exclusiveMinimum: 1 }, ['down to 1']],
    [{ type: 'integer', minimum: 2 }, { exclusiveMinimum: 1 }, []],
    [{ type: 'integer', exclusiveMaximum: 3 }, { maximum: 2 }, []],
    [{ type: 'number', exclusiveMaximum: 3 }, { exclusiveMaximum: 3 }, []],
    [{ allOf: [{ minimum: 1 }, { minimum: 5 }], type: 'number' }, { minimum: 3 }, []],
    [
      { type: 'string' },
      { minLength: 1, maxLength: 2 },
      ['a text shorter than 1', 'a text longer than 2'],
    ],
    [{ type: 'string', minLength: 3 }, { minLength: 2 }, []],
    [{ type: 'null' }, { minimum: 1, minLength: 1, pattern: 'x', format: 'date' }, []],
  ])('of %j within %j loses %j', (sub, sup, lost) => {
    const told = limitFaults(shape(sub), at(sup)).map(({ toSenders }) => toSenders);
    expect(told).toEqual(lost.map((one) => `${one} is not accepted any more`));
  });
});

describe('ranges', () => {
  it.each<[JsonObject, JsonObject, boolean]>([
    [{ maximum: 1 }, { minimum: 2 }, true],
    [{ maximum: 2 }, { minimum: 2 }, false],
    [{ exclusiveMaximum: 2 }, { minimum: 2 }, true],
    [{ minimum: 5 }, { maximum: 4 }, true],
    [{}, { minimum: 2 }, false],
  ])('%j and %j are apart: %j', (left, right, apart) => {
    expect(areApart(shape(left), shape(right))).toBe(apart);
  });
});
