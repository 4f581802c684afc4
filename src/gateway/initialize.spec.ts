import { describe, expect, it } from '@jest/globals';
import { RpcError } from '../protocol/rpc-error.js';
import type { ClientFacts } from '../upstream/upstream.js';
import { agreedVersion, clientFactsOf, initializeResult } from './initialize.js';
import type { Link } from './link.js';

const body = (params: unknown): Buffer =>
  Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }));

describe('the client facts of an initialize', () => {
  it('keep unknown members apart', () => {
    const params = {
      protocolVersion: 'v',
      capabilities: { a: {} },
      clientInfo: { name: 'n' },
      _meta: { x: 1 },
    };
    expect(clientFactsOf(body(params))).toEqual({
      protocolVersion: 'v',
      capabilities: { a: {} },
      clientInfo: { name: 'n' },
      extra: { _meta: { x: 1 } },
    });
  });

  it('may come without capabilities', () => {
    expect(clientFactsOf(body({ protocolVersion: 'v', clientInfo: {} }))).toMatchObject({
      capabilities: {},
    });
  });

  it.each([
    [undefined],
    [{}],
    [{ protocolVersion: 1, clientInfo: {} }],
    [{ protocolVersion: 'v' }],
  ])('are refused for %j', (params) => {
    expect(clientFactsOf(body(params))).toBeInstanceOf(RpcError);
  });
});

function linkOf(version: string, transport: string, multiplexed: boolean): Link {
  const resultJson = Buffer.from(`{"protocolVersion":"${version}","x":1}`);
  return {
    endpoint: { transport },
    lease: { upstream: { multiplexed } },
    conversation: { server: { protocolVersion: version, resultJson } },
  } as unknown as Link;
}

describe('the agreed version', () => {
  it.each<[string, string, string, boolean, string, string]>([
    ['an older client of a shared child', '2025-11-25', 'stdio', true, '2025-03-26', '2025-03-26'],
    ['a newer client of a shared child', '2025-03-26', 'stdio', true, '2025-11-25', '2025-03-26'],
    ['an unknown version of a client', '2025-11-25', 'stdio', true, '2020-01-01', '2025-11-25'],
    ['a child of its own', '2025-11-25', 'stdio', false, '2025-03-26', '2025-11-25'],
    ['an HTTP upstream', '2025-11-25', 'streamable_http', true, '2025-03-26', '2025-11-25'],
  ])('of %s', (_case, own, transport, multiplexed, asked, expected) => {
    const link = linkOf(own, transport, multiplexed);
    const version = agreedVersion(link, { protocolVersion: asked } as ClientFacts);
    expect(version).toBe(expected);
    expect(JSON.parse(initializeResult(link, version).toString())).toEqual({
      protocolVersion: expected,
      x: 1,
    });
  });

  it('is written into the answer once for all clients of a server', () => {
    const link = linkOf('2025-11-25', 'stdio', true);
    const first = initializeResult(link, '2025-03-26');
    expect(initializeResult(link, '2025-03-26')).toBe(first);
    expect(initializeResult(link, '2025-06-18').toString()).toContain('2025-06-18');
    expect(initializeResult(linkOf('2025-11-25', 'stdio', true), '2025-03-26')).not.toBe(first);
  });

  it('passes the upstream’s bytes where it changes nothing', () => {
    const link = linkOf('2025-11-25', 'stdio', true);
    expect(initializeResult(link, '2025-11-25')).toBe(link.conversation.server.resultJson);
  });
});
