import { Ajv, type Options } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { RE2JS } from 're2js';
import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { jsonBytes, MAX_DEPTH } from './shape-limits.js';

/** A schema that somebody else wrote, as canonical UTF-8 JSON. */
export const MAX_SCHEMA_BYTES = 256 * 1024;

/** Patterns of foreign schemas run in linear time, so that no input can stall the process. */
function linearPattern(pattern: string): { test: (text: string) => boolean } {
  const compiled = RE2JS.compile(pattern);
  return { test: (text) => compiled.matcher(text).find() };
}
linearPattern.code = 'linearPattern';

const OPTIONS: Options = {
  strict: false,
  logger: false,
  allErrors: false,
  validateFormats: false,
  code: { regExp: linearPattern },
};

/**
 * Why a foreign JSON Schema cannot be used, or `null`. It must fit its meta-schema (2020-12, or draft-07 when `$schema`
 * says so), hold no reference to another document, and compile.
 */
export function foreignSchemaFault(schema: JsonObject): string | null {
  if (jsonBytes(schema) > MAX_SCHEMA_BYTES) return `is larger than ${MAX_SCHEMA_BYTES} bytes.`;
  const remote = remoteReference(schema, 0);
  if (remote !== null) return `refers to another document: ${remote.slice(0, 200)}.`;
  const dialect = schema['$schema'];
  const isDraft07 = typeof dialect === 'string' && dialect.includes('draft-07');
  const ajv = isDraft07 ? new Ajv(OPTIONS) : new Ajv2020(OPTIONS);
  try {
    ajv.compile(schema);
    return null;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `is not a valid JSON Schema: ${reason.slice(0, 300)}.`;
  }
}

function remoteReference(value: unknown, depth: number): string | null {
  if (depth > MAX_DEPTH) return 'nested too deep to tell';
  if (Array.isArray(value)) {
    return firstOf(value.map((item) => () => remoteReference(item, depth + 1)));
  }
  if (!isJsonObject(value)) return null;
  for (const name of ['$ref', '$dynamicRef']) {
    const target = value[name];
    if (typeof target === 'string' && !target.startsWith('#')) return target;
  }
  return firstOf(Object.values(value).map((member) => () => remoteReference(member, depth + 1)));
}

function firstOf(searches: readonly (() => string | null)[]): string | null {
  for (const search of searches) {
    const found = search();
    if (found !== null) return found;
  }
  return null;
}
