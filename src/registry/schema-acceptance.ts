import {
  canonicalJson,
  equalJson,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../kernel/json.js';
import type { ComparisonBudget } from './schema-budget.js';
import { ASSERTIONS, malformedKeyword } from './schema-keywords.js';
import {
  additionalOf,
  hasKeyword,
  isOn,
  isUnevaluatedOpaque,
  kindOf,
  listedValues,
  namedSchemas,
  numberAt,
  prefixOf,
  schemaAt,
  schemasAt,
  tailOf,
  textAt,
  textsAt,
  typeKinds,
  type Place,
} from './schema-source.js';

/** Whether a schema accepts a value; `unknown` where that is beyond what is decided here (formats, odd patterns, depth). */
export type Acceptance = 'yes' | 'no' | 'unknown';

const MAX_DEPTH = 24;

export function accepts(
  place: Place,
  value: JsonValue,
  budget: ComparisonBudget,
  depth = 0,
): Acceptance {
  budget.spend(1);
  if (typeof place.schema === 'boolean') return place.schema ? 'yes' : 'no';
  if (depth > MAX_DEPTH || malformedKeyword(place) !== null) return 'unknown';
  const inner = (at: Place, one: JsonValue): Acceptance => accepts(at, one, budget, depth + 1);
  return all([
    () => plainly(place, value, budget),
    () => (typeof value === 'string' ? acceptsText(place, value, budget) : 'yes'),
    () => (Array.isArray(value) ? acceptsItems(place, value, inner) : 'yes'),
    () => (isJsonObject(value) ? acceptsMembers(place, value, inner, budget) : 'yes'),
    () => acceptsCombined(place, value, inner),
  ]);
}

type Inner = (place: Place, value: JsonValue) => Acceptance;

export function all(tests: readonly (() => Acceptance)[]): Acceptance {
  let isKnown = true;
  for (const test of tests) {
    const verdict = test();
    if (verdict === 'no') return 'no';
    isKnown &&= verdict === 'yes';
  }
  return isKnown ? 'yes' : 'unknown';
}

const sure = (holds: boolean): Acceptance => (holds ? 'yes' : 'no');
const opposite = (verdict: Acceptance): Acceptance =>
  verdict === 'unknown' ? 'unknown' : sure(verdict === 'no');

/** `type`, `enum`, `const` and the limits of numbers and sizes. */
function plainly(place: Place, value: JsonValue, budget: ComparisonBudget): Acceptance {
  const listed = listedValues(place);
  if (listed !== null) {
    budget.spend(listed.length);
    if (!listed.some((one) => equalJson(one, value))) return 'no';
  }
  if (!typeKinds(place).has(kindOf(value))) return 'no';
  for (const [keyword, measure, test] of LIMITS) {
    const limit = numberAt(place, keyword);
    const size = limit === null ? null : measure(value);
    if (limit !== null && size !== null && !test(size, limit)) return 'no';
  }
  const step = numberAt(place, 'multipleOf');
  if (step !== null && typeof value === 'number') return isMultiple(value, step);
  return 'yes';
}

type Measure = (value: JsonValue) => number | null;
const asNumber: Measure = (value) => (typeof value === 'number' ? value : null);
const asLength: Measure = (value) => (typeof value === 'string' ? [...value].length : null);
const asItems: Measure = (value) => (Array.isArray(value) ? value.length : null);
const asMembers: Measure = (value) => (isJsonObject(value) ? Object.keys(value).length : null);
const atLeast = (size: number, limit: number): boolean => size >= limit;
const atMost = (size: number, limit: number): boolean => size <= limit;

const LIMITS: readonly (readonly [string, Measure, (size: number, limit: number) => boolean])[] = [
  ['minimum', asNumber, atLeast],
  ['maximum', asNumber, atMost],
  ['exclusiveMinimum', asNumber, (size, limit) => size > limit],
  ['exclusiveMaximum', asNumber, (size, limit) => size < limit],
  ['minLength', asLength, atLeast],
  ['maxLength', asLength, atMost],
  ['minItems', asItems, atLeast],
  ['maxItems', asItems, atMost],
  ['minProperties', asMembers, atLeast],
  ['maxProperties', asMembers, atMost],
];

/** Exact for integers; fractions are not exact in binary, so nothing is said of them unless they are equal. */
export function isMultiple(value: number, step: number): Acceptance {
  if (value === step || value === 0) return 'yes';
  if (Number.isSafeInteger(value) && Number.isSafeInteger(step)) return sure(value % step === 0);
  return 'unknown';
}

function acceptsText(place: Place, value: string, budget: ComparisonBudget): Acceptance {
  const pattern = textAt(place, 'pattern');
  const matched = pattern === null ? 'yes' : matches(pattern, value, budget);
  return all([() => matched, () => (hasKeyword(place, 'format') ? 'unknown' : 'yes')]);
}

/** Whether the text holds a match, in linear time. */
export function matches(pattern: string, text: string, budget: ComparisonBudget): Acceptance {
  const compiled = budget.pattern(pattern);
  if (compiled === null) return 'unknown';
  return sure(
    compiled.test(text, (steps) => {
      budget.spend(Math.ceil(steps));
    }),
  );
}

function acceptsItems(place: Place, items: readonly JsonValue[], inner: Inner): Acceptance {
  const prefix = prefixOf(place);
  const tail = tailOf(place);
  const contained = schemaAt(place, 'contains');
  return all([
    ...items.map((item, index) => () => {
      const at = prefix[index] ?? tail;
      return at === null ? 'yes' : inner(at, item);
    }),
    () => sure(!isOn(place, 'uniqueItems') || allDiffer(items)),
    () => (contained === null ? 'yes' : acceptsCount(place, contained, items, inner)),
    () => (isUnevaluatedOpaque(place, 'unevaluatedItems') ? 'unknown' : 'yes'),
  ]);
}

function allDiffer(items: readonly JsonValue[]): boolean {
  return new Set(items.map((item) => canonicalJson(item))).size === items.length;
}

function acceptsCount(
  place: Place,
  contained: Place,
  items: readonly JsonValue[],
  inner: Inner,
): Acceptance {
  const verdicts = items.map((item) => inner(contained, item));
  if (verdicts.includes('unknown')) return 'unknown';
  const count = verdicts.filter((verdict) => verdict === 'yes').length;
  const most = numberAt(place, 'maxContains') ?? Infinity;
  return sure(count >= (numberAt(place, 'minContains') ?? 1) && count <= most);
}

function acceptsMembers(
  place: Place,
  value: JsonObject,
  inner: Inner,
  budget: ComparisonBudget,
): Acceptance {
  const names = Object.keys(value);
  const ofNames = schemaAt(place, 'propertyNames');
  const lists = ['dependentRequired', 'dependencies'].flatMap((keyword) => listsAt(place, keyword));
  const schemas = ['dependentSchemas', 'dependencies'].flatMap((keyword) => [
    ...namedSchemas(place, keyword),
  ]);
  return all([
    () => sure(textsAt(place, 'required').every((name) => Object.hasOwn(value, name))),
    ...names.map((name) => () => acceptsMember(place, name, value[name] ?? null, inner, budget)),
    ...names.map((name) => () => (ofNames === null ? 'yes' : inner(ofNames, name))),
    ...lists
      .filter(([name]) => Object.hasOwn(value, name))
      .map(
        ([, needed]) =>
          () =>
            sure(needed.every((name) => Object.hasOwn(value, name))),
      ),
    ...schemas
      .filter(([name]) => Object.hasOwn(value, name))
      .map(
        ([, at]) =>
          () =>
            inner(at, value),
      ),
    () => (isUnevaluatedOpaque(place, 'unevaluatedProperties') ? 'unknown' : 'yes'),
  ]);
}

/** Name and what it needs, of `dependentRequired` and of the lists in `dependencies`. */
export function listsAt(place: Place, keyword: string): [string, readonly string[]][] {
  const value = isJsonObject(place.schema) ? place.schema[keyword] : undefined;
  return Object.entries(isJsonObject(value) ? value : {}).flatMap(([name, needed]) => {
    if (!Array.isArray(needed)) return [];
    return [[name, needed.filter((one) => typeof one === 'string')] as [string, string[]]];
  });
}

function acceptsMember(
  place: Place,
  name: string,
  member: JsonValue,
  inner: Inner,
  budget: ComparisonBudget,
): Acceptance {
  const own = namedSchemas(place, 'properties').get(name);
  const patterns = [...namedSchemas(place, 'patternProperties')];
  const tested = patterns.map(([pattern, at]) => [matches(pattern, name, budget), at] as const);
  const additional = additionalOf(place);
  const isUnsure = tested.some(([verdict]) => verdict === 'unknown');
  const matching = tested.filter(([verdict]) => verdict === 'yes').map(([, at]) => at);
  const applying = own === undefined ? matching : [own, ...matching];
  const rest = applying.length === 0 && additional !== null ? [additional] : applying;
  return all([() => (isUnsure ? 'unknown' : 'yes'), ...rest.map((at) => () => inner(at, member))]);
}

function acceptsCombined(place: Place, value: JsonValue, inner: Inner): Acceptance {
  const each = (keyword: string): Acceptance[] =>
    schemasAt(place, keyword).map((at) => inner(at, value));
  const negated = schemaAt(place, 'not');
  return all([
    ...schemasAt(place, 'allOf').map((at) => () => inner(at, value)),
    () => (hasKeyword(place, 'anyOf') ? anyOf(each('anyOf')) : 'yes'),
    () => (hasKeyword(place, 'oneOf') ? oneOf(each('oneOf')) : 'yes'),
    () => (negated === null ? 'yes' : opposite(inner(negated, value))),
    () => acceptsBranch(place, value, inner),
    () => acceptsReference(place, value, inner),
  ]);
}

function anyOf(verdicts: readonly Acceptance[]): Acceptance {
  if (verdicts.includes('yes')) return 'yes';
  return verdicts.includes('unknown') ? 'unknown' : 'no';
}

function oneOf(verdicts: readonly Acceptance[]): Acceptance {
  const count = verdicts.filter((verdict) => verdict === 'yes').length;
  if (count > 1) return 'no';
  return verdicts.includes('unknown') ? 'unknown' : sure(count === 1);
}

function acceptsBranch(place: Place, value: JsonValue, inner: Inner): Acceptance {
  const condition = schemaAt(place, 'if');
  if (condition === null) return 'yes';
  const met = inner(condition, value);
  if (met === 'unknown') return 'unknown';
  const branch = schemaAt(place, met === 'yes' ? 'then' : 'else');
  return branch === null ? 'yes' : inner(branch, value);
}

function acceptsReference(place: Place, value: JsonValue, inner: Inner): Acceptance {
  if (hasKeyword(place, '$dynamicRef')) return 'unknown';
  const reference = textAt(place, '$ref');
  if (reference === null) return 'yes';
  const target = place.source.resolve(reference);
  return target === null ? 'unknown' : inner(target, value);
}

/** Whether a schema says anything of values at all. */
export function isSilent({ schema }: Place): boolean {
  if (typeof schema === 'boolean') return schema;
  return !Object.keys(schema).some((keyword) => ASSERTIONS.has(keyword));
}
