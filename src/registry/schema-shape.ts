import { isJsonObject, type JsonValue } from '../kernel/json.js';
import { accepts, matches, type Acceptance } from './schema-acceptance.js';
import type { ComparisonBudget } from './schema-budget.js';
import {
  additionalOf,
  ALL_KINDS,
  hasKeyword,
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
  type Kind,
  type Place,
  type SchemaSource,
} from './schema-source.js';

const MAX_VALUES = 256;

/**
 * All that is said of one value: several schemas that hold together, `allOf` and references taken apart. What cannot be
 * read is left out, so a shape accepts at least what its schemas accept.
 */
export interface Shape {
  readonly parts: readonly Place[];
  /** Nothing is accepted. */
  readonly isNever: boolean;
  readonly kinds: ReadonlySet<Kind>;
  /** The alternatives (`anyOf`, `oneOf`, `if`) that were chosen from already, by the object that lists them. */
  readonly chosen: ReadonlySet<object>;
}

export function shapeOf(
  places: readonly Place[],
  budget: ComparisonBudget,
  chosen: ReadonlySet<object> = new Set(),
): Shape {
  const parts = new Map<object, Place>();
  let isNever = false;
  const pending = [...places];
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    budget.spend(1);
    const { schema } = place;
    if (schema === false) isNever = true;
    if (!isJsonObject(schema) || parts.has(schema)) continue;
    parts.set(schema, place);
    pending.push(...schemasAt(place, 'allOf'));
    const reference = textAt(place, '$ref');
    const target = reference === null ? null : place.source.resolve(reference);
    if (target !== null) pending.push(target);
  }
  const all = [...parts.values()];
  const kinds = new Set(ALL_KINDS.filter((kind) => all.every((at) => typeKinds(at).has(kind))));
  return { parts: all, isNever: isNever || kinds.size === 0, kinds, chosen };
}

/** The same with one more schema. */
export function narrowed(shape: Shape, place: Place, budget: ComparisonBudget): Shape {
  const next = shapeOf([...shape.parts, place], budget, shape.chosen);
  return shape.isNever ? { ...next, isNever: true } : next;
}

const NUMBER_KINDS: readonly Kind[] = ['integer', 'fraction'];
/** One schema for each kind; always the same objects, as shapes are told apart by their schemas. */
const KIND_SCHEMAS = new Map(
  ['null', 'boolean', 'number', 'string', 'array', 'object'].map((type) => [type, { type }]),
);

/** One shape for each kind of value; numbers are not split. */
export function byKind(shape: Shape, source: SchemaSource, budget: ComparisonBudget): Shape[] {
  const names = new Set(
    [...shape.kinds].map((kind) => (NUMBER_KINDS.includes(kind) ? 'number' : kind)),
  );
  return [...names].flatMap((name) => {
    const schema = KIND_SCHEMAS.get(name);
    return schema === undefined ? [] : [narrowed(shape, { schema, source, at: '' }, budget)];
  });
}

/** The few values that are possible, or `null` when they are many. */
export function valuesOf(shape: Shape, budget: ComparisonBudget): readonly JsonValue[] | null {
  const lists = shape.parts.flatMap((part) => {
    const listed = listedValues(part);
    return listed === null || listed.length > MAX_VALUES ? [] : [listed];
  });
  const kinds = [...shape.kinds];
  const isSmall = kinds.every((kind) => kind === 'null' || kind === 'boolean');
  const [shortest] = [...lists].sort((left, right) => left.length - right.length);
  const values = shortest ?? (isSmall ? [null, true, false] : null);
  if (values === null) return null;
  return values.filter(
    (value) =>
      shape.kinds.has(kindOf(value)) &&
      shape.parts.every((part) => accepts(part, value, budget) !== 'no'),
  );
}

/** The largest of what the parts say under a keyword. */
export function largest(shape: Shape, keyword: string): number {
  return Math.max(-Infinity, ...shape.parts.map((part) => numberAt(part, keyword) ?? -Infinity));
}

export function smallest(shape: Shape, keyword: string): number {
  return Math.min(Infinity, ...shape.parts.map((part) => numberAt(part, keyword) ?? Infinity));
}

export function requiredOf(shape: Shape): ReadonlySet<string> {
  return new Set(shape.parts.flatMap((part) => textsAt(part, 'required')));
}

/** What is said of one member. */
export interface MemberShape {
  readonly shape: Shape;
  /** Something is said of it, be it only that others may be sent too (`additionalProperties`). */
  readonly isDeclared: boolean;
}

export function memberOf(shape: Shape, name: string, budget: ComparisonBudget): MemberShape {
  const places: Place[] = [];
  let isDeclared = false;
  let isForbidden = false;
  for (const part of shape.parts) {
    const said = memberPlaces(part, name, budget);
    isDeclared ||= said !== null;
    places.push(...(said ?? []));
    const names = schemaAt(part, 'propertyNames');
    isForbidden ||= names !== null && accepts(names, name, budget) === 'no';
  }
  const found = shapeOf(places, budget);
  return { shape: isForbidden ? { ...found, isNever: true } : found, isDeclared };
}

/** The schemas that one part holds a member to; `null` when it says nothing of it. */
function memberPlaces(
  part: Place,
  name: string,
  budget: ComparisonBudget,
): readonly Place[] | null {
  const own = namedSchemas(part, 'properties').get(name);
  const verdicts = [...namedSchemas(part, 'patternProperties')].map(
    ([pattern, at]): [Acceptance, Place] => [matches(pattern, name, budget), at],
  );
  const matching = verdicts.filter(([verdict]) => verdict === 'yes').map(([, at]) => at);
  const applying = own === undefined ? matching : [own, ...matching];
  if (applying.length > 0) return applying;
  // It may match after all, and then the rest does not apply to it.
  if (verdicts.some(([verdict]) => verdict === 'unknown')) return [];
  const additional = additionalOf(part);
  return additional === null ? null : [additional];
}

/** Names that are declared by `properties`. */
export function declaredNames(shape: Shape): ReadonlySet<string> {
  return new Set(shape.parts.flatMap((part) => [...namedSchemas(part, 'properties').keys()]));
}

/** What members that nobody declared must be; `null` when nothing is said of them. */
export function othersOf(shape: Shape, budget: ComparisonBudget): Shape | null {
  const said = shape.parts.flatMap((part) => additionalOf(part) ?? []);
  return said.length === 0 ? null : shapeOf(said, budget);
}

/** Whether no part declares a member: such an object is free-form. */
export function isFreeForm(shape: Shape): boolean {
  return !shape.parts.some(
    (part) => hasKeyword(part, 'properties') || hasKeyword(part, 'patternProperties'),
  );
}

/** What the item at `index` must be; `Infinity` asks for those after every prefix. */
export function itemOf(shape: Shape, index: number, budget: ComparisonBudget): Shape {
  const places = shape.parts.flatMap((part) => prefixOf(part)[index] ?? tailOf(part) ?? []);
  return shapeOf(places, budget);
}

/** Length of the longest prefix. */
export function prefixLength(shape: Shape): number {
  return Math.max(0, ...shape.parts.map((part) => prefixOf(part).length));
}
