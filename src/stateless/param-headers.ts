import type { IncomingHttpHeaders } from 'node:http';
import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { readHeaderValue } from './header-value.js';

/** A tool parameter that is mirrored into a header (`x-mcp-header`). */
export interface MirroredParam {
  /** Lower case, `mcp-param-` included. */
  readonly header: string;
  readonly type: 'string' | 'integer' | 'boolean';
  /** Names of properties, from the arguments down. */
  readonly path: readonly string[];
}

const PREFIX = 'mcp-param-';
/** A field name (RFC 9110, 5.1). */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const INTEGER = /^[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?$/;
const MAX_DEPTH = 32;

/**
 * The parameters of a tool that are mirrored into headers. Only those that a client can find by `properties` alone count;
 * an annotation that is against the rules makes clients leave the tool out, and says nothing here.
 */
export function mirroredParams(inputSchema: unknown): readonly MirroredParam[] {
  const found: MirroredParam[] = [];
  if (isJsonObject(inputSchema)) collect(inputSchema, [], found);
  return found;
}

function collect(schema: JsonObject, path: readonly string[], found: MirroredParam[]): void {
  const { properties } = schema;
  if (!isJsonObject(properties) || path.length >= MAX_DEPTH) return;
  for (const [name, property] of Object.entries(properties)) {
    if (!isJsonObject(property)) continue;
    const own = [...path, name];
    const { type } = property;
    const header = property['x-mcp-header'];
    if (typeof header === 'string' && TOKEN.test(header)) {
      if (type === 'string' || type === 'integer' || type === 'boolean') {
        found.push({ header: PREFIX + header.toLowerCase(), type, path: own });
      }
    }
    collect(property, own, found);
  }
}

/** What is wrong with the headers of a call of the tool with these arguments, or `null`. */
export function paramHeaderFault(
  params: readonly MirroredParam[],
  args: unknown,
  headers: IncomingHttpHeaders,
): string | null {
  for (const param of params) {
    const fault = faultOf(param, valueAtPath(args, param.path), headers[param.header]);
    if (fault !== null) return `The header ${param.header} ${fault}`;
  }
  return null;
}

function faultOf(
  { type }: MirroredParam,
  value: unknown,
  header: string | string[] | undefined,
): string | null {
  const absent = value === undefined || value === null;
  if (header === undefined) return absent ? null : 'is missing';
  if (Array.isArray(header)) return 'stands there more than once';
  const text = readHeaderValue(header);
  if (text === null) return 'contains invalid characters';
  if (absent) return 'has no counterpart in the arguments';
  return sameValue(type, value, text) ? null : 'does not match the arguments';
}

/** Integers are compared as numbers: `42.0` is `42`. */
function sameValue(type: MirroredParam['type'], value: unknown, text: string): boolean {
  if (typeof value === 'number' && type === 'integer') {
    return INTEGER.test(text) && Number(text) === value;
  }
  if (typeof value === 'object') return false;
  return text === String(value);
}

function valueAtPath(args: unknown, path: readonly string[]): unknown {
  let value = args;
  for (const name of path) {
    if (!isJsonObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}
