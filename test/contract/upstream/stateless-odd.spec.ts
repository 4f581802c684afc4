import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Upstream } from '../../../src/upstream/upstream.js';
import { cleanUp, failure, remoteAt, spec, startUpstream } from './harness.js';
import { ALICE, LegacyClient } from './stateless-harness.js';

type Respond = (response: ServerResponse, id: unknown) => void;

const NO_SINK = { onMessage() {}, onEnd() {} };
const DISCOVERY = { supportedVersions: ['2026-07-28'], capabilities: { tools: {} } };
const servers: Server[] = [];

afterEach(async () => {
  await cleanUp();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

function json(status: number, members: (id: unknown) => object): Respond {
  return (response, id) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ jsonrpc: '2.0', ...members(id) }));
  };
}

function text(status: number, body: string, type = 'text/html'): Respond {
  return (response) => {
    response.writeHead(status, { 'content-type': type }).end(body);
  };
}

const result = (value: object): Respond => json(200, (id) => ({ id, result: value }));
const error = (status: number, code: number, data?: object): Respond =>
  json(status, (id) => ({ id, error: { code, message: 'm', data } }));

/** A server that answers each method as told, and what it was asked, in order. */
async function serve(
  answers: Record<string, Respond>,
): Promise<{ upstream: Upstream; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { id, method } = JSON.parse(Buffer.concat(chunks).toString()) as {
        id: unknown;
        method: string;
      };
      asked.push(method);
      (answers[method] ?? text(404, 'nothing here'))(response, id);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const remote = remoteAt(`http://127.0.0.1:${port}/mcp`);
  const limits = { memoryBytes: null, processes: null, openFiles: null, lineBytes: 10_000 };
  const upstream = await startUpstream(spec('streamable_http', { remote, limits }));
  return { upstream, asked };
}

const modern = { 'server/discover': result(DISCOVERY) };

describe('a server that refuses initialize', () => {
  it.each<[string, Respond]>([
    ['without a word', text(400, '')],
    ['with a page', text(405, '<html>')],
    ['as an unknown path', text(404, '')],
    ['with an error of the old kind', error(200, -32601)],
    ['with an error of the new kind', error(400, -32022, { supported: ['2026-07-28'] })],
  ])('%s is asked what it is, and then no more', async (_case, initialize) => {
    const { upstream, asked } = await serve({ ...modern, initialize });
    await LegacyClient.open(upstream);
    await LegacyClient.open(upstream);
    expect(asked).toEqual(['initialize', 'server/discover', 'server/discover']);
  });

  it.each<[string, Respond, string, string[]]>([
    ['failing', text(500, ''), 'http-status', ['initialize']],
    ['refusing credentials', text(403, ''), 'unauthorized', ['initialize']],
    ['being none', text(200, '<html>'), 'not-mcp', ['initialize']],
    ['knowing neither', text(404, ''), 'http-status', ['initialize', 'server/discover']],
  ])('is reported as %s', async (_case, initialize, code, requests) => {
    const { upstream, asked } = await serve({ initialize });
    expect((await failure(upstream.open(ALICE, NO_SINK))).code).toBe(code);
    expect(asked).toEqual(requests);
  });

  it('is reported with the versions that it speaks', async () => {
    const refusal = error(400, -32022, { supported: ['2031-01-01'] });
    const { upstream } = await serve({ initialize: refusal, 'server/discover': refusal });
    const failed = await failure(upstream.open(ALICE, NO_SINK));
    expect([failed.code, failed.message]).toEqual([
      'protocol-version',
      expect.stringContaining('2031-01-01'),
    ]);
  });

  it('may be one of the old kind again later', async () => {
    const answers: Record<string, Respond> = { ...modern, initialize: text(400, '') };
    const { upstream } = await serve(answers);
    await LegacyClient.open(upstream);
    answers['server/discover'] = error(400, -32601);
    const server = { protocolVersion: '2025-06-18', capabilities: {}, serverInfo: {} };
    answers.initialize = result(server);
    expect((await upstream.open(ALICE, NO_SINK)).kind).toBe('exchange');
  });
});

describe('a stateless server that answers', () => {
  const call = async (
    answer: Respond,
    more: Record<string, Respond> = {},
  ): Promise<{ outcome: unknown; asked: string[] }> => {
    const { upstream, asked } = await serve({ ...modern, ...more, 'tools/call': answer });
    const client = await LegacyClient.open(upstream);
    const outcome = await client
      .request('tools/call', { name: 't', arguments: {} }, { id: 'mine' })
      .catch((failed: unknown) => failed);
    return { outcome, asked: asked.slice(2) };
  };

  it.each<[string, Respond]>([
    ['without an id', json(400, () => ({ error: { code: -32602, message: 'm' } }))],
    ['for no id', json(400, () => ({ id: null, error: { code: -32602, message: 'm' } }))],
    [
      'in a stream',
      text(
        200,
        'data: {"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"m"}}\n\n',
        'text/event-stream',
      ),
    ],
  ])('with an error %s is understood', async (_case, answer) => {
    const { outcome } = await call(answer);
    expect(outcome).toMatchObject({ id: 'mine', error: { code: -32602, message: 'm' } });
  });

  it.each<[string, Respond, string, boolean]>([
    ['nothing', text(200, '', 'application/json'), 'disconnected', true],
    ['nonsense', text(200, 'nonsense', 'application/json'), 'not-json', true],
    ['an empty stream', text(200, ': hi\n\n', 'text/event-stream'), 'disconnected', true],
    ['a page of an error', text(502, '<html>'), 'http-status', true],
    ['a page of a refusal', text(404, '<html>'), 'http-status', false],
    ['too much', text(200, 'x'.repeat(20_000), 'application/json'), 'line-too-long', true],
    ['that it is not our version any more', error(400, -32022, {}), 'protocol-version', false],
  ])('%s fails the call', async (_case, answer, code, mayHaveRun) => {
    expect((await call(answer)).outcome).toMatchObject({ code, facts: { mayHaveRun } });
  });

  it('that headers are wrong is asked for the schema once, and not called again for the same', async () => {
    const tools = [{ name: 't', inputSchema: { type: 'object' } }];
    const { outcome, asked } = await call(error(400, -32020), { 'tools/list': result({ tools }) });
    expect(outcome).toMatchObject({ id: 'mine', error: { code: -32020 } });
    expect(asked).toEqual(['tools/call', 'tools/list']);
  });

  it('that headers are wrong is believed when it does not list its tools', async () => {
    const { outcome, asked } = await call(error(400, -32020));
    expect(outcome).toMatchObject({ error: { code: -32020 } });
    expect(asked).toEqual(['tools/call', 'tools/list']);
  });
});

describe('a probe for the stateless protocol', () => {
  it('is made again after a failure that says nothing', async () => {
    const answers: Record<string, Respond> = { 'server/discover': text(500, '') };
    const { upstream, asked } = await serve(answers);
    expect((await failure(upstream.openStateless(NO_SINK))).code).toBe('http-status');
    Object.assign(answers, modern);
    expect((await upstream.openStateless(NO_SINK))?.kind).toBe('exchange');
    expect((await upstream.openStateless(NO_SINK))?.kind).toBe('exchange');
    expect(asked).toHaveLength(2);
  });
});
