import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConversationClient } from '../../../src/upstream/conversation-client.js';
import {
  type ExchangeConversation,
  GATEWAY_CLIENT,
  type Upstream,
} from '../../../src/upstream/upstream.js';
import type { UpstreamSpec } from '../../../src/upstream/upstream-spec.js';
import {
  callTool,
  cleanUp,
  factory,
  failure,
  fixture,
  nodeCommand,
  remoteAt,
  remoteFixture,
  spec,
  startUpstream,
  until,
} from './harness.js';
import { RawExchange } from './raw.js';

afterEach(cleanUp);

const DEAF = { onMessage(): void {}, onEnd(): void {} };

async function openExchange(upstream: Upstream): Promise<ExchangeConversation> {
  const conversation = await upstream.open(GATEWAY_CLIENT, DEAF);
  if (conversation.kind !== 'exchange') throw new Error('no exchange');
  return conversation;
}

function http(url: string, over: Partial<UpstreamSpec> = {}): UpstreamSpec {
  return spec('streamable_http', { remote: remoteAt(url), ...over });
}

async function facts(origin: string): Promise<{ sessions: number; cancelled: unknown[] }> {
  return (await (await fetch(`${origin}/facts`)).json()) as {
    sessions: number;
    cancelled: unknown[];
  };
}

const call = (id: string, name: string, args: unknown = {}): Buffer =>
  Buffer.from(
    `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"${name}","arguments":${JSON.stringify(args)}}}`,
  );

describe('a Streamable HTTP upstream', () => {
  it('passes the bytes of answers, and keeps its session to itself', async () => {
    const origin = await remoteFixture('http.mjs');
    const conversation = await openExchange(await startUpstream(http(`${origin}/mcp`)));
    const sink = new RawExchange();
    conversation.post(call('"x"', 'echo', { message: 'é' }), {}, sink, 2000);
    await sink.finished();
    expect(sink).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' } });
    expect(sink.headers).not.toHaveProperty('mcp-session-id');
    expect(sink.headers).not.toHaveProperty('connection');
    expect(JSON.parse(sink.text)).toMatchObject({ id: 'x' });
  });

  it.each([404, 400])(
    'renews a session that the server forgot (%d), once for all, unseen',
    async (status) => {
      const origin = await remoteFixture('http.mjs', { UNKNOWN_STATUS: String(status) });
      const client = await ConversationClient.open(await startUpstream(http(`${origin}/mcp`)));
      await fetch(`${origin}/forget`, { method: 'POST' });
      const calls = Array.from({ length: 5 }, (_, i) =>
        callTool(client, 'echo', { message: `m${i}` }),
      );
      expect(await Promise.all(calls)).toEqual(['m0', 'm1', 'm2', 'm3', 'm4']);
      const seen = (await callTool(client, 'seen')) as { notified: string[] };
      expect(seen.notified).toEqual(['notifications/initialized']);
      expect((await facts(origin)).sessions).toBe(1);
    },
  );

  it('ends its sessions with the server', async () => {
    const origin = await remoteFixture('http.mjs');
    const upstream = await startUpstream(http(`${origin}/mcp`));
    const first = await ConversationClient.open(upstream);
    await ConversationClient.open(upstream);
    expect((await facts(origin)).sessions).toBe(2);
    first.close();
    for (let turn = 0; turn < 50 && (await facts(origin)).sessions > 1; turn += 1);
    await upstream.stop();
    expect((await facts(origin)).sessions).toBe(0);
  });

  it('streams what the server says by itself, and ends the stream with the conversation', async () => {
    const origin = await remoteFixture('http.mjs');
    const upstream = await startUpstream(http(`${origin}/mcp`));
    const conversation = await openExchange(upstream);
    const stream = new RawExchange();
    conversation.listen({}, stream);
    expect(await until(() => stream.text.includes('open'), 2000)).toBe(true);
    expect(upstream.inFlight).toBe(0);
    const sink = new RawExchange();
    conversation.post(call('1', 'announce'), {}, sink, 2000);
    await sink.finished();
    expect(await until(() => stream.text.includes('list_changed'), 2000)).toBe(true);
    conversation.close();
    await stream.finished();
    expect(stream.failed?.code).toBe('stopped');
  });

  it('stops reading while its reader is busy', async () => {
    const origin = await remoteFixture('http.mjs');
    const conversation = await openExchange(await startUpstream(http(`${origin}/mcp`)));
    const sink = new RawExchange();
    let chunks = 0;
    const take = sink.onChunk.bind(sink);
    sink.onChunk = (chunk) => {
      chunks += 1;
      take(chunk);
      return false;
    };
    const handle = conversation.post(call('1', 'big', { bytes: 3_000_000 }), {}, sink, 5000);
    expect(await until(() => chunks === 1, 2000)).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(chunks).toBe(1);
    const pump = setInterval(() => {
      handle.resume();
    }, 1);
    await sink.finished();
    clearInterval(pump);
    expect(sink.text.length).toBeGreaterThan(1_400_000);
  });

  it('sends configured headers, the version and the hop, and no client replaces them', async () => {
    const seen: Record<string, unknown>[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18"}}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
    const remote = remoteAt(url, { Authorization: 'Bearer ours' });
    const conversation = await openExchange(
      await startUpstream(spec('streamable_http', { remote })),
    );
    const sink = new RawExchange();
    const headers = {
      authorization: 'Bearer theirs',
      'mcp-protocol-version': '1',
      'x-a': 'b',
      'x-switchyard-hop': '2',
    };
    conversation.post(call('1', 'echo'), headers, sink, 2000);
    await sink.finished();
    server.closeAllConnections();
    server.close();
    expect(seen[0]).toMatchObject({ authorization: 'Bearer ours', 'x-switchyard-hop': '1' });
    expect(seen[1]).toMatchObject({
      authorization: 'Bearer ours',
      'mcp-protocol-version': '2025-06-18',
      'x-switchyard-hop': '3',
      'x-a': 'b',
    });
  });

  it('refuses what runs in circles', async () => {
    const origin = await remoteFixture('http.mjs');
    const upstream = await startUpstream(http(`${origin}/mcp`));
    const sink = new RawExchange();
    (await openExchange(upstream)).post(call('1', 'echo'), { 'x-switchyard-hop': '3' }, sink, 2000);
    await sink.finished();
    expect(sink.failed?.code).toBe('hop-limit');
    expect((await failure(upstream.open(GATEWAY_CLIENT, DEAF, undefined, 3))).code).toBe(
      'hop-limit',
    );
  });

  it.each([
    ['/redirect', 'redirected'],
    ['/unauthorized', 'unauthorized'],
    ['/html', 'not-mcp'],
    ['/json', 'not-mcp'],
    ['/nowhere', 'http-status'],
    ['/silent', 'handshake-timeout'],
  ])('names what is wrong with %s: %s', async (path, code) => {
    const origin = await remoteFixture('http.mjs');
    const upstream = await startUpstream(http(origin + path, { startTimeoutMs: 400 }));
    expect((await failure(ConversationClient.open(upstream))).code).toBe(code);
  });
});

it('names only the origin a server redirects to: what follows may be a secret it was sent', async () => {
  const origin = await remoteFixture('http.mjs');
  const upstream = await startUpstream(http(`${origin}/redirect`));
  const { message } = await failure(ConversationClient.open(upstream));
  expect(message).toContain('http://elsewhere.example,');
  expect(message).not.toContain('canary');
});

describe('a legacy HTTP+SSE upstream', () => {
  it('fails the one call whose message is not taken', async () => {
    const origin = await remoteFixture('sse.mjs');
    const upstream = await startUpstream(spec('sse', { remote: remoteAt(`${origin}/sse`) }));
    const client = await ConversationClient.open(upstream);
    expect(await failure(callTool(client, 'unpostable'))).toMatchObject({
      code: 'http-status',
      facts: { httpStatus: 500 },
    });
    expect(await callTool(client, 'echo', { message: 'm' })).toBe('m');
  });

  it.each([
    ['/elsewhere', 'not-mcp'],
    ['/message', 'http-status'],
  ])('names what is wrong with %s: %s', async (path, code) => {
    const origin = await remoteFixture('sse.mjs');
    const upstream = await startUpstream(spec('sse', { remote: remoteAt(origin + path) }));
    expect((await failure(ConversationClient.open(upstream))).code).toBe(code);
  });
});

describe.each(['streamable_http', 'sse'] as const)('reaching a %s server', (transport) => {
  const remote = (url: string): UpstreamSpec => spec(transport, { remote: remoteAt(url) });

  it.each([
    ['http://127.0.0.1:1/mcp', 'connect-refused'],
    ['http://169.254.169.254/mcp', 'egress-denied'],
    ['http://[fe80::1]/mcp', 'egress-denied'],
    ['http://0.0.0.0:1/mcp', 'egress-denied'],
    ['http://127.0.0.1:8123/mcp', 'egress-denied'],
  ])('%s is %s', async (url, code) => {
    expect((await failure(startUpstream(remote(url), factory('any', 8123)))).code).toBe(code);
  });

  it.each([
    'http://127.0.0.1:1/',
    'http://localhost:1/',
    'http://10.0.0.1/',
    'http://[::ffff:127.0.0.1]:1/',
  ])('%s is refused where only public addresses are allowed', async (url) => {
    expect((await failure(startUpstream(remote(url), factory('public')))).code).toBe(
      'egress-denied',
    );
  });

  it.each(['ftp://x/', 'nonsense', 'http://user:pass@127.0.0.1/'])('%s is no URL for it', (url) => {
    expect(() => factory().create(remote(url))).toThrow(
      expect.objectContaining({ code: 'bad-url' }),
    );
  });
});

describe('a command that should listen', () => {
  it('fails at once when it exits instead', async () => {
    const command = nodeCommand(fixture('stdio.mjs'), { MODE: 'exit' }, { port: 0, path: '/mcp' });
    const error = await failure(
      startUpstream(spec('streamable_http', { command, startTimeoutMs: 20_000 })),
    );
    expect(error).toMatchObject({ code: 'exited-early', facts: { exitCode: 7 } });
  });

  it('fails in time when it never does', async () => {
    const command = nodeCommand(fixture('stdio.mjs'), {}, { port: 0, path: '/mcp' });
    const error = await failure(startUpstream(spec('sse', { command, startTimeoutMs: 300 })));
    expect(error.code).toBe('port-not-opened');
  });

  it('learns its port from ${port} too', async () => {
    const command = {
      ...nodeCommand(fixture('http.mjs'), { COPY: 'p${port}' }, { port: 0, path: '/mcp' }),
    };
    const upstream = await startUpstream(spec('streamable_http', { command }));
    const env = (await callTool(await ConversationClient.open(upstream), 'env')) as Record<
      string,
      string
    >;
    expect(env.COPY).toBe(`p${env.PORT ?? ''}`);
  });
});
