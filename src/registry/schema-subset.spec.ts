import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { isJsonObject, type JsonObject, type JsonValue } from '../kernel/json.js';
import { accepts } from './schema-acceptance.js';
import { ComparisonBudget } from './schema-budget.js';
import { inputReasons, outputReasons } from './schema-compatibility.js';
import { SchemaSource, type Schema } from './schema-source.js';

const NAMES = ['a', 'b', 'c'];
/** Names that no schema declares. */
const FOREIGN = ['y', 'z'];
const TYPES = ['string', 'number', 'integer', 'boolean', 'null', 'object', 'array'];

const small = fc.integer({ min: -2, max: 4 });
const count = fc.integer({ min: 0, max: 3 });
const scalar: fc.Arbitrary<JsonValue> = fc.oneof(
  small,
  fc.constantFrom<JsonValue>('', 'a', 'ab', 'abc', 0.5, true, false, null),
);

const { schema } = fc.letrec<{ schema: JsonObject }>((tie) => {
  const inner = tie('schema');
  const some = <T>(what: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
    fc.option(what, { nil: undefined, freq: 2 });
  const plain = fc.record({
    type: some(fc.oneof(fc.constantFrom(...TYPES), fc.subarray(TYPES, { minLength: 1 }))),
    enum: fc.option(fc.array(scalar, { minLength: 1, maxLength: 4 }), { nil: undefined, freq: 6 }),
    minimum: some(small),
    exclusiveMaximum: some(small),
    multipleOf: fc.option(fc.constantFrom(1, 2, 3), { nil: undefined, freq: 5 }),
    minLength: some(count),
    maxLength: some(count),
    pattern: fc.option(fc.constantFrom('^a', 'b$', '.*'), { nil: undefined, freq: 6 }),
  });
  const object = fc.record({
    type: fc.constantFrom('object', ['object', 'null']),
    properties: some(fc.dictionary(fc.constantFrom(...NAMES), inner, { maxKeys: 3 })),
    required: some(fc.subarray(NAMES)),
    additionalProperties: some(fc.oneof(fc.boolean(), inner)),
    patternProperties: fc.option(fc.record({ '^[ab]': inner }), { nil: undefined, freq: 6 }),
    propertyNames: fc.option(fc.constant({ pattern: '^[a-z]$' }), { nil: undefined, freq: 6 }),
    minProperties: some(count),
    maxProperties: some(count),
    dependentRequired: fc.option(fc.constant({ a: ['b'] }), { nil: undefined, freq: 6 }),
  });
  const sizes = {
    type: fc.constant('array'),
    minItems: some(count),
    maxItems: some(count),
    uniqueItems: some(fc.boolean()),
    items: some(fc.oneof(fc.boolean(), inner)),
  };
  // Why not both at once: the validator takes an empty array for one that contains something then.
  const array = fc.oneof(
    fc.record({ ...sizes, prefixItems: some(fc.array(inner, { minLength: 1, maxLength: 2 })) }),
    fc.record({ ...sizes, contains: plain, maxContains: some(fc.integer({ min: 1, max: 3 })) }),
  );
  // Why no objects among alternatives: what a value may hold is then a question of the alternative that it fits.
  const choice = fc.oneof(
    fc.record({ anyOf: fc.array(plain, { minLength: 1, maxLength: 3 }) }),
    fc.record({ oneOf: fc.array(plain, { minLength: 1, maxLength: 3 }) }),
    fc.record({ allOf: fc.array(plain, { minLength: 1, maxLength: 2 }) }),
    fc.record({ not: plain, type: some(fc.constantFrom(...TYPES)) }),
    fc.record({ if: plain, then: some(plain), else: some(plain) }),
  );
  return {
    schema: fc
      .oneof({ maxDepth: 3, depthSize: 'small' }, plain, object, array, choice)
      .map((made) => JSON.parse(JSON.stringify(made)) as JsonObject),
  };
});

/** A schema and one that differs from it in a keyword or two: pairs that are often compatible. */
const pair = fc.oneof(
  fc.tuple(schema, schema),
  fc
    .tuple(schema, fc.nat(), schema)
    .map(([one, at, other]): [JsonObject, JsonObject] => [one, mutated(one, at, other)]),
  fc
    .tuple(schema, fc.nat(), schema)
    .map(([one, at, other]): [JsonObject, JsonObject] => [mutated(one, at, other), one]),
);

/** Without one of its keywords, or with one of another schema. */
function mutated(one: JsonObject, at: number, other: JsonObject): JsonObject {
  const keywords = Object.keys(one);
  const keyword = keywords[at % Math.max(1, keywords.length)];
  if (keyword === undefined) return other;
  const { [keyword]: inner, ...rest } = one;
  if (isJsonObject(inner) && at % 3 !== 0) {
    const names = Object.keys(inner);
    const name = names[at % Math.max(1, names.length)];
    const below = name === undefined ? undefined : inner[name];
    if (keyword === 'properties' && name !== undefined && isJsonObject(below)) {
      return { ...one, properties: { ...inner, [name]: mutated(below, at >> 2, other) } };
    }
  }
  if (at % 2 === 0) return rest;
  const taken = Object.entries(other).slice(0, 1);
  return { ...rest, ...Object.fromEntries(taken) };
}

const value: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2, depthSize: 'small' },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...NAMES, ...FOREIGN), tie('value'), {
      maxKeys: 3,
      noNullPrototype: true,
    }),
  ),
})).value;

const ajv = new Ajv2020({ strict: false, logger: false, validateFormats: false });
const budget = (): ComparisonBudget => new ComparisonBudget(30_000);

/**
 * Whether the value keeps to what its sender was told: no member that the sender's schema does not declare, but that the
 * other one does, unless the sender's said that there may be others.
 */
function keepsToDeclared(own: Schema, other: Schema, of: JsonValue, isRoot: boolean): boolean {
  if (!isJsonObject(own) || !isJsonObject(other)) return true;
  if (Array.isArray(of)) {
    const rest = (one: JsonObject, at: number): Schema => {
      const prefix = Array.isArray(one['prefixItems']) ? one['prefixItems'] : [];
      return (prefix[at] ?? one['items'] ?? true) as Schema;
    };
    return of.every((item, at) => keepsToDeclared(rest(own, at), rest(other, at), item, false));
  }
  if (!isJsonObject(of)) return true;
  const named = (one: JsonObject): JsonObject => (one['properties'] ?? {}) as JsonObject;
  return Object.entries(of).every(([name, member]) => {
    const mine = (named(own)[name] ?? own['additionalProperties']) as Schema | undefined;
    const its = (named(other)[name] ?? other['additionalProperties'] ?? true) as Schema;
    const isOpen = !isRoot && own['properties'] === undefined;
    const isPattern = own['patternProperties'] !== undefined && /^[ab]/.test(name);
    if (mine === undefined && !isPattern) return isOpen || !speaksOf(other, name);
    return keepsToDeclared(mine ?? true, its, member, false);
  });
}

/** Whether the schema asks something of the member by its name. */
function speaksOf(one: JsonObject, name: string): boolean {
  return ['properties', 'dependentRequired'].some((keyword) => {
    const named = one[keyword];
    return isJsonObject(named) && Object.hasOwn(named, name);
  });
}

function violations(
  [before, after]: readonly [JsonObject, JsonObject],
  values: readonly JsonValue[],
  isInput: boolean,
): JsonValue[] {
  const compare = isInput ? inputReasons : outputReasons;
  const reasons = compare(before, after, '', budget());
  if (reasons.some(({ verdict }) => verdict !== 'compatible')) return [];
  const [from, to] = isInput ? [before, after] : [after, before];
  const [isSent, isTaken] = [ajv.compile(from), ajv.compile(to)];
  const found = values.filter(
    (one) => isSent(one) && keepsToDeclared(from, to, one, isInput) && !isTaken(one),
  );
  ajv.removeSchema(from).removeSchema(to);
  return found;
}

const RUNS = { numRuns: 500, seed: 7 };

describe('a change that is called compatible', () => {
  const values = fc.array(value, { minLength: 20, maxLength: 40 });

  it('lets every input that was valid be valid still', () => {
    fc.assert(
      fc.property(pair, values, (schemas, some) => {
        expect(violations(schemas, some, true)).toEqual([]);
      }),
      RUNS,
    );
  }, 60_000);

  it('lets no output be valid that was not valid before', () => {
    fc.assert(
      fc.property(pair, values, (schemas, some) => {
        expect(violations(schemas, some, false)).toEqual([]);
      }),
      RUNS,
    );
  }, 60_000);

  it('is found often enough to mean something', () => {
    const seen = fc.sample(pair, { numRuns: 300, seed: 3 }).filter(([before, after]) => {
      const reasons = inputReasons(before, after, '', budget());
      return reasons.length > 0 && reasons.every(({ verdict }) => verdict === 'compatible');
    });
    expect(seen.length).toBeGreaterThan(30);
  });
});

describe('what a schema accepts', () => {
  it('is what the validator accepts, wherever it is told', () => {
    fc.assert(
      fc.property(schema, fc.array(value, { minLength: 5, maxLength: 10 }), (one, some) => {
        const { place } = new SchemaSource(one, '');
        const isValid = ajv.compile(one);
        for (const each of some) {
          const verdict = accepts(place, each, budget());
          if (verdict !== 'unknown') expect(verdict).toBe(isValid(each) ? 'yes' : 'no');
        }
        ajv.removeSchema(one);
      }),
      { numRuns: 400, seed: 5 },
    );
  }, 60_000);
});
