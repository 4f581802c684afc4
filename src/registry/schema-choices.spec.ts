import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../kernel/json.js';
import { ComparisonBudget } from './schema-budget.js';
import { choiceFaults } from './schema-choices.js';
import { shapeOf } from './schema-shape.js';
import { SchemaSource } from './schema-source.js';
import { SubsetComparison } from './schema-subset.js';

/** What those who send values of `sub` lose with `sup`. */
function lost(sub: JsonObject, sup: JsonObject): string[] {
  const budget = new ComparisonBudget(10_000);
  const comparison = new SubsetComparison(budget, true);
  const shape = shapeOf([new SchemaSource(sub, '').place], budget);
  const faults = choiceFaults(comparison, shape, new SchemaSource(sup, '').place);
  return faults.map(({ pointer, toSenders }) => `${pointer}: ${toSenders}`);
}

const text = { type: 'string' };
const number = { type: 'number' };
const whole = { type: 'integer' };

describe('a choice', () => {
  it.each<[string, JsonObject, JsonObject, string[]]>([
    ['covers each kind by a branch', { type: ['string', 'number'] }, { anyOf: [number, text] }, []],
    [
      'is told by the one branch that could accept it',
      number,
      { anyOf: [whole, text] },
      ['/anyOf/0/type: a fraction is not accepted any more'],
    ],
    [
      'has no branch for a kind',
      { type: ['string', 'null'] },
      { anyOf: [text, number] },
      ['/anyOf: no alternative accepts this null any more'],
    ],
    ['of exactly one is any where they are apart', text, { oneOf: [text, number] }, []],
    [
      'of exactly one cannot be told where they meet',
      whole,
      { oneOf: [whole, number] },
      [
        '/oneOf: it cannot be told whether this still holds: two of its alternatives may accept the same value',
      ],
    ],
    ['excludes what never was', text, { not: number }, []],
    [
      'excludes what was',
      { type: 'string' },
      { not: { const: 'a' } },
      ['/not: some of it is refused now'],
    ],
    ['under a condition that never holds', text, { if: number, then: false }, []],
    ['under a condition that always holds', text, { if: text, then: true, else: false }, []],
  ])('%s', (_name, sub, sup, told) => {
    expect(lost(sub, sup)).toEqual(told);
  });
});
