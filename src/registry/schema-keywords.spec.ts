import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../kernel/json.js';
import { malformedKeyword } from './schema-keywords.js';
import { SchemaSource } from './schema-source.js';

describe('a keyword with a value that it cannot have', () => {
  it.each<[JsonObject, string | null]>([
    [{ type: 'object', properties: { a: true }, required: ['a'], minLength: 0 }, null],
    [{ 'x-own': 7, title: 3, default: {} }, null],
    [{ items: [true, { type: 'null' }] }, null],
    [{ dependencies: { a: ['b'], c: { type: 'object' } } }, null],
    [{ minLength: -1 }, 'minLength'],
    [{ minLength: 1.5 }, 'minLength'],
    [{ exclusiveMinimum: true }, 'exclusiveMinimum'],
    [{ required: 'a' }, 'required'],
    [{ required: [1] }, 'required'],
    [{ properties: [] }, 'properties'],
    [{ properties: { a: 'string' } }, 'properties'],
    [{ anyOf: {} }, 'anyOf'],
    [{ dependentRequired: { a: 'b' } }, 'dependentRequired'],
    [{ $ref: 1 }, '$ref'],
    [{ uniqueItems: 'yes' }, 'uniqueItems'],
  ])('in %j is %j', (schema, keyword) => {
    expect(malformedKeyword(new SchemaSource(schema, '').place)).toBe(keyword);
  });
});
