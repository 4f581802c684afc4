import {
  isJsonObject,
  pointerTo,
  valueAt,
  type JsonObject,
  type JsonValue,
} from '../kernel/json.js';

/** A JSON Schema (2020-12): an object, or `true` (anything) and `false` (nothing). */
export type Schema = JsonObject | boolean;

/** A schema with the document that its references lead into, and its pointer as it is shown. */
export interface Place {
  readonly schema: Schema;
  readonly source: SchemaSource;
  readonly at: string;
}

/** What of a number type JSON Schema tells apart: `number` is both `integer` and `fraction`. */
export type Kind = 'null' | 'boolean' | 'integer' | 'fraction' | 'string' | 'array' | 'object';

export const ALL_KINDS: readonly Kind[] = [
  'null',
  'boolean',
  'integer',
  'fraction',
  'string',
  'array',
  'object',
];

const MAX_DEPTH = 48;
const MAX_NODES = 20_000;

/** Whether a foreign value is small and flat enough to be looked at by recursion. */
export function isWithinBounds(value: unknown): boolean {
  return sizeOf(value) !== null;
}

/** Values within a foreign value, itself included; `null` when they are too many or nested too deeply. */
export function sizeOf(value: unknown): number | null {
  const stack: [unknown, number][] = [[value, 0]];
  let nodes = 0;
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const [one, depth] = next;
    nodes += 1;
    if (nodes > MAX_NODES || depth > MAX_DEPTH) return null;
    if (typeof one !== 'object' || one === null) continue;
    for (const member of Object.values(one)) stack.push([member, depth + 1]);
  }
  return nodes;
}

/** One schema document. Its references are resolved within it; a reference elsewhere leads nowhere. */
export class SchemaSource {
  /** A schema inside with an `$id` of its own has references of its own: none is followed then. */
  private readonly isEmbedding: boolean;
  /** Maps of subschemas, by the object that holds them: large ones are asked for by each of their names. */
  private readonly maps = new WeakMap<JsonObject, ReadonlyMap<string, Place>>();

  constructor(
    private readonly root: JsonObject,
    readonly at: string,
  ) {
    this.isEmbedding = Object.values(root).some(holdsId);
  }

  get place(): Place {
    return { schema: this.root, source: this, at: this.at };
  }

  /** The subschemas that `holder` has by name; `at` is its pointer. */
  named(holder: JsonObject, at: string): ReadonlyMap<string, Place> {
    const known = this.maps.get(holder);
    if (known !== undefined) return known;
    const named = new Map<string, Place>();
    for (const [name, schema] of Object.entries(holder)) {
      if (isSchema(schema)) named.set(name, { schema, source: this, at: pointerTo(at, name) });
    }
    this.maps.set(holder, named);
    return named;
  }

  /** The target of `#` or `#/…`; `null` for any other. */
  resolve(reference: string): Place | null {
    if (this.isEmbedding) return null;
    if (reference === '#') return this.place;
    if (!reference.startsWith('#/')) return null;
    const pointer = decoded(reference.slice(1));
    if (pointer === null) return null;
    const schema = valueAt(this.root, pointer);
    return isSchema(schema) ? { schema, source: this, at: this.at + pointer } : null;
  }
}

function holdsId(value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (isJsonObject(value) && typeof value['$id'] === 'string') return true;
  return Object.values(value).some(holdsId);
}

function decoded(fragment: string): string | null {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return null;
  }
}

export function isSchema(value: unknown): value is Schema {
  return typeof value === 'boolean' || isJsonObject(value);
}

/** A schema below another: by the keyword, and the name or the index where there is one. */
export function below(
  place: Place,
  schema: Schema,
  ...tokens: readonly (string | number)[]
): Place {
  const at = tokens.reduce<string>((pointer, token) => pointerTo(pointer, token), place.at);
  return { schema, source: place.source, at };
}

/** The subschema under a keyword, or `null`. */
export function schemaAt(place: Place, keyword: string): Place | null {
  const value = isJsonObject(place.schema) ? place.schema[keyword] : undefined;
  return isSchema(value) ? below(place, value, keyword) : null;
}

/** The subschemas of a list such as `anyOf`; empty when there is none. */
export function schemasAt(place: Place, keyword: string): readonly Place[] {
  const value = isJsonObject(place.schema) ? place.schema[keyword] : undefined;
  if (!Array.isArray(value)) return [];
  return value.flatMap((one, index) => (isSchema(one) ? [below(place, one, keyword, index)] : []));
}

const NONE: ReadonlyMap<string, Place> = new Map();

/** The subschemas of a map such as `properties`, by name. */
export function namedSchemas(place: Place, keyword: string): ReadonlyMap<string, Place> {
  const value = isJsonObject(place.schema) ? place.schema[keyword] : undefined;
  return isJsonObject(value) ? place.source.named(value, pointerTo(place.at, keyword)) : NONE;
}

export function numberAt(place: Place, keyword: string): number | null {
  const value = isJsonObject(place.schema) ? place.schema[keyword] : undefined;
  return typeof value === 'number' ? value : null;
}

export function textAt(place: Place, keyword: string): string | null {
  const value = isJsonObject(place.schema) ? place.schema[keyword] : undefined;
  return typeof value === 'string' ? value : null;
}

/** The texts of a list such as `required`. */
export function textsAt(place: Place, keyword: string): readonly string[] {
  const value = isJsonObject(place.schema) ? place.schema[keyword] : undefined;
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

export function hasKeyword(place: Place, keyword: string): boolean {
  return isJsonObject(place.schema) && Object.hasOwn(place.schema, keyword);
}

export function isOn(place: Place, keyword: string): boolean {
  return isJsonObject(place.schema) && place.schema[keyword] === true;
}

/** The values that `const` or `enum` leave, or `null`. */
export function listedValues(place: Place): readonly JsonValue[] | null {
  if (!isJsonObject(place.schema)) return null;
  if (place.schema['const'] !== undefined) return [place.schema['const']];
  const listed = place.schema['enum'];
  return Array.isArray(listed) ? listed : null;
}

/** The kinds that `type` leaves; multiples of a whole number are whole. */
export function typeKinds(place: Place): ReadonlySet<Kind> {
  const kinds = statedKinds(place);
  if (!Number.isInteger(numberAt(place, 'multipleOf'))) return kinds;
  return new Set([...kinds].filter((kind) => kind !== 'fraction'));
}

function statedKinds(place: Place): ReadonlySet<Kind> {
  const type = isJsonObject(place.schema) ? place.schema['type'] : undefined;
  const names = typeof type === 'string' ? [type] : Array.isArray(type) ? type : null;
  if (names === null) return new Set(ALL_KINDS);
  const all = names.flatMap((name) => (name === 'number' ? ['integer', 'fraction'] : [name]));
  return new Set(ALL_KINDS.filter((kind) => all.includes(kind)));
}

export function kindOf(value: JsonValue): Kind {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  switch (typeof value) {
    case 'boolean':
      return 'boolean';
    case 'number':
      return Number.isInteger(value) ? 'integer' : 'fraction';
    case 'string':
      return 'string';
    default:
      return 'object';
  }
}

/** Keywords that apply another schema to the same value: what `unevaluated…` looks through. */
const APPLICATORS = ['$ref', '$dynamicRef', 'allOf', 'anyOf', 'oneOf', 'if', 'not'];

function appliesOthers(place: Place, ...more: readonly string[]): boolean {
  return [...APPLICATORS, ...more].some((keyword) => hasKeyword(place, keyword));
}

/** What members that are not declared must be; `null` when nothing is said of them. */
export function additionalOf(place: Place): Place | null {
  const additional = schemaAt(place, 'additionalProperties');
  if (additional !== null || isUnevaluatedOpaque(place, 'unevaluatedProperties')) return additional;
  return schemaAt(place, 'unevaluatedProperties');
}

/** Draft 7 wrote `items: […]` and `additionalItems` for what is `prefixItems` and `items` now. */
export function prefixOf(place: Place): readonly Place[] {
  const prefix = schemasAt(place, 'prefixItems');
  return prefix.length > 0 ? prefix : schemasAt(place, 'items');
}

/** What the items after the prefix must be; `null` when nothing is said of them. */
export function tailOf(place: Place): Place | null {
  const isOld = isJsonObject(place.schema) && Array.isArray(place.schema['items']);
  const tail = schemaAt(place, isOld ? 'additionalItems' : 'items');
  if (tail !== null || isUnevaluatedOpaque(place, 'unevaluatedItems')) return tail;
  return schemaAt(place, 'unevaluatedItems');
}

/** Whether what an `unevaluated…` keyword leaves depends on other schemas, so that it cannot be read by itself. */
export function isUnevaluatedOpaque(
  place: Place,
  keyword: 'unevaluatedProperties' | 'unevaluatedItems',
): boolean {
  const own = keyword === 'unevaluatedProperties' ? 'dependentSchemas' : 'contains';
  return hasKeyword(place, keyword) && appliesOthers(place, own);
}
