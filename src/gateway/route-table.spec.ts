import { describe, expect, it, jest } from '@jest/globals';
import type { Endpoint } from './endpoint.js';
import { CompiledRouteTable, RouteTableHolder, type RouteEntry } from './route-table.js';

const endpoint = (serviceId: string, revision = 1): Endpoint =>
  ({ serviceId, revision }) as unknown as Endpoint;

function tableOf(...paths: string[]): CompiledRouteTable {
  const entries = paths.map((path): RouteEntry => ({
    path,
    endpoint: endpoint(path),
    primary: false,
  }));
  return new CompiledRouteTable(1, entries);
}

describe('a compiled route table', () => {
  it.each<[string, string[], string, string | null, string]>([
    ['a literal path', ['/mcp/a'], '/mcp/a', '/mcp/a', ''],
    ['a trailing slash', ['/mcp/a'], '/mcp/a/', '/mcp/a', ''],
    ['the legacy stream path', ['/mcp/a'], '/mcp/a/sse', '/mcp/a', '/sse'],
    ['the legacy message path', ['/mcp/a'], '/mcp/a/message', '/mcp/a', '/message'],
    ['nothing behind a literal', ['/mcp/a'], '/mcp/a/b', null, ''],
    ['nothing of another case', ['/mcp/a'], '/mcp/A', null, ''],
    ['an empty path', ['/mcp/a'], '/mcp/', null, ''],
    ['one segment of a pattern', ['/mcp/{x}/v'], '/mcp/q/v', '/mcp/{x}/v', ''],
    ['no empty segment', ['/mcp/{x}/v'], '/mcp//v', null, ''],
    ['a pattern with the legacy end', ['/mcp/{x}/v'], '/mcp/q/v/sse', '/mcp/{x}/v', '/sse'],
    ['everything under a prefix', ['/mcp/t/*'], '/mcp/t/1/2', '/mcp/t/*', ''],
    ['not the prefix itself', ['/mcp/t/*'], '/mcp/t', null, ''],
    ['a literal before a pattern', ['/mcp/a', '/mcp/{x}'], '/mcp/a', '/mcp/a', ''],
    ['a pattern of higher rank before a literal', ['/mcp/{x}', '/mcp/a'], '/mcp/a', '/mcp/{x}', ''],
    ['the first of two equal paths', ['/mcp/a', '/mcp/a'], '/mcp/a', '/mcp/a', ''],
    [
      'a literal that ends like the legacy path',
      ['/mcp/a/sse', '/mcp/a'],
      '/mcp/a/sse',
      '/mcp/a/sse',
      '',
    ],
  ])('matches %s', (_case, paths, path, expected, rest) => {
    const match = tableOf(...paths).match(path);
    expect(match?.endpoint.serviceId ?? null).toBe(expected);
    if (match !== null) expect(match.rest).toBe(rest);
  });

  it('answers the primary endpoint of a service, else its first', () => {
    const [first, second] = [endpoint('s', 1), endpoint('s', 2)];
    const entries = [
      { path: '/mcp/s/v/1', endpoint: first, primary: false },
      { path: '/mcp/s', endpoint: second, primary: true },
    ];
    expect(new CompiledRouteTable(1, entries).ofService('s')).toBe(second);
    expect(new CompiledRouteTable(1, entries.slice(0, 1)).ofService('s')).toBe(first);
    expect(new CompiledRouteTable(1, []).ofService('s')).toBeNull();
  });

  it('lists an endpoint once, however many routes lead to it', () => {
    const one = endpoint('s');
    const table = new CompiledRouteTable(1, [
      { path: '/mcp/s', endpoint: one, primary: true },
      { path: '/mcp/alias', endpoint: one, primary: false },
    ]);
    expect(table.endpoints).toEqual([one]);
  });
});

describe('the holder', () => {
  it('swaps by one assignment and tells its listeners afterwards', () => {
    const holder = new RouteTableHolder();
    const next = tableOf('/mcp/a');
    const heard = jest.fn((_next: unknown, _before: unknown) => {
      expect(holder.current).toBe(next);
    });
    const end = holder.onSwap(heard);
    const before = holder.current;
    holder.swap(next);
    expect(heard).toHaveBeenCalledWith(next, before);
    end();
    holder.swap(tableOf());
    expect(heard).toHaveBeenCalledTimes(1);
  });
});
