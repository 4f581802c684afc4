import { describe, expect, it } from '@jest/globals';
import { ParamHeaders } from './param-headers.js';

function answer(...tools: unknown[]): Buffer {
  return Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, result: { tools, nextCursor: 'c' } }));
}

const tool = (properties: object, more: object = {}): object => ({
  name: 't',
  inputSchema: { type: 'object', properties, ...more },
});
const mark = (header: unknown, type: unknown = 'string'): object => ({
  type,
  'x-mcp-header': header,
});

describe('ParamHeaders', () => {
  it('mirrors what the schema marks, where it is in the arguments', () => {
    const params = new ParamHeaders();
    const given = answer(
      tool({
        r: mark('Region'),
        deep: { properties: { n: mark('Rows', 'integer'), b: mark('Flag', 'boolean') } },
      }),
    );
    expect(params.learn(given)).toBe(given);
    expect(params.has('t')).toBe(true);
    expect(params.headersFor('t', { r: 'ä', deep: { n: 42, b: false } })).toEqual([
      'mcp-param-region',
      '=?base64?w6Q=?=',
      'mcp-param-rows',
      '42',
      'mcp-param-flag',
      'false',
    ]);
    expect(params.headersFor('t', { r: null, deep: [] })).toEqual([]);
    expect(params.headersFor('t', undefined)).toEqual([]);
    expect(params.headersFor('other', { r: 'x' })).toEqual([]);
  });

  it('forgets marks that are gone', () => {
    const params = new ParamHeaders();
    params.learn(answer(tool({ r: mark('R') })));
    params.learn(answer(tool({ r: { type: 'string' } })));
    expect(params.has('t')).toBe(false);
  });

  it('does not look at answers without marks', () => {
    const given = Buffer.from('no json');
    expect(new ParamHeaders().learn(given)).toBe(given);
  });

  it('takes tools off the list whose marks break the rules', () => {
    const bad = tool({ r: mark('a b') });
    const params = new ParamHeaders();
    const good = { name: 'good', inputSchema: { type: 'object' }, extra: 1 };
    const learned = JSON.parse(params.learn(answer(bad, good)).toString()) as object;
    expect(learned).toEqual({ jsonrpc: '2.0', id: 1, result: { tools: [good], nextCursor: 'c' } });
    expect(params.has('t')).toBe(false);
  });

  it('leaves marks in data alone', () => {
    const given = answer(tool({ r: { type: 'object', default: { 'x-mcp-header': 'no' } } }));
    expect(new ParamHeaders().learn(given)).toBe(given);
  });
});
