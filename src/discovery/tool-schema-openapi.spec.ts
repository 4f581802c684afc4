import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isJsonObject, type JsonObject, type JsonValue } from '../kernel/json.js';
import { openApiSchema, type OpenApiSchema } from './tool-schema-openapi.js';

function translate(schema: unknown, prefix = 'weather.now'): OpenApiSchema {
  return openApiSchema(schema, prefix, new Set());
}

function nested(depth: number): JsonObject {
  let schema: JsonObject = { type: 'string' };
  for (let level = 0; level < depth; level += 1) schema = { not: schema };
  return { type: 'object', properties: { deep: schema } };
}

function references(value: JsonValue): string[] {
  if (Array.isArray(value)) return value.flatMap(references);
  if (!isJsonObject(value)) return [];
  const own = typeof value.$ref === 'string' ? [value.$ref] : [];
  return [...own, ...Object.values(value).flatMap(references)];
}

describe('openApiSchema', () => {
  it('leaves an ordinary schema as it is', () => {
    const schema = {
      type: 'object',
      required: ['city'],
      properties: {
        city: { type: 'string', minLength: 1, description: 'Where' },
        days: { type: ['integer', 'null'], minimum: 1, default: 3 },
        kind: { enum: ['a', 'b'] },
        tags: { type: 'array', items: { type: 'string' }, uniqueItems: true },
      },
      additionalProperties: false,
    };
    expect(translate(schema)).toEqual({ schema, components: {}, note: null });
  });

  it.each([['$defs'], ['definitions']])(
    'moves %s to components and rewrites references',
    (place) => {
      const { schema, components } = translate({
        type: 'object',
        properties: { at: { $ref: `#/${place}/Point` } },
        [place]: {
          Point: {
            type: 'object',
            properties: { x: { type: 'number' }, up: { $ref: `#/${place}/Point` } },
          },
          Unused: { type: 'string' },
        },
      });
      expect(schema).toEqual({
        type: 'object',
        properties: { at: { $ref: '#/components/schemas/weather.now.Point' } },
      });
      expect(components['weather.now.Point']).toMatchObject({
        properties: { up: { $ref: '#/components/schemas/weather.now.Point' } },
      });
      expect(Object.keys(components)).toEqual(['weather.now.Point']);
    },
  );

  it('makes the root a component when it refers to itself', () => {
    const { schema, components } = translate({
      type: 'object',
      properties: { child: { $ref: '#' } },
    });
    expect(schema).toMatchObject({
      properties: { child: { $ref: '#/components/schemas/weather.now' } },
    });
    expect(Object.keys(components)).toEqual(['weather.now']);
  });

  it('keeps the components of two tools apart whatever their names', () => {
    const used = new Set<string>();
    const one = {
      type: 'object',
      properties: { a: { $ref: '#/$defs/b' } },
      $defs: { b: { type: 'string' } },
    };
    const two = { type: 'object', properties: { a: { $ref: '#' } } };
    openApiSchema(one, 's.a', used);
    const { components } = openApiSchema(two, 's.a.b', used);
    expect(Object.keys(components)).toEqual(['s.a.b_2']);
  });

  it('names components with the characters that OpenAPI allows', () => {
    const { components } = translate({
      type: 'object',
      properties: { a: { $ref: '#/$defs/a~1b%20<c>' } },
      $defs: { 'a/b <c>': { type: 'string' } },
    });
    expect(Object.keys(components)).toEqual(['weather.now.a_b__c_']);
  });

  it.each([
    ['https://example.com/schema.json', 'remote'],
    ['other.json#/$defs/a', 'remote'],
    ['file:///etc/passwd', 'remote'],
    ['#/properties/a', 'middle'],
    ['#/$defs/absent', 'not there'],
    ['#/$defs/__proto__', 'not there'],
    ['#/$defs/%E0%A4%A', 'not there'],
  ])('leaves out the reference %s and says so', ($ref, why) => {
    const { schema, note } = translate({ type: 'object', properties: { a: { $ref } }, $defs: {} });
    expect(schema).toEqual({ type: 'object', properties: { a: {} } });
    expect(note).toContain(why);
  });

  it.each<[string, unknown]>([
    ['no object', 'text'],
    ['null', null],
    ['a list', []],
    ['of another type', { type: 'string' }],
    ['nested too deep', nested(40)],
    ['nested absurdly deep', nested(5_000)],
    ['too large', { type: 'object', description: 'x'.repeat(300_000) }],
  ])('shows a free-form object with a note for a schema that is %s', (_what, schema) => {
    const translated = translate(schema);
    expect(translated.schema).toMatchObject({ type: 'object', additionalProperties: true });
    expect(translated.note).toContain('not shown');
    expect(translated.schema.description).toBe(translated.note);
  });

  it('lets no HTML and no running link through in titles and descriptions', () => {
    const { schema } = translate({
      type: 'object',
      title: '<script>alert(1)</script>',
      description: '[go](javascript:alert(1)) <img src=x onerror=alert(1)>',
      properties: { a: { type: 'string', description: '</textarea><svg/onload=x>' } },
    });
    const text = JSON.stringify(schema);
    expect(text).not.toMatch(/[<>]/);
    expect(text).not.toContain('javascript:');
  });

  it('drops keywords it does not know and values of the wrong kind', () => {
    const { schema, note } = translate({
      type: 'object',
      'x-run': 'me',
      properties: {
        a: {
          type: 'strange',
          minimum: 'one',
          pattern: 'x'.repeat(1_000),
          required: 'yes',
          nullable: true,
        },
      },
      allOf: [],
      anyOf: 'x',
    });
    expect(schema).toEqual({ type: 'object', properties: { a: {} } });
    expect(note).toContain('wrong value of "minimum"');
  });

  it('turns a list of item schemas into prefixItems', () => {
    const { schema } = translate({
      type: 'object',
      properties: { a: { items: [{ type: 'string' }, true] } },
    });
    expect(schema).toMatchObject({
      properties: { a: { prefixItems: [{ type: 'string' }, true] } },
    });
  });

  it('does not let a schema reach a prototype', () => {
    const hostile: unknown = JSON.parse(
      '{"type":"object","properties":{"__proto__":{"type":"string","polluted":1}},"__proto__":{"a":1}}',
    );
    const { schema } = translate(hostile);
    expect(Object.keys(schema.properties as object)).toEqual([]);
    expect(Object.getPrototypeOf(schema)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('never throws, and every reference it leaves leads to one of its components', () => {
    const key = fc.constantFrom(
      '$ref',
      '$defs',
      'properties',
      'items',
      'allOf',
      'type',
      'a',
      '__proto__',
      'enum',
    );
    const leaf = fc.constantFrom<JsonValue>(
      '#',
      '#/$defs/a',
      'http://x',
      'object',
      1,
      true,
      null,
      '#/$defs/b',
    );
    const { tree } = fc.letrec<{ tree: JsonValue }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        leaf,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 4 }) as fc.Arbitrary<JsonValue>,
      ),
    }));
    fc.assert(
      fc.property(tree, tree, (first, second) => {
        const foreign = { type: 'object', properties: first, $defs: { a: second, b: first } };
        const { schema, components } = translate(foreign);
        const names = Object.keys(components).map((name) => `#/components/schemas/${name}`);
        const found = [schema, ...Object.values(components)].flatMap(references);
        expect(found.filter((ref) => !names.includes(ref))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
