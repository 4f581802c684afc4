import { isJsonObject, pointerTo, type JsonObject, type JsonValue } from '../kernel/json.js';
import type { FieldError } from '../kernel/problem.js';
import { hintOf, type FieldSchema } from './field-schema.js';

/** Finds everything wrong with a value; pointers start with `base`. */
export type SchemaCheck = (value: unknown, base: string) => FieldError[];

const MAX_ERRORS = 100;

/** The keywords that are understood; a test holds every schema of ours to them. */
export const CHECKED_KEYWORDS: ReadonlySet<string> = new Set([
  'type',
  'enum',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'pattern',
  'maxItems',
  'uniqueItems',
  'items',
  'maxProperties',
  'required',
  'propertyNames',
  'additionalProperties',
  'properties',
  // Said, not checked.
  'description',
  'default',
]);

/**
 * The check of a schema of ours (`field-schema`). Not for foreign schemas, which `kernel/tool-schema` compiles.
 * Why not a compiler here too: compiling was a seventh of the time a gateway takes to start, and gained nothing for what
 * is read once per change; and its words for errors had to be replaced by ours anyway.
 */
export function compileCheck(schema: FieldSchema): SchemaCheck {
  return (value, base) => {
    const found: FieldError[] = [];
    checkValue(schema, value, base, found);
    return unique(found.slice(0, MAX_ERRORS));
  };
}

function checkValue(schema: JsonObject, value: unknown, at: string, found: FieldError[]): void {
  if (found.length >= MAX_ERRORS) return;
  const { type, enum: allowed } = schema;
  if (type !== undefined && !typesOf(type).some((one) => isOfType(value, one))) {
    found.push({ pointer: at, detail: `must be of type ${namesOf(type)}, not ${kindOf(value)}.` });
    return;
  }
  if (Array.isArray(allowed) && !allowed.some((one) => one === value)) {
    found.push({ pointer: at, detail: `must be one of ${namesOf(allowed)}.` });
    return;
  }
  if (typeof value === 'number') checkNumber(schema, value, at, found);
  else if (typeof value === 'string') checkText(schema, value, at, found);
  else if (Array.isArray(value)) checkList(schema, value, at, found);
  else if (isJsonObject(value)) checkObject(schema, value, at, found);
}

function checkNumber(
  { minimum, maximum }: JsonObject,
  value: number,
  at: string,
  found: FieldError[],
): void {
  if (typeof minimum === 'number' && value < minimum) {
    found.push({ pointer: at, detail: `must be at least ${minimum}.` });
  }
  if (typeof maximum === 'number' && value > maximum) {
    found.push({ pointer: at, detail: `must be at most ${maximum}.` });
  }
}

function checkText(schema: JsonObject, value: string, at: string, found: FieldError[]): void {
  for (const detail of textFaults(schema, value)) found.push({ pointer: at, detail });
}

function textFaults({ minLength, maxLength, pattern }: JsonObject, value: string): string[] {
  const faults: string[] = [];
  if (typeof maxLength === 'number' && isLonger(value, maxLength)) {
    faults.push(`must have at most ${maxLength} characters.`);
  }
  if (typeof minLength === 'number' && !isLonger(value, minLength - 1)) {
    const short = `must have at least ${minLength} characters.`;
    faults.push(minLength === 1 ? 'must not be empty.' : short);
  }
  if (typeof pattern === 'string' && !expressionOf(pattern).test(value)) {
    faults.push(`must be ${hintOf(pattern) ?? 'of the documented form'}.`);
  }
  return faults;
}

function checkList(
  schema: JsonObject,
  value: readonly unknown[],
  at: string,
  found: FieldError[],
): void {
  const { maxItems, uniqueItems, items } = schema;
  if (typeof maxItems === 'number' && value.length > maxItems) {
    found.push({ pointer: at, detail: `must have at most ${maxItems} items.` });
    return;
  }
  const twins = uniqueItems === true ? firstTwins(value) : null;
  if (twins !== null) {
    const [one, other] = twins;
    found.push({ pointer: at, detail: `must not repeat an item (items ${one} and ${other}).` });
  }
  if (!isJsonObject(items)) return;
  for (const [index, item] of value.entries()) checkValue(items, item, `${at}/${index}`, found);
}

function checkObject(schema: JsonObject, value: JsonObject, at: string, found: FieldError[]): void {
  const { maxProperties, required, propertyNames, additionalProperties, properties } = schema;
  const names = Object.keys(value);
  if (typeof maxProperties === 'number' && names.length > maxProperties) {
    found.push({ pointer: at, detail: `must have at most ${maxProperties} entries.` });
    return;
  }
  for (const name of Array.isArray(required) ? required : []) {
    if (typeof name === 'string' && !Object.hasOwn(value, name)) {
      found.push({ pointer: pointerTo(at, name), detail: 'is required.' });
    }
  }
  for (const name of names) {
    if (found.length >= MAX_ERRORS) return;
    const pointer = pointerTo(at, name);
    if (isJsonObject(propertyNames)) {
      const faults = textFaults(propertyNames, name);
      for (const fault of faults) found.push({ pointer, detail: `the name ${fault}` });
    }
    const own =
      isJsonObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (isJsonObject(own)) checkValue(own, value[name], pointer, found);
    else if (isJsonObject(additionalProperties)) {
      checkValue(additionalProperties, value[name], pointer, found);
    } else if (additionalProperties === false) {
      found.push({ pointer, detail: 'is not a known field.' });
    }
  }
}

/** Indices of the first two equal items, which are texts wherever our schemas forbid repetition. */
function firstTwins(items: readonly unknown[]): [number, number] | null {
  const seen = new Map<unknown, number>();
  for (const [index, item] of items.entries()) {
    const key = typeof item === 'object' ? JSON.stringify(item) : item;
    const before = seen.get(key);
    if (before !== undefined) return [before, index];
    seen.set(key, index);
  }
  return null;
}

/** Whether it has more than `bound` characters, which JSON Schema counts, and not code units. */
function isLonger(value: string, bound: number): boolean {
  if (value.length <= bound) return false;
  return value.length > 2 * bound || [...value].length > bound;
}

const expressions = new Map<string, RegExp>();

function expressionOf(pattern: string): RegExp {
  const known = expressions.get(pattern) ?? new RegExp(pattern, 'u');
  expressions.set(pattern, known);
  return known;
}

function typesOf(type: JsonValue): readonly JsonValue[] {
  return Array.isArray(type) ? type : [type];
}

function isOfType(value: unknown, type: JsonValue): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'number') return Number.isFinite(value);
  return kindOf(value) === type;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** What a reader may write: `null` deletes everywhere, and is not worth a word each time. */
function namesOf(names: JsonValue): string {
  return typesOf(names)
    .filter((name) => name !== null && name !== 'null')
    .map(String)
    .join(', ');
}

function unique(errors: readonly FieldError[]): FieldError[] {
  const seen = new Set<string>();
  return errors.filter(({ pointer, detail }) => {
    const key = `${pointer} ${detail}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
