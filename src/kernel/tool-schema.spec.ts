import { describe, expect, it } from '@jest/globals';
import type { JsonObject, JsonValue } from './json.js';
import { compileSchema } from './tool-schema.js';

function violations(schema: JsonObject, value: unknown): string[] {
  const compiled = compileSchema(schema);
  if (!compiled.ok) throw new Error(compiled.reason);
  return compiled.validate(value);
}

function reasonOf(schema: JsonObject): string {
  const compiled = compileSchema(schema);
  return compiled.ok ? 'usable' : compiled.reason;
}

const person: JsonObject = {
  type: 'object',
  properties: {
    name: { type: 'string', pattern: '^[A-Z][a-z]+$' },
    size: { enum: ['s', 'm'] },
    friends: { type: 'array', items: { $ref: '#' }, uniqueItems: true },
  },
  required: ['name'],
  additionalProperties: false,
};

describe('compileSchema', () => {
  it.each<[string, unknown, string[]]>([
    ['accepts what fits', { name: 'Ada', friends: [{ name: 'Bob' }] }, []],
    ['names a missing member', {}, [": must have required property 'name'"]],
    ['points at a wrong value', { name: 'ada' }, ['/name: must match pattern "^[A-Z][a-z]+$"']],
    ['points at an unknown member', { name: 'Ada', 'a/b': 1 }, ['/a~1b: is not allowed']],
    [
      'tells what is allowed',
      { name: 'Ada', size: 'x' },
      ['/size: must be equal to one of the allowed values ["s","m"]'],
    ],
    [
      'compares items by value, whatever the order of keys',
      {
        name: 'Ada',
        friends: [
          { name: 'Bo', size: 's' },
          { size: 's', name: 'Bo' },
        ],
      },
      ['/friends: must not have equal items'],
    ],
    [
      'reports all violations at once',
      { size: 1, x: 2 },
      [
        ": must have required property 'name'",
        '/x: is not allowed',
        '/size: must be equal to one of the allowed values ["s","m"]',
      ],
    ],
    [
      'follows references',
      { name: 'Ada', friends: [{ name: 'Bob', friends: [{ name: 1 }] }] },
      ['/friends/0/friends/0/name: must be string'],
    ],
  ])('%s', (_name, value, expected) => {
    expect(violations(person, value)).toEqual(expected);
  });

  it('answers the same outcome for the same object', () => {
    expect(compileSchema(person)).toBe(compileSchema(person));
  });

  it.each<[string, JsonObject]>([
    ['2020-12 by default', { prefixItems: [{ type: 'string' }] }],
    [
      'draft 7 when stated',
      { $schema: 'http://json-schema.org/draft-07/schema#', items: [{ type: 'string' }] },
    ],
    ['draft 7 when only that compiles', { items: [{ type: 'string' }], additionalItems: true }],
    [
      '2019-09 when stated',
      { $schema: 'https://json-schema.org/draft/2019-09/schema', items: [{ type: 'string' }] },
    ],
  ])('reads %s', (_name, schema) => {
    expect(violations(schema, [1])).toEqual(['/0: must be string']);
  });

  it('treats formats and unknown keywords as annotations', () => {
    expect(violations({ format: 'email', 'x-own': { any: 1 } }, 'nobody')).toEqual([]);
  });

  it('follows anchors and references to its own id', () => {
    const schema: JsonObject = {
      $id: 'https://example.test/s',
      $defs: { n: { $anchor: 'num', type: 'number' } },
      properties: { a: { $ref: 'https://example.test/s#/$defs/n' }, b: { $ref: '#num' } },
    };
    expect(violations(schema, { a: 'x', b: 'y' })).toEqual([
      '/a: must be number',
      '/b: must be number',
    ]);
  });

  it.each<[string, JsonObject, string]>([
    ['a remote reference', { $ref: 'https://example.test/x.json' }, 'which is outside of it'],
    [
      'a reference into a keyword nobody knows',
      { $ref: '#/x/y', x: { y: {} } },
      'where no schema stands',
    ],
    ['a dangling reference', { $ref: '#/$defs/none' }, 'where no schema stands'],
    [
      'more than 1,000 schemas',
      { allOf: Array.from({ length: 1_000 }, () => ({})) },
      'more than 1,000',
    ],
    ['a type that does not exist', { type: 'strin' }, 'type must be JSONType'],
    ['more than 256 KiB', { description: 'x'.repeat(262_144) }, 'larger than 256 KiB'],
    ['more than 32 levels', nested(33), 'more than 32 levels'],
    ['nesting that would exhaust the stack', nested(100_000), 'more than 32 levels'],
  ])('refuses %s', (_name, schema, reason) => {
    expect(reasonOf(schema)).toContain(reason);
  });

  it('says which patterns it cannot check, and passes them', () => {
    const schema: JsonObject = { type: 'string', pattern: '^(?!a).*(.)\\1$' };
    expect(compileSchema(schema)).toMatchObject({ ok: true, unchecked: ['^(?!a).*(.)\\1$'] });
    expect(violations(schema, 'abc')).toEqual([]);
  });
});

describe('work that could stall the process', () => {
  const costly = [': takes too much work to check against its schema'];

  it('is bounded for references that multiply', () => {
    const $defs: JsonObject = { d40: { type: 'number' } };
    for (let at = 0; at < 40; at += 1) {
      const next = { $ref: `#/$defs/d${String(at + 1)}` };
      $defs[`d${String(at)}`] = { allOf: [next, next] };
    }
    expect(violations({ $defs, $ref: '#/$defs/d0' }, 1)).toEqual(costly);
  });

  it('is bounded for a schema that refers to itself without end', () => {
    expect(violations({ $ref: '#' }, 1)).toHaveLength(1);
  });

  it('is linear for a pattern that backtracks', () => {
    expect(violations({ pattern: '^(a+)+$' }, `${'a'.repeat(50_000)}!`)).toHaveLength(1);
  });

  it('is bounded for many patterns over a long text', () => {
    const anyOf: JsonValue = Array.from({ length: 100 }, (_, at) => ({
      pattern: `(a|b){${String(50 + at)}}`,
    }));
    expect(violations({ anyOf }, 'c'.repeat(4_000_000))).toEqual(costly);
  });

  it('is bounded for many items and a long enumeration', () => {
    const schema: JsonObject = { items: { enum: Array.from({ length: 20_000 }, (_, at) => at) } };
    expect(violations(schema, Array<number>(1_000).fill(3))).toEqual(costly);
  });

  it('is linear for unique items', () => {
    const items = Array.from({ length: 100_000 }, (_, at) => ({ at }));
    expect(violations({ uniqueItems: true }, items)).toEqual([]);
  });

  it('is bounded when every item is wrong', () => {
    const found = violations({ items: { type: 'string' } }, Array<number>(200_000).fill(1));
    expect(found.length).toBeGreaterThan(0);
    expect(found.length).toBeLessThanOrEqual(20);
  });
});

function nested(levels: number): JsonObject {
  let schema: JsonObject = {};
  for (let at = 0; at < levels; at += 1) schema = { not: schema };
  return schema;
}
