import { describe, expect, it } from '@jest/globals';
import { walkSchema } from './schema-walk.js';

describe('walkSchema', () => {
  it('puts the cost into every schema and leaves other values alone', () => {
    const walked = walkSchema(
      {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        $id: 'https://example.test/s',
        properties: { a: { enum: [{ type: 'not a schema' }] }, b: true },
        required: ['a'],
        default: { properties: {} },
      },
      'cost',
    );
    expect(walked).toEqual({
      ok: true,
      patterns: [],
      schema: {
        cost: 4,
        properties: { a: { cost: 2, enum: [{ type: 'not a schema' }] }, b: true },
        required: ['a'],
        default: { properties: {} },
      },
    });
  });

  it('takes no notice of a cost that the schema states itself', () => {
    expect(walkSchema({ cost: -1_000 }, 'cost')).toMatchObject({ schema: { cost: 1 } });
  });

  it('lists the patterns of every level', () => {
    const walked = walkSchema(
      { items: { pattern: 'a' }, patternProperties: { '^b': { pattern: 'c' } } },
      'cost',
    );
    expect(walked).toMatchObject({ patterns: ['a', '^b', 'c'] });
  });

  it.each([
    ['#', true],
    ['#/properties/a~1b', true],
    ['#/$defs/a%20b', true],
    ['#/properties', false],
    ['other.json', false],
    ['//host/x', false],
  ])('lets %s be a reference: %s', ($ref, expected) => {
    const schema = { properties: { 'a/b': {}, x: { $ref } }, $defs: { 'a b': false } };
    expect(walkSchema(schema, 'cost').ok).toBe(expected);
  });
});
