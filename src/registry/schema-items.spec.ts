import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../kernel/json.js';
import { ComparisonBudget } from './schema-budget.js';
import { arrayFaults } from './schema-items.js';
import { shapeOf } from './schema-shape.js';
import { SchemaSource } from './schema-source.js';
import { SubsetComparison } from './schema-subset.js';

/** What those who send values of `sub` lose with `sup`. */
function lost(sub: JsonObject, sup: JsonObject): string[] {
  const budget = new ComparisonBudget(10_000);
  const comparison = new SubsetComparison(budget, true);
  const shape = shapeOf([new SchemaSource(sub, '').place], budget);
  const faults = arrayFaults(comparison, shape, new SchemaSource(sup, '').place);
  return faults.map(({ pointer, toSenders }) => `${pointer}: ${toSenders}`);
}

describe('the items of an array', () => {
  it.each<[string, JsonObject, JsonObject, string[]]>([
    [
      'that are narrowed',
      { items: { type: 'number' } },
      { items: { type: 'integer' } },
      ['/items/type: a fraction is not accepted any more'],
    ],
    [
      'that end where nothing may follow',
      { prefixItems: [true], items: false },
      { maxItems: 1 },
      [],
    ],
    [
      'that are too few',
      { minItems: 1 },
      { minItems: 2 },
      ['/minItems: fewer than 2 items is not accepted any more'],
    ],
    ['of which one at most is there', { maxItems: 1 }, { uniqueItems: true }, []],
    [
      'that become places of a tuple',
      { items: { type: 'string' } },
      { prefixItems: [true, { type: 'null' }] },
      ['/prefixItems/1/type: string is not accepted any more'],
    ],
    [
      'that a tuple cannot reach',
      { maxItems: 1 },
      { prefixItems: [true, false], items: false },
      [],
    ],
    [
      'that are asked for',
      {},
      { contains: { type: 'null' } },
      ['/contains: certain items are asked for now'],
    ],
    [
      'that were asked for',
      { contains: { const: 1 }, minContains: 2 },
      { contains: { type: 'integer' } },
      [],
    ],
    [
      'that are never too many',
      { maxItems: 2 },
      { contains: true, minContains: 0, maxContains: 2 },
      [],
    ],
  ])('%s', (_name, sub, sup, told) => {
    expect(lost({ type: 'array', ...sub }, sup)).toEqual(told);
  });
});
