import type { JsonObject, JsonValue } from '../../src/kernel/json.js';

/**
 * What merging layers is to come to, written down a second time and as plainly as RFC 7396 and 6901 are: for tests that
 * hold the real one against it. It shares no code with it.
 */
export interface ReferenceLayer {
  readonly name: string;
  readonly fragment: JsonObject;
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The pseudo code of RFC 7396, section 2. */
export function referencePatch(target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isObject(patch)) return patch;
  const result = new Map<string, JsonValue>(isObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) result.delete(name);
    else result.set(name, referencePatch(result.get(name), value));
  }
  return Object.fromEntries(result);
}

/** What the layers say together, lowest first, without defaults. */
export function referenceMerge(layers: readonly ReferenceLayer[]): JsonObject {
  let said: JsonValue = {};
  for (const { fragment } of layers) said = referencePatch(said, fragment);
  return said as JsonObject;
}

/** The defaults, and over them what was said: only objects meet member by member. */
export function referenceDefaults(defaults: JsonValue, said: JsonValue | undefined): JsonValue {
  if (said === undefined) return defaults;
  if (!isObject(said)) return said;
  const base = isObject(defaults) ? defaults : {};
  const names = [...new Set([...Object.keys(base), ...Object.keys(said)])];
  return Object.fromEntries(
    names.map((name) => [name, referenceDefaults(base[name] ?? null, said[name])]),
  );
}

/**
 * Who said each value: every value of a layer is replaced by the name of the layer, and the layers are merged as before.
 * Where a value was, its layer stands then. An object that ends up empty is its who made it an object, and nobody's where
 * the defaults have one.
 */
export function referenceProvenance(
  defaults: JsonObject,
  layers: readonly ReferenceLayer[],
): Record<string, string> {
  const signed = layers.map(({ name, fragment }) => ({ name, fragment: sign(fragment, name) }));
  const effective = referenceDefaults(sign(defaults, 'defaults'), referenceMerge(signed));
  const provenance: Record<string, string> = {};
  const visit = (value: JsonValue, pointer: string): void => {
    if (!isObject(value)) {
      provenance[pointer] = String(value);
      return;
    }
    const members = Object.entries(value);
    if (members.length === 0) provenance[pointer] = makerOf(defaults, layers, pointer);
    for (const [name, member] of members) {
      visit(member, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
    }
  };
  visit(effective, '');
  return provenance;
}

function sign(value: JsonValue, name: string): JsonObject {
  if (!isObject(value)) throw new Error('a layer is an object');
  const signed = new Map<string, JsonValue>();
  for (const [key, member] of Object.entries(value)) {
    const isDeletion = member === null && name !== 'defaults';
    if (isObject(member)) signed.set(key, sign(member, name));
    else signed.set(key, isDeletion ? null : name);
  }
  return Object.fromEntries(signed);
}

/** The first layer from which on there always was an object at `pointer`. */
function makerOf(defaults: JsonObject, layers: readonly ReferenceLayer[], pointer: string): string {
  let maker: string | null = null;
  for (let count = 0; count <= layers.length; count += 1) {
    const whole = referenceDefaults(defaults, referenceMerge(layers.slice(0, count)));
    if (!isObject(at(whole, pointer))) maker = null;
    else maker ??= layers[count - 1]?.name ?? 'defaults';
  }
  return maker ?? 'defaults';
}

function at(value: JsonValue, pointer: string): JsonValue | undefined {
  let found: JsonValue | undefined = value;
  for (const raw of pointer.split('/').slice(1)) {
    const name = raw.replaceAll('~1', '/').replaceAll('~0', '~');
    found = isObject(found) && Object.hasOwn(found, name) ? found[name] : undefined;
  }
  return found;
}
