import { equalJson, isJsonObject, type JsonValue } from '../kernel/json.js';
import { ComparisonTooCostly, type ComparisonBudget } from './schema-budget.js';
import { isSameSchema } from './schema-equality.js';
import type { SchemaFault } from './schema-fault.js';
import { isWithinBounds, SchemaSource, type Place } from './schema-source.js';
import { SubsetComparison } from './schema-subset.js';

/** `unknown`: it cannot be told, and counts as breaking. */
export type SchemaVerdict = 'compatible' | 'breaking' | 'unknown';

export interface SchemaReason {
  /** Of the keyword, below `at`; in the schema that has to accept: the new one of an input, the old one of an output. */
  readonly pointer: string;
  readonly detail: string;
  readonly verdict: SchemaVerdict;
}

/**
 * What a change of an input schema means for those who send such values: each that was valid has to be valid still. `at` is
 * the pointer of the schema. Empty: the two say the same.
 *
 * Members that the old schema does not declare are taken not to be sent, so that a new optional member breaks nobody; but
 * where it declares none below the root, or says `additionalProperties`, they are.
 */
export function inputReasons(
  before: JsonValue,
  after: JsonValue,
  at: string,
  budget: ComparisonBudget,
): readonly SchemaReason[] {
  const told = ({ toSenders }: SchemaFault): string => toSenders;
  return reasonsOf({ sub: before, sup: after, isInput: true }, at, told, budget);
}

/** As `inputReasons` for those who read such values: each that is valid now has to have been valid before. */
export function outputReasons(
  before: JsonValue,
  after: JsonValue,
  at: string,
  budget: ComparisonBudget,
): readonly SchemaReason[] {
  const told = ({ toReaders }: SchemaFault): string => toReaders;
  return reasonsOf({ sub: after, sup: before, isInput: false }, at, told, budget);
}

interface Compared {
  readonly sub: JsonValue;
  readonly sup: JsonValue;
  readonly isInput: boolean;
}

const UNDECIDED = 'it cannot be told whether this still holds: the schema';

function reasonsOf(
  { sub, sup, isInput }: Compared,
  at: string,
  told: (one: SchemaFault) => string,
  budget: ComparisonBudget,
): readonly SchemaReason[] {
  const unknown = (why: string): SchemaReason[] => [
    { pointer: at, detail: `${UNDECIDED} ${why}`, verdict: 'unknown' },
  ];
  if (!isWithinBounds(sub) || !isWithinBounds(sup)) return unknown('is too large or too deep');
  if (!isJsonObject(sub) || !isJsonObject(sup)) {
    return equalJson(sub, sup) ? [] : unknown('is not an object');
  }
  try {
    const [from, to] = [placeOf(sub, at), placeOf(sup, at)];
    if (isSameSchema(from, to, budget)) return [];
    const faults = new SubsetComparison(budget, isInput).compare(from, to);
    if (faults.length > 0) return faults.map((one) => reasonOf(one, told));
    const side = isInput ? 'accepts all that it did' : 'promises all that it did';
    return [{ pointer: at, detail: `the schema changed and ${side}`, verdict: 'compatible' }];
  } catch (error) {
    if (error instanceof ComparisonTooCostly) return unknown('takes too much work to compare');
    throw error;
  }
}

function placeOf(schema: Exclude<Place['schema'], boolean>, at: string): Place {
  return new SchemaSource(schema, at).place;
}

function reasonOf(one: SchemaFault, told: (one: SchemaFault) => string): SchemaReason {
  const verdict = one.isCertain ? 'breaking' : 'unknown';
  return { pointer: one.pointer, detail: told(one), verdict };
}
