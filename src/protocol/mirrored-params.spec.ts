import { describe, expect, it } from '@jest/globals';
import { mirroredParams, valueAt, type MirroredParam } from './mirrored-params.js';

const mark = (header: unknown, type: unknown = 'string'): object => ({
  type,
  'x-mcp-header': header,
});
const schema = (properties: object, more: object = {}): object => ({
  type: 'object',
  properties,
  ...more,
});

describe('parameters that are mirrored into headers', () => {
  it('are found along properties, whatever their depth', () => {
    const given = schema({
      region: mark('Region'),
      limits: { type: 'object', properties: { rows: mark('Rows', 'integer') } },
      dry: mark('Dry', 'boolean'),
      query: { type: 'string' },
    });
    expect(mirroredParams(given)).toEqual([
      { header: 'mcp-param-region', type: 'string', path: ['region'] },
      { header: 'mcp-param-rows', type: 'integer', path: ['limits', 'rows'] },
      { header: 'mcp-param-dry', type: 'boolean', path: ['dry'] },
    ]);
  });

  it.each<[string, unknown]>([
    ['is no schema', null],
    ['has no properties', { type: 'object' }],
    ['has annotations in data only', schema({ r: { default: { 'x-mcp-header': 'no' } } })],
  ])('are none when the schema %s', (_what, given) => {
    expect(mirroredParams(given)).toEqual([]);
  });

  it.each<[string, object]>([
    ['an empty name', schema({ r: mark('') })],
    ['a name that is no token', schema({ r: mark('a b') })],
    ['a line break', schema({ r: mark('a\r\nb') })],
    ['a name that is no text', schema({ r: mark(5) })],
    ['a number', schema({ r: mark('R', 'number') })],
    ['an object', schema({ r: mark('R', 'object') })],
    ['two types', schema({ r: mark('R', ['string', 'null']) })],
    ['equal names', schema({ r: mark('Region'), s: mark('region') })],
    ['an array item', schema({ r: { type: 'array', items: mark('R') } })],
    ['a composition', schema({ r: { anyOf: [mark('R')] } })],
    ['a condition', schema({}, { if: { properties: { r: mark('R') } } })],
    ['a definition', schema({}, { $defs: { r: mark('R') } })],
    ['the arguments themselves', schema({}, { type: 'string', 'x-mcp-header': 'R' })],
  ])('are none that a client could offer with a mark on %s', (_what, given) => {
    expect(mirroredParams(given)).toBeNull();
  });

  it('are not looked for without end', () => {
    let deep: object = mark('R');
    for (let i = 0; i < 100; i += 1) deep = schema({ a: deep });
    expect(mirroredParams(deep)).toBeNull();
  });
});

describe('the value of such a parameter', () => {
  const param: MirroredParam = { header: 'mcp-param-a', type: 'string', path: ['o', 'a'] };

  it.each<[unknown, unknown]>([
    [{ o: { a: 'x' } }, 'x'],
    [{ o: { a: null } }, null],
    [{ o: {} }, undefined],
    [{ o: [] }, undefined],
    [undefined, undefined],
    [{ o: Object.create({ a: 'inherited' }) as object }, undefined],
  ])('of %j is %j', (args, value) => {
    expect(valueAt(args, param)).toBe(value);
  });
});
