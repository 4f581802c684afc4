import { describe, expect, it } from '@jest/globals';
import { mirroredParams } from '../protocol/mirrored-params.js';
import { mirroredToolsOf } from './mirrored-tools.js';
import { paramHeaderFault } from './param-headers.js';

const SCHEMA = {
  type: 'object',
  properties: {
    region: { type: 'string', 'x-mcp-header': 'Region' },
    limits: {
      type: 'object',
      properties: { rows: { type: 'integer', 'x-mcp-header': 'Rows' } },
    },
    dry: { type: 'boolean', 'x-mcp-header': 'Dry' },
    query: { type: 'string' },
  },
};

describe('parameters that are mirrored into headers', () => {
  it('are known by tool', () => {
    const tools = [
      { name: 'a', inputSchema: SCHEMA },
      { name: 'b', inputSchema: {} },
      { name: 'c', inputSchema: { ...SCHEMA, items: SCHEMA } },
    ];
    expect([...mirroredToolsOf({ tools }).keys()]).toEqual(['a']);
    expect(mirroredToolsOf({ tools })).toBe(mirroredToolsOf({ tools }));
  });
});

describe('the headers of a call', () => {
  const params = mirroredParams(SCHEMA) ?? [];
  const full = { region: 'us', limits: { rows: 42 }, dry: true };
  const headers = { 'mcp-param-region': 'us', 'mcp-param-rows': '42', 'mcp-param-dry': 'true' };

  it.each<[string, unknown, Record<string, string>]>([
    ['all match', full, headers],
    ['a number is spelled otherwise', full, { ...headers, 'mcp-param-rows': '42.0' }],
    ['a value is encoded', full, { ...headers, 'mcp-param-region': '=?base64?dXM=?=' }],
    ['absent parameters have none', {}, {}],
    ['null has none', { region: null, limits: null }, {}],
    ['an unknown one is there', {}, { 'mcp-param-other': 'x' }],
  ])('are in order when %s', (_what, args, given) => {
    expect(paramHeaderFault(params, args, given)).toBeNull();
  });

  it.each<[string, unknown, Record<string, string>, string]>([
    ['one is missing', { region: 'us' }, {}, 'mcp-param-region is missing'],
    ['one differs', { region: 'US' }, { 'mcp-param-region': 'us' }, 'does not match'],
    ['a number differs', { limits: { rows: 1 } }, { 'mcp-param-rows': '2' }, 'does not match'],
    ['a number is none', { limits: { rows: 1 } }, { 'mcp-param-rows': '0x1' }, 'does not match'],
    ['a truth value differs', { dry: true }, { 'mcp-param-dry': 'True' }, 'does not match'],
    ['one has no counterpart', {}, { 'mcp-param-region': 'us' }, 'no counterpart'],
    [
      'the counterpart is an object',
      { region: {} },
      { 'mcp-param-region': '[object Object]' },
      'does not match',
    ],
    [
      'one is badly encoded',
      { region: 'us' },
      { 'mcp-param-region': '=?base64?dX?=' },
      'invalid characters',
    ],
  ])('are refused when %s', (_what, args, given, fault) => {
    expect(paramHeaderFault(params, args, given)).toContain(fault);
  });
});
