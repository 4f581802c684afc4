import { isJsonObject, type JsonObject, type JsonValue } from '../kernel/json.js';

const MAX_DEPTH = 6;
const REF = '#/components/schemas/';

/**
 * A value to begin with: what the schema itself offers (`const`, `default`, `examples`, `enum`), else an empty one of its
 * type. Of an object, members that are required or offer something. `components` resolves references; bounded in depth.
 */
export function exampleOf(
  schema: JsonValue,
  components: Readonly<Record<string, JsonObject>>,
  depth = 0,
): JsonValue {
  if (!isJsonObject(schema)) return {};
  const offered = offeredBy(schema);
  if (offered !== undefined) return offered;
  if (depth >= MAX_DEPTH) return emptyOf(schema.type);
  const inner = targetOf(schema, components);
  if (inner !== null) return exampleOf(inner, components, depth + 1);
  if (isJsonObject(schema.properties)) return objectExample(schema, components, depth);
  return emptyOf(schema.type);
}

function offeredBy(schema: JsonObject): JsonValue | undefined {
  if (schema.const !== undefined) return schema.const;
  if (schema.default !== undefined) return schema.default;
  for (const list of [schema.examples, schema.enum]) {
    if (Array.isArray(list) && list[0] !== undefined) return list[0];
  }
  return undefined;
}

function targetOf(
  schema: JsonObject,
  components: Readonly<Record<string, JsonObject>>,
): JsonValue | null {
  const { $ref } = schema;
  if (typeof $ref === 'string' && $ref.startsWith(REF)) {
    return components[$ref.slice(REF.length)] ?? null;
  }
  for (const list of [schema.anyOf, schema.oneOf, schema.allOf]) {
    if (Array.isArray(list) && isJsonObject(list[0]) && schema.properties === undefined)
      return list[0];
  }
  return null;
}

function objectExample(
  schema: JsonObject,
  components: Readonly<Record<string, JsonObject>>,
  depth: number,
): JsonObject {
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  const example: JsonObject = {};
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    const offers = isJsonObject(member) && offeredBy(member) !== undefined;
    if (required.has(name) || offers)
      example[name] = exampleOf(member as JsonValue, components, depth + 1);
  }
  return example;
}

function emptyOf(type: JsonValue | undefined): JsonValue {
  switch (Array.isArray(type) ? type[0] : type) {
    case 'string':
      return '';
    case 'number':
    case 'integer':
      return 0;
    case 'boolean':
      return false;
    case 'array':
      return [];
    case 'null':
      return null;
    default:
      return {};
  }
}
