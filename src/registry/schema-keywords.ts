import { isJsonObject } from '../kernel/json.js';
import { isSchema, type Place } from './schema-source.js';

type Form = 'count' | 'number' | 'text' | 'texts' | 'flag' | 'schema' | 'schemas' | 'map';

/** Every keyword of JSON Schema 2020-12 (and what draft 7 had in its place) that says which values are valid. */
export const ASSERTIONS: ReadonlyMap<string, Form | 'any' | 'type' | 'items' | 'lists' | 'either'> =
  new Map([
    ['type', 'type'],
    ['enum', 'any'],
    ['const', 'any'],
    ['multipleOf', 'number'],
    ['minimum', 'number'],
    ['maximum', 'number'],
    ['exclusiveMinimum', 'number'],
    ['exclusiveMaximum', 'number'],
    ['minLength', 'count'],
    ['maxLength', 'count'],
    ['pattern', 'text'],
    ['format', 'text'],
    ['properties', 'map'],
    ['patternProperties', 'map'],
    ['additionalProperties', 'schema'],
    ['unevaluatedProperties', 'schema'],
    ['propertyNames', 'schema'],
    ['required', 'texts'],
    ['minProperties', 'count'],
    ['maxProperties', 'count'],
    ['dependentRequired', 'lists'],
    ['dependentSchemas', 'map'],
    ['dependencies', 'either'],
    ['prefixItems', 'schemas'],
    ['items', 'items'],
    ['additionalItems', 'schema'],
    ['unevaluatedItems', 'schema'],
    ['contains', 'schema'],
    ['minContains', 'count'],
    ['maxContains', 'count'],
    ['minItems', 'count'],
    ['maxItems', 'count'],
    ['uniqueItems', 'flag'],
    ['allOf', 'schemas'],
    ['anyOf', 'schemas'],
    ['oneOf', 'schemas'],
    ['not', 'schema'],
    ['if', 'schema'],
    ['then', 'schema'],
    ['else', 'schema'],
    ['$ref', 'text'],
    ['$dynamicRef', 'text'],
  ]);

/** The first keyword whose value JSON Schema does not allow, so that nobody can say what it means; else `null`. */
export function malformedKeyword({ schema }: Place): string | null {
  if (!isJsonObject(schema)) return null;
  for (const [keyword, value] of Object.entries(schema)) {
    const form = ASSERTIONS.get(keyword);
    if (form !== undefined && !isOfForm(value, form)) return keyword;
  }
  return null;
}

const isText = (value: unknown): boolean => typeof value === 'string';
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isMapOf = (value: unknown, test: (one: unknown) => boolean): boolean =>
  isJsonObject(value) && Object.values(value).every(test);

function isOfForm(value: unknown, form: string): boolean {
  switch (form) {
    case 'count':
      return typeof value === 'number' && Number.isInteger(value) && value >= 0;
    case 'number':
      return typeof value === 'number';
    case 'text':
      return isText(value);
    case 'type':
      return isText(value) || isTexts(value);
    case 'texts':
      return isTexts(value);
    case 'lists':
      return isMapOf(value, isTexts);
    case 'flag':
      return typeof value === 'boolean';
    case 'schema':
      return isSchema(value);
    case 'schemas':
      return Array.isArray(value) && value.every(isSchema);
    case 'items':
      return isSchema(value) || (Array.isArray(value) && value.every(isSchema));
    case 'map':
      return isMapOf(value, isSchema);
    case 'either':
      return isMapOf(value, (one) => isSchema(one) || isTexts(one));
    default:
      return true;
  }
}
