import { fault, undecided, type SchemaFault } from './schema-fault.js';
import { itemOf, largest, prefixLength, shapeOf, smallest, type Shape } from './schema-shape.js';
import {
  hasKeyword,
  isOn,
  isUnevaluatedOpaque,
  numberAt,
  prefixOf,
  schemaAt,
  tailOf,
  type Place,
} from './schema-source.js';
import type { Comparison } from './schema-comparison.js';

/** Faults of the keywords of arrays. */
export function arrayFaults(comparison: Comparison, sub: Shape, sup: Place): SchemaFault[] {
  return [
    ...sizeFaults(comparison, sub, sup),
    ...itemFaults(comparison, sub, sup),
    ...uniqueFaults(comparison, sub, sup),
    ...containsFaults(comparison, sub, sup),
    ...(isUnevaluatedOpaque(sup, 'unevaluatedItems')
      ? [undecided(sup, 'unevaluatedItems', 'it depends on the schemas beside it')]
      : []),
  ];
}

/** The most items that the shape allows; what may not be there ends the array. */
function mostItems({ budget }: Comparison, sub: Shape): number {
  const stated = smallest(sub, 'maxItems');
  const prefix = prefixLength(sub);
  for (let index = 0; index < prefix && index < stated; index += 1) {
    if (itemOf(sub, index, budget).isNever) return index;
  }
  return itemOf(sub, Infinity, budget).isNever ? Math.min(stated, prefix) : stated;
}

function leastItems(sub: Shape): number {
  return Math.max(0, largest(sub, 'minItems'));
}

function sizeFaults(comparison: Comparison, sub: Shape, sup: Place): SchemaFault[] {
  const least = numberAt(sup, 'minItems');
  const most = numberAt(sup, 'maxItems');
  const faults: SchemaFault[] = [];
  const say = (keyword: string, how: string): SchemaFault =>
    fault(sup, keyword, `${how} is not accepted any more`, `there may be ${how} now`);
  if (least !== null && leastItems(sub) < least) {
    faults.push(say('minItems', `fewer than ${String(least)} items`));
  }
  if (most !== null && mostItems(comparison, sub) > most) {
    faults.push(say('maxItems', `more than ${String(most)} items`));
  }
  return faults;
}

function itemFaults(comparison: Comparison, sub: Shape, sup: Place): SchemaFault[] {
  const { budget } = comparison;
  const most = mostItems(comparison, sub);
  const prefix = prefixOf(sup);
  const faults = prefix.flatMap((place, index) =>
    index < most ? comparison.inside(itemOf(sub, index, budget), place) : [],
  );
  const tail = tailOf(sup);
  if (tail === null || most <= prefix.length) return faults;
  const known = prefixLength(sub);
  for (let index = prefix.length; index < Math.min(known, most); index += 1) {
    faults.push(...comparison.inside(itemOf(sub, index, budget), tail));
  }
  if (most > known) faults.push(...comparison.inside(itemOf(sub, Infinity, budget), tail));
  return faults;
}

function uniqueFaults(comparison: Comparison, sub: Shape, sup: Place): SchemaFault[] {
  if (!isOn(sup, 'uniqueItems') || sub.parts.some((part) => isOn(part, 'uniqueItems'))) return [];
  if (mostItems(comparison, sub) <= 1) return [];
  return [
    fault(sup, 'uniqueItems', 'equal items are not accepted any more', 'items may be equal now'),
  ];
}

function containsFaults(comparison: Comparison, sub: Shape, sup: Place): SchemaFault[] {
  const wanted = schemaAt(sup, 'contains');
  if (wanted === null) return [];
  const least = numberAt(sup, 'minContains') ?? 1;
  const most = numberAt(sup, 'maxContains');
  return [
    ...(least === 0 || holdsAtLeast(comparison, sub, wanted, least)
      ? []
      : [containsFault(sub, sup, 'contains')]),
    ...(most === null || holdsAtMost(comparison, sub, wanted, most)
      ? []
      : [containsFault(sub, sup, 'maxContains')]),
  ];
}

/** Without a word of `contains` in `sub` the demand is new; else it cannot be told how the two go together. */
function containsFault(sub: Shape, sup: Place, keyword: string): SchemaFault {
  if (sub.parts.some((part) => hasKeyword(part, 'contains'))) {
    return undecided(sup, keyword, 'the items that are asked for differ');
  }
  return fault(
    sup,
    keyword,
    'certain items are asked for now',
    'certain items may be missing or too many now',
  );
}

function holdsAtLeast(comparison: Comparison, sub: Shape, wanted: Place, least: number): boolean {
  const { budget } = comparison;
  const isContained = sub.parts.some((part) => {
    const own = schemaAt(part, 'contains');
    if (own === null || (numberAt(part, 'minContains') ?? 1) < least) return false;
    return comparison.isSubset(shapeOf([own], budget), wanted);
  });
  if (isContained) return true;
  const count = leastItems(sub);
  if (count < least) return false;
  const known = prefixLength(sub);
  const places = Array.from({ length: Math.min(known, count) }, (_, index) => index);
  if (count > known) places.push(Infinity);
  return places.every((index) => comparison.isSubset(itemOf(sub, index, budget), wanted));
}

function holdsAtMost(comparison: Comparison, sub: Shape, wanted: Place, most: number): boolean {
  const { budget } = comparison;
  if (mostItems(comparison, sub) <= most) return true;
  return sub.parts.some((part) => {
    const own = schemaAt(part, 'contains');
    const limit = numberAt(part, 'maxContains');
    if (own === null || limit === null || limit > most) return false;
    return comparison.isSubset(shapeOf([wanted], budget), own);
  });
}
