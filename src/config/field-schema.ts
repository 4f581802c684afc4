import type { JsonObject, JsonValue } from '../kernel/json.js';

/**
 * Builders of the JSON Schema (2020-12) of single fields. The schema made of them is the only declaration of the
 * configuration: validation, `/api/v1/config/schema` and OpenAPI all read it. Every field may be `null` unless it is
 * `mandatory`: in a merge patch `null` deletes (RFC 7396).
 */
export type FieldSchema = JsonObject;

interface Described {
  /** Meaning, unit, interaction. */
  readonly description: string;
  readonly default?: JsonValue;
}

const hints = new Map<string, string>();

/** What a pattern of ours asks for in words, for the error text. */
export function hintOf(pattern: string): string | undefined {
  return hints.get(pattern);
}

export function integer(
  field: Described & { readonly minimum: number; readonly maximum: number },
): FieldSchema {
  return { type: ['integer', 'null'], ...field };
}

export function number(
  field: Described & { readonly minimum: number; readonly maximum: number },
): FieldSchema {
  return { type: ['number', 'null'], ...field };
}

export function flag(field: Described): FieldSchema {
  return { type: ['boolean', 'null'], ...field };
}

export function choice(field: Described & { readonly of: readonly string[] }): FieldSchema {
  const { of, ...rest } = field;
  return { type: ['string', 'null'], enum: [...of, null], ...rest };
}

export interface TextField extends Described {
  readonly minLength?: number;
  readonly maxLength: number;
  readonly pattern?: string;
  /** The pattern in words: "must be <hint>". */
  readonly hint?: string;
}

export function text(field: TextField): FieldSchema {
  const { hint, pattern, minLength = 1, ...rest } = field;
  if (pattern !== undefined && hint !== undefined) hints.set(pattern, hint);
  return {
    type: ['string', 'null'],
    minLength,
    ...rest,
    ...(pattern === undefined ? {} : { pattern }),
  };
}

export function list(
  field: Described & { readonly items: FieldSchema; readonly maxItems: number; unique?: boolean },
): FieldSchema {
  const { items, unique, ...rest } = field;
  return {
    type: ['array', 'null'],
    items: mandatory(items),
    ...rest,
    ...(unique === true ? { uniqueItems: true } : {}),
  };
}

/** An object of named values; a `null` value deletes the entry. */
export function map(
  field: Described & {
    readonly names: TextField;
    readonly values: FieldSchema;
    readonly maxProperties: number;
  },
): FieldSchema {
  const { names, values, ...rest } = field;
  return {
    type: ['object', 'null'],
    propertyNames: mandatory(text(names)),
    additionalProperties: values,
    ...rest,
  };
}

/** An object whose fields are all named; anything else in it is refused. */
export function group(
  description: string,
  properties: Readonly<Record<string, FieldSchema>>,
  required: readonly string[] = [],
): FieldSchema {
  return {
    type: ['object', 'null'],
    description,
    properties: { ...properties },
    additionalProperties: false,
    ...(required.length === 0 ? {} : { required: [...required] }),
  };
}

/** Any JSON value. */
export function anything(description: string): FieldSchema {
  return { description };
}

/** The same field where `null` is no answer: members of arrays, names, required fields. */
export function mandatory(schema: FieldSchema): FieldSchema {
  const { type, enum: values, ...rest } = schema;
  return {
    ...(Array.isArray(type) ? { type: type.find((one) => one !== 'null') ?? 'string' } : {}),
    ...(typeof type === 'string' ? { type } : {}),
    ...(Array.isArray(values) ? { enum: values.filter((one) => one !== null) } : {}),
    ...rest,
  };
}

/** The same schema in the dialect of OpenAPI 3.0, which knows `nullable` but no lists of types. */
export function asOpenApi(schema: FieldSchema): JsonObject {
  const { type, enum: values, properties, items, ...rest } = schema;
  const types = Array.isArray(type) ? type : type === undefined ? [] : [type];
  const plain = types.filter((one) => one !== 'null');
  const open: JsonObject = { ...rest };
  delete open['propertyNames'];
  if (plain[0] !== undefined) open['type'] = plain[0];
  if (types.includes('null')) open['nullable'] = true;
  if (values !== undefined) open['enum'] = values;
  if (isSchema(items)) open['items'] = asOpenApi(items);
  if (isSchema(rest['additionalProperties'])) {
    open['additionalProperties'] = asOpenApi(rest['additionalProperties']);
  }
  if (isSchema(properties)) {
    open['properties'] = Object.fromEntries(
      Object.entries(properties).map(([name, one]) => [name, asOpenApi(one as FieldSchema)]),
    );
  }
  return open;
}

function isSchema(value: JsonValue | undefined): value is FieldSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
