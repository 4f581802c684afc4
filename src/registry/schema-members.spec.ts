import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../kernel/json.js';
import { ComparisonBudget } from './schema-budget.js';
import { objectFaults } from './schema-members.js';
import { shapeOf } from './schema-shape.js';
import { SchemaSource } from './schema-source.js';
import { SubsetComparison } from './schema-subset.js';

/** What those who send values of `sub` lose with `sup`. */
function lost(sub: JsonObject, sup: JsonObject): string[] {
  const budget = new ComparisonBudget(10_000);
  const comparison = new SubsetComparison(budget, true);
  const shape = shapeOf([new SchemaSource(sub, '').place], budget);
  const faults = objectFaults(comparison, shape, new SchemaSource(sup, '').place);
  return faults.map(({ pointer, toSenders }) => `${pointer}: ${toSenders}`);
}

describe('the members of an object', () => {
  it.each<[string, JsonObject, JsonObject, string[]]>([
    ['that are required', {}, { required: ['a'] }, ['/required: the member "a" is required now']],
    [
      'that were open',
      {},
      { additionalProperties: false },
      ['/additionalProperties: members that are not declared were open and are not now'],
    ],
    [
      'that are gone',
      { properties: { a: true }, additionalProperties: false },
      { additionalProperties: false },
      ['/additionalProperties: the member "a" is not accepted any more'],
    ],
    [
      'that nobody declared are not sent',
      { properties: {} },
      { properties: { a: { type: 'null' } } },
      [],
    ],
    [
      'that may be others are held to what is declared',
      { additionalProperties: true },
      { properties: { a: { type: 'object' } } },
      ['/properties/a/type: null, boolean, number, string, array is not accepted any more'],
    ],
    [
      'that need one another',
      { properties: { a: true } },
      { dependentRequired: { a: ['b'] } },
      ['/dependentRequired: "a" needs the member "b" beside it now'],
    ],
    [
      'that need what they needed',
      { properties: { a: true }, dependentRequired: { a: ['b', 'c'] } },
      { dependentRequired: { a: ['b'] } },
      [],
    ],
    [
      'of a name that is refused',
      { properties: { A: true }, additionalProperties: false },
      { propertyNames: { pattern: '^[a-z]+$' } },
      ['/propertyNames: the name "A" is not accepted any more'],
    ],
    [
      'that are too many',
      { maxProperties: 9 },
      { maxProperties: 3 },
      ['/maxProperties: more than 3 members is not accepted any more'],
    ],
  ])('%s', (_name, sub, sup, told) => {
    expect(lost({ type: 'object', ...sub }, sup)).toEqual(told);
  });
});
