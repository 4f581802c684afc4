import { isJsonObject, pointerTo, type JsonObject, type JsonValue } from './json.js';

/** Keywords whose value is one schema, a list of schemas, or a map of them (JSON Schema 2020-12 and draft 7). */
const SINGLE = new Set([
  'additionalItems',
  'additionalProperties',
  'contains',
  'contentSchema',
  'else',
  'if',
  'items',
  'not',
  'propertyNames',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
]);
const LISTS = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems', 'items']);
const MAPS = new Set([
  '$defs',
  'definitions',
  'dependencies',
  'dependentSchemas',
  'patternProperties',
  'properties',
]);
const REFERENCES = ['$ref', '$dynamicRef', '$recursiveRef'];

const MAX_BYTES = 262_144;
const MAX_DEPTH = 32;
/** Schemas within a schema: bounds what compiling it costs. */
const MAX_SCHEMAS = 1_000;

/** A copy that can be compiled safely, or the reason why there is none. */
export type WalkedSchema =
  | { readonly ok: true; readonly schema: JsonObject; readonly patterns: readonly string[] }
  | { readonly ok: false; readonly reason: string };

/**
 * Checks foreign schema text against the bounds of 03 (256 KiB, depth 32, no remote references) and copies it with
 * `stepKeyword: <cost>` put into each of its schemas, so that whoever validates can count the work. References must
 * lead to a place where a schema may stand: what is not walked would not be counted.
 */
export function walkSchema(root: JsonObject, stepKeyword: string): WalkedSchema {
  if (depthExceeds(root, MAX_DEPTH)) return refuse('it is nested more than 32 levels deep');
  if (Buffer.byteLength(JSON.stringify(root)) > MAX_BYTES)
    return refuse('it is larger than 256 KiB');
  const walk = new Walk(stepKeyword, typeof root.$id === 'string' ? root.$id : null);
  const schema = walk.copy(root, '');
  const fault = walk.fault();
  return fault === null ? { ok: true, schema, patterns: [...walk.patterns] } : refuse(fault);
}

class Walk {
  readonly patterns = new Set<string>();
  private readonly places = new Set<string>();
  private readonly anchors = new Set<string>();
  private readonly references = new Set<string>();

  constructor(
    private readonly stepKeyword: string,
    private readonly id: string | null,
  ) {}

  fault(): string | null {
    if (this.places.size > MAX_SCHEMAS) return 'it holds more than 1,000 schemas';
    for (const reference of this.references) {
      if (!reference.startsWith('#')) return `it refers to "${reference}", which is outside of it`;
      const target = reference.slice(1);
      if (!this.places.has(decode(target)) && !this.anchors.has(target)) {
        return `it refers to "${reference}", where no schema stands`;
      }
    }
    return null;
  }

  copy(node: JsonObject, at: string): JsonObject {
    this.places.add(at);
    const copied: JsonObject = { [this.stepKeyword]: costOf(node) };
    for (const [keyword, value] of Object.entries(node)) {
      if (keyword === '$schema' || keyword === '$id' || keyword === this.stepKeyword) continue;
      this.note(keyword, value);
      copied[keyword] = this.copyValue(keyword, value, pointerTo(at, keyword));
    }
    return copied;
  }

  private note(keyword: string, value: JsonValue): void {
    if (keyword === 'pattern' && typeof value === 'string') this.patterns.add(value);
    if (keyword === 'patternProperties' && isJsonObject(value)) {
      for (const pattern of Object.keys(value)) this.patterns.add(pattern);
    }
    if (typeof value !== 'string') return;
    if (keyword === '$anchor' || keyword === '$dynamicAnchor') this.anchors.add(value);
    if (REFERENCES.includes(keyword)) this.references.add(this.local(value));
  }

  private copyValue(keyword: string, value: JsonValue, at: string): JsonValue {
    if (REFERENCES.includes(keyword) && typeof value === 'string') return this.local(value);
    if (LISTS.has(keyword) && Array.isArray(value)) {
      return value.map((item, index) => this.copySchema(item, pointerTo(at, index)));
    }
    if (MAPS.has(keyword) && isJsonObject(value)) {
      const copied = Object.create(null) as JsonObject;
      for (const [name, item] of Object.entries(value)) {
        copied[name] = this.copySchema(item, pointerTo(at, name));
      }
      return copied;
    }
    return SINGLE.has(keyword) ? this.copySchema(value, at) : value;
  }

  private copySchema(value: JsonValue, at: string): JsonValue {
    if (isJsonObject(value)) return this.copy(value, at);
    this.places.add(at);
    return value;
  }

  /** A reference to the schema's own id is one to the schema. */
  private local(reference: string): string {
    if (this.id === null || !reference.startsWith(this.id)) return reference;
    const rest = reference.slice(this.id.length);
    return rest === '' || rest.startsWith('#') ? rest || '#' : reference;
  }
}

/** Steps that one evaluation of this schema alone takes at most, but for its patterns and its sub-schemas. */
function costOf(node: JsonObject): number {
  let cost = 1;
  for (const keyword of ['enum', 'required']) {
    const value = node[keyword];
    if (Array.isArray(value)) cost += value.length;
  }
  for (const keyword of ['properties', 'dependentRequired', 'dependencies']) {
    const value = node[keyword];
    if (isJsonObject(value)) cost += Object.keys(value).length;
  }
  return cost;
}

/** Without recursion, as the depth is what is not known yet. */
function depthExceeds(root: JsonValue, most: number): boolean {
  let level: JsonValue[] = [root];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > most) return true;
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    );
  }
  return false;
}

function decode(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

function refuse(reason: string): WalkedSchema {
  return { ok: false, reason };
}
