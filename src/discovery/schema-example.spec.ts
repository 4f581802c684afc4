import { describe, expect, it } from '@jest/globals';
import type { JsonObject, JsonValue } from '../kernel/json.js';
import { exampleOf } from './schema-example.js';

const POINT: JsonObject = {
  type: 'object',
  required: ['x'],
  properties: { x: { type: 'integer' } },
};
const LOOP: JsonObject = {
  required: ['next'],
  properties: { next: { $ref: '#/components/schemas/loop' } },
};

describe('exampleOf', () => {
  it.each<[JsonValue, JsonValue]>([
    [{ const: 5, default: 6 }, 5],
    [{ default: null, examples: [1] }, null],
    [{ examples: ['a', 'b'] }, 'a'],
    [{ enum: ['red', 'blue'] }, 'red'],
    [{ type: 'string' }, ''],
    [{ type: 'integer' }, 0],
    [{ type: ['boolean', 'null'] }, false],
    [{ type: 'array', items: { type: 'string' } }, []],
    [{ type: 'null' }, null],
    [{}, {}],
    [true, {}],
    [{ anyOf: [{ type: 'number' }, { type: 'string' }] }, 0],
    [{ $ref: '#/components/schemas/point' }, { x: 0 }],
    [{ $ref: '#/components/schemas/absent' }, {}],
    [
      {
        required: ['a'],
        properties: { a: { type: 'string' }, b: { default: 2 }, c: { type: 'string' } },
      },
      { a: '', b: 2 },
    ],
  ])('of %j is %j', (schema, example) => {
    expect(exampleOf(schema, { point: POINT })).toEqual(example);
  });

  it('ends for a schema that contains itself', () => {
    const text = JSON.stringify(exampleOf({ $ref: '#/components/schemas/loop' }, { loop: LOOP }));
    expect(text.length).toBeLessThan(200);
  });
});
