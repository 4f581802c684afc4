import { isJsonObject } from '../kernel/json.js';

/** A tool parameter that is mirrored into an HTTP header (2026-07-28, Streamable HTTP, `x-mcp-header`). */
export interface MirroredParam {
  /** Lower case, `mcp-param-` included. */
  readonly header: string;
  readonly type: 'string' | 'integer' | 'boolean';
  /** Names of properties, from the arguments down. */
  readonly path: readonly string[];
}

export const MIRROR_ANNOTATION = 'x-mcp-header';
const PREFIX = 'mcp-param-';
/** A field name (RFC 9110, 5.1). */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const MAX_DEPTH = 64;
/** Keywords whose values are data and no schemas. */
const LITERAL = new Set(['const', 'default', 'enum', 'examples', MIRROR_ANNOTATION]);

/**
 * The parameters of a tool that are mirrored into headers. `null` when an annotation is where or what it must not be, or
 * two name one header: clients must not offer such a tool.
 */
export function mirroredParams(inputSchema: unknown): readonly MirroredParam[] | null {
  const found: MirroredParam[] = [];
  if (!collect(inputSchema, [], found)) return null;
  return new Set(found.map(({ header }) => header)).size === found.length ? found : null;
}

/** What the arguments have there; `undefined` when they have nothing. */
export function valueAt(args: unknown, { path }: MirroredParam): unknown {
  let value = args;
  for (const name of path) {
    if (!isJsonObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

/** Collects the annotations of a schema and what its `properties` lead to; `false` when one breaks the rules. */
function collect(schema: unknown, path: readonly string[], found: MirroredParam[]): boolean {
  if (!isJsonObject(schema)) return true;
  if (path.length > MAX_DEPTH) return false;
  if (Object.hasOwn(schema, MIRROR_ANNOTATION)) {
    const { type } = schema;
    const name = schema[MIRROR_ANNOTATION];
    if (typeof name !== 'string' || !TOKEN.test(name) || path.length === 0) return false;
    if (type !== 'string' && type !== 'integer' && type !== 'boolean') return false;
    found.push({ header: PREFIX + name.toLowerCase(), type, path });
  }
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === 'properties' && isJsonObject(value)) {
      for (const [name, property] of Object.entries(value)) {
        if (!collect(property, [...path, name], found)) return false;
      }
    } else if (!LITERAL.has(keyword) && mentions(value, 0)) return false;
  }
  return true;
}

/** Whether an annotation is anywhere in a value that the arguments cannot be followed into. */
function mentions(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth > MAX_DEPTH) return true;
  if (Array.isArray(value)) return value.some((item) => mentions(item, depth + 1));
  return (
    Object.hasOwn(value, MIRROR_ANNOTATION) ||
    Object.values(value).some((item) => mentions(item, depth + 1))
  );
}
