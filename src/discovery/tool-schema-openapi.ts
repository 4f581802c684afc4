import { isJsonObject, type JsonObject, type JsonValue } from '../kernel/json.js';
import { plainText } from './plain-text.js';

/**
 * Schemas of tools are foreign input. This turns one into a schema of an OpenAPI 3.1 document: only keywords of JSON
 * Schema 2020-12 with values of the right kind stay, `$defs` become components, and references lead nowhere else.
 */
export const MAX_SCHEMA_BYTES = 262_144;
export const MAX_SCHEMA_DEPTH = 32;
const MAX_PATTERN_CHARS = 256;

export interface OpenApiSchema {
  readonly schema: JsonObject;
  /** By component name, without `#/components/schemas/`. */
  readonly components: Readonly<Record<string, JsonObject>>;
  /** What was left out, for people; `null` when nothing was. */
  readonly note: string | null;
}

type Keep = (value: JsonValue) => boolean;

const TYPES = new Set(['null', 'boolean', 'object', 'array', 'number', 'string', 'integer']);
const isText: Keep = (value) => typeof value === 'string';
const isCount: Keep = (value) => Number.isInteger(value) && Number(value) >= 0;
const isNumber: Keep = (value) => typeof value === 'number';
const isFlag: Keep = (value) => typeof value === 'boolean';
const isTextList: Keep = (value) =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');
const isType: Keep = (value) =>
  (typeof value === 'string' && TYPES.has(value)) ||
  (Array.isArray(value) &&
    value.length > 0 &&
    value.every((one) => typeof one === 'string' && TYPES.has(one)));

const PLAIN: Readonly<Record<string, Keep>> = {
  type: isType,
  enum: (value) => Array.isArray(value) && value.length > 0,
  const: () => true,
  default: () => true,
  examples: (value) => Array.isArray(value),
  format: (value) => isText(value) && String(value).length <= 64,
  pattern: (value) => isText(value) && String(value).length <= MAX_PATTERN_CHARS,
  minimum: isNumber,
  maximum: isNumber,
  exclusiveMinimum: isNumber,
  exclusiveMaximum: isNumber,
  multipleOf: (value) => isNumber(value) && Number(value) > 0,
  minLength: isCount,
  maxLength: isCount,
  minItems: isCount,
  maxItems: isCount,
  minContains: isCount,
  maxContains: isCount,
  minProperties: isCount,
  maxProperties: isCount,
  uniqueItems: isFlag,
  deprecated: isFlag,
  readOnly: isFlag,
  writeOnly: isFlag,
  required: isTextList,
  contentEncoding: isText,
  contentMediaType: isText,
};
const ONE_SCHEMA = new Set([
  'items',
  'contains',
  'not',
  'if',
  'then',
  'else',
  'additionalProperties',
  'unevaluatedProperties',
  'unevaluatedItems',
  'propertyNames',
]);
const SCHEMA_LIST = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems']);
const SCHEMA_MAP = new Set(['properties', 'patternProperties', 'dependentSchemas']);
/** Say nothing about values, or are handled by themselves. */
const SILENT = new Set(['$schema', '$id', '$comment', '$defs', 'definitions', '$anchor']);

/** `used` holds the component names of the service so far; the ones made here are added. */
export function openApiSchema(foreign: unknown, prefix: string, used: Set<string>): OpenApiSchema {
  const fault = faultOf(foreign);
  if (fault !== null || !isJsonObject(foreign)) return freeForm(fault ?? 'it is not an object');
  return new Translation(foreign, prefix, used).run();
}

/** What stands for a schema that cannot be shown. */
export function freeForm(why: string): OpenApiSchema {
  const note = `The schema is not shown: ${why}.`;
  return {
    schema: { type: 'object', additionalProperties: true, description: note },
    components: {},
    note,
  };
}

function faultOf(foreign: unknown): string | null {
  if (!isJsonObject(foreign)) return 'it is not an object';
  if (isDeeperThan(foreign, MAX_SCHEMA_DEPTH))
    return `it is nested deeper than ${MAX_SCHEMA_DEPTH}`;
  const bytes = Buffer.byteLength(JSON.stringify(foreign));
  if (bytes > MAX_SCHEMA_BYTES) return `it is larger than ${MAX_SCHEMA_BYTES / 1024} KiB`;
  if (foreign.type !== undefined && foreign.type !== 'object')
    return 'it does not describe an object';
  return null;
}

/** Stops at the limit, so that no depth can exhaust the stack. */
function isDeeperThan(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (limit === 0) return true;
  return Object.values(value).some((member) => isDeeperThan(member, limit - 1));
}

class Translation {
  private readonly components = new Map<string, JsonObject>();
  /** Component name by the name of the definition; `''` is the root. */
  private readonly names = new Map<string, string>();
  private readonly notes = new Set<string>();

  constructor(
    private readonly root: JsonObject,
    private readonly prefix: string,
    private readonly used: Set<string>,
  ) {}

  run(): OpenApiSchema {
    const schema = this.object(this.root);
    const note =
      this.notes.size === 0 ? null : `Left out of the schema: ${[...this.notes].join('; ')}.`;
    return { schema, components: Object.fromEntries(this.components), note };
  }

  private object(schema: JsonObject): JsonObject {
    const kept: JsonObject = {};
    for (const [keyword, value] of Object.entries(schema)) this.keep(kept, keyword, value);
    return kept;
  }

  private keep(kept: JsonObject, keyword: string, value: JsonValue): void {
    if (keyword === 'title' || keyword === 'description') {
      if (typeof value === 'string') kept[keyword] = plainText(value);
    } else if (keyword === '$ref') {
      const target = typeof value === 'string' ? this.reference(value) : null;
      if (target !== null) kept.$ref = target;
    } else if (keyword === 'items' && Array.isArray(value)) {
      // Before 2020-12 a list of schemas stood here.
      this.keep(kept, 'prefixItems', value);
    } else if (ONE_SCHEMA.has(keyword)) {
      kept[keyword] = this.subschema(value);
    } else if (SCHEMA_LIST.has(keyword)) {
      if (Array.isArray(value) && value.length > 0)
        kept[keyword] = value.map((one) => this.subschema(one));
    } else if (SCHEMA_MAP.has(keyword)) {
      if (isJsonObject(value)) kept[keyword] = this.schemaMap(value);
    } else if (Object.hasOwn(PLAIN, keyword)) {
      if (PLAIN[keyword]?.(value) === true) kept[keyword] = value;
      else this.notes.add(`a wrong value of "${keyword}"`);
    } else if (!SILENT.has(keyword)) {
      this.notes.add('keywords that are not JSON Schema');
    }
  }

  private subschema(value: JsonValue): JsonValue {
    if (typeof value === 'boolean') return value;
    if (isJsonObject(value)) return this.object(value);
    this.notes.add('a part that is no schema');
    return {};
  }

  private schemaMap(value: JsonObject): JsonObject {
    const kept: JsonObject = {};
    for (const [name, member] of Object.entries(value)) {
      if (name === '__proto__') this.notes.add('the property "__proto__"');
      else kept[name] = this.subschema(member);
    }
    return kept;
  }

  /** Where a reference leads in the document, or `null` when it is left out. */
  private reference(ref: string): string | null {
    const match = /^#(?:\/(?:\$defs|definitions)\/([^/]+))?$/.exec(ref);
    if (match === null) {
      this.notes.add(
        ref.startsWith('#') ? 'a reference into the middle of a schema' : 'a remote reference',
      );
      return null;
    }
    const definition = decodePointer(match[1] ?? '');
    const known = this.names.get(definition);
    if (known !== undefined) return `#/components/schemas/${known}`;
    const target = definition === '' ? this.root : this.definition(definition);
    if (target === null) {
      this.notes.add('a reference to what is not there');
      return null;
    }
    return `#/components/schemas/${this.addComponent(definition, target)}`;
  }

  private definition(name: string): JsonObject | null {
    for (const place of [this.root.$defs, this.root.definitions]) {
      if (!isJsonObject(place) || !Object.hasOwn(place, name)) continue;
      const target = place[name];
      if (isJsonObject(target)) return target;
    }
    return null;
  }

  private addComponent(definition: string, target: JsonObject): string {
    const plain = definition.replace(/[^A-Za-z0-9_-]/g, '_');
    const base = plain === '' ? this.prefix : `${this.prefix}.${plain}`;
    let name = base;
    for (let n = 2; this.used.has(name); n += 1) name = `${base}_${n}`;
    this.used.add(name);
    this.names.set(definition, name);
    // Reserved before it is translated, as it may refer to itself.
    this.components.set(name, {});
    this.components.set(name, this.object(target));
    return name;
  }
}

function decodePointer(token: string): string {
  try {
    return decodeURIComponent(token).replaceAll('~1', '/').replaceAll('~0', '~');
  } catch {
    return token;
  }
}
