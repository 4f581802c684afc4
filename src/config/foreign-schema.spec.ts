import { describe, expect, it } from '@jest/globals';
import { foreignSchemaFault } from './foreign-schema.js';

describe('foreignSchemaFault', () => {
  it('accepts local references and unknown keywords', () => {
    const schema = { $defs: { a: { type: 'string' } }, $ref: '#/$defs/a', 'x-note': 1 };
    expect(foreignSchemaFault(schema)).toBeNull();
  });

  it.each([
    [
      'a reference to another document in a list',
      { anyOf: [{ $ref: 'other.json' }] },
      /outside|remote|another/,
    ],
    ['a dynamic one', { $dynamicRef: 'http://x/y' }, /outside|remote|another/],
    ['a keyword of the wrong type', { required: 'a' }, /not usable/],
    ['a pattern with a look-ahead', { pattern: '(?=a)b' }, /linear time/],
  ])('refuses %s', (_what, schema, fault) => {
    expect(foreignSchemaFault(schema)).toMatch(fault);
  });

  it('refuses one that is too large', () => {
    expect(foreignSchemaFault({ description: 'x'.repeat(256 * 1024) })).toMatch(/larger/);
  });
});
