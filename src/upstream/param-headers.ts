import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { headerValue } from './header-value.js';

/** Tools with such parameters that are remembered per upstream; the oldest is forgotten first. */
const MAX_TOOLS = 10_000;
const MAX_DEPTH = 64;
const ANNOTATION = 'x-mcp-header';
const MARK = Buffer.from(`"${ANNOTATION}"`);
const PREFIX = 'mcp-param-';
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const PRIMITIVES = new Set(['string', 'integer', 'boolean']);

interface ParamHeader {
  /** Lower case, prefix included. */
  readonly header: string;
  /** Property names from the arguments to the value. */
  readonly path: readonly string[];
}

/**
 * Which parameters of which tools of one upstream are HTTP headers, too (2026-07-28, Streamable HTTP, `x-mcp-header`), as
 * its own answers to `tools/list` say.
 */
export class ParamHeaders {
  private readonly tools = new Map<string, readonly ParamHeader[]>();

  /**
   * Learns from an answer to `tools/list`. Answers it without the tools whose annotations break the rules, which a client
   * must not offer, or as it is when there are none.
   */
  learn(answer: Buffer): Buffer {
    if (this.tools.size === 0 && !answer.includes(MARK)) return answer;
    const message = parse(answer);
    const result = message?.result;
    if (message === null || !isJsonObject(result) || !Array.isArray(result.tools)) return answer;
    const kept = result.tools.filter((tool) => this.learnTool(tool));
    if (kept.length === result.tools.length) return answer;
    return Buffer.from(JSON.stringify({ ...message, result: { ...result, tools: kept } }));
  }

  /** Whether calls of the tool need such headers. */
  has(tool: string): boolean {
    return this.tools.has(tool);
  }

  /** The headers of a call, name after value after name. */
  headersFor(tool: string, args: unknown): string[] {
    const headers: string[] = [];
    for (const { header, path } of this.tools.get(tool) ?? []) {
      const value = textAt(args, path);
      if (value !== null) headers.push(header, headerValue(value));
    }
    return headers;
  }

  /** Answers `false` for a tool that must not be offered. */
  private learnTool(tool: unknown): boolean {
    if (!isJsonObject(tool) || typeof tool.name !== 'string') return true;
    const found: ParamHeader[] = [];
    const valid = collect(tool.inputSchema, [], found) && areUnique(found);
    this.tools.delete(tool.name);
    if (valid && found.length > 0) {
      this.tools.set(tool.name, found);
      const oldest = this.tools.keys().next().value;
      if (this.tools.size > MAX_TOOLS && oldest !== undefined) this.tools.delete(oldest);
    }
    return valid;
  }
}

/** Collects the annotations of a schema and what its `properties` lead to; `false` when one is where or what it must not be. */
function collect(schema: unknown, path: readonly string[], found: ParamHeader[]): boolean {
  if (!isJsonObject(schema)) return true;
  if (path.length > MAX_DEPTH) return false;
  if (Object.hasOwn(schema, ANNOTATION)) {
    const name = schema[ANNOTATION];
    const fits =
      typeof name === 'string' && TOKEN.test(name) && PRIMITIVES.has(String(schema.type));
    if (!fits || path.length === 0) return false;
    found.push({ header: PREFIX + name.toLowerCase(), path });
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

/** Keywords whose values are data and no schemas. */
const LITERAL = new Set(['const', 'default', 'enum', 'examples', ANNOTATION]);

/** Whether an annotation is anywhere in a value that the arguments cannot be followed into. */
function mentions(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth > MAX_DEPTH) return true;
  if (Array.isArray(value)) return value.some((item) => mentions(item, depth + 1));
  return (
    Object.hasOwn(value, ANNOTATION) ||
    Object.values(value).some((item) => mentions(item, depth + 1))
  );
}

function areUnique(found: readonly ParamHeader[]): boolean {
  return new Set(found.map(({ header }) => header)).size === found.length;
}

/** The value as header text; `null` when there is none, or none that a header can have. */
function textAt(args: unknown, path: readonly string[]): string | null {
  let value = args;
  for (const name of path) {
    if (!isJsonObject(value) || !Object.hasOwn(value, name)) return null;
    value = value[name];
  }
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}

function parse(message: Buffer): JsonObject | null {
  try {
    const value: unknown = JSON.parse(message.toString('utf8'));
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}
