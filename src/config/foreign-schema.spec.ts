import { describe, expect, it } from '@jest/globals';
import { foreignSchemaFault, MAX_SCHEMA_BYTES } from './foreign-schema.js';

describe('foreignSchemaFault', () => {
  it('accepts local references and unknown keywords', () => {
    const schema = { $defs: { a: { type: 'string' } }, $ref: '#/$defs/a', 'x-note': 1 };
    expect(foreignSchemaFault(schema)).toBeNull();
  });

  it.each([
    [
      'a reference to another document in a list',
      { anyOf: [{ $ref: 'other.json' }] },
      /another document/,
    ],
    ['a dynamic one', { $dynamicRef: 'http://x/y' }, /another document/],
    ['a keyword of the wrong type', { required: 'a' }, /not a valid JSON Schema/],
    ['a pattern with a look-ahead', { pattern: '(?=a)b' }, /not a valid JSON Schema/],
  ])('refuses %s', (_what, schema, fault) => {
    expect(foreignSchemaFault(schema)).toMatch(fault);
  });

  it('refuses one that is too large', () => {
    expect(foreignSchemaFault({ description: 'x'.repeat(MAX_SCHEMA_BYTES) })).toMatch(/larger/);
  });
});
