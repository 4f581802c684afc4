import { describe, expect, it } from '@jest/globals';
import { asOpenApi, choice, group, integer, list, mandatory, map, text } from './field-schema.js';

describe('fields', () => {
  it('may be null unless they are mandatory', () => {
    const field = choice({ description: 'd', of: ['a', 'b'] });
    expect(field).toMatchObject({ type: ['string', 'null'], enum: ['a', 'b', null] });
    expect(mandatory(field)).toEqual({ type: 'string', enum: ['a', 'b'], description: 'd' });
    expect(mandatory(mandatory(field))).toEqual(mandatory(field));
    expect(mandatory({ description: 'anything' })).toEqual({ description: 'anything' });
  });

  it('make members of lists mandatory', () => {
    const items = integer({ description: 'd', minimum: 0, maximum: 1 });
    expect(list({ description: 'l', items, maxItems: 2 })).toMatchObject({
      items: { type: 'integer' },
    });
  });
});

describe('asOpenApi', () => {
  it('writes null as nullable, at every depth', () => {
    const name = { description: 'n', maxLength: 5 };
    const schema = group('g', {
      many: list({ description: 'l', items: text(name), maxItems: 1 }),
      named: map({ description: 'm', names: name, values: text(name), maxProperties: 1 }),
    });
    expect(asOpenApi(schema)).toEqual({
      type: 'object',
      nullable: true,
      description: 'g',
      additionalProperties: false,
      properties: {
        many: {
          type: 'array',
          nullable: true,
          description: 'l',
          maxItems: 1,
          items: { type: 'string', minLength: 1, description: 'n', maxLength: 5 },
        },
        named: {
          type: 'object',
          nullable: true,
          description: 'm',
          maxProperties: 1,
          additionalProperties: {
            type: 'string',
            nullable: true,
            minLength: 1,
            description: 'n',
            maxLength: 5,
          },
        },
      },
    });
  });
});
