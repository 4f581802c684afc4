import { afterEach, describe, expect, it } from '@jest/globals';
import type { EndpointPolicy } from '../../../src/gateway/endpoint.js';
import { ManualClock } from '../../support/manual-clock.js';
import { FakeSource } from './fake-upstreams.js';
import { call, endpointOf, GatewayRig, initialize, POST_HEADERS, until } from './gateway-rig.js';

let rig: GatewayRig;
afterEach(() => rig.close());

const OPEN: EndpointPolicy = {
  authenticationRequired: false,
  allowedScopes: [],
  allowTools: null,
  denyTools: [],
  readOnlyTools: false,
  rateLimit: null,
};

describe('what is refused before it is a call', () => {
  const json = { 'content-type': 'application/json' };

  it.each<[string, string, string, Record<string, string>, string | undefined, number, string]>([
    ['an unknown route', 'POST', '/mcp/none', POST_HEADERS, '{}', 404, 'gateway.unknown-route'],
    ['the bare prefix', 'POST', '/mcp', POST_HEADERS, '{}', 404, 'gateway.unknown-route'],
    [
      'wrong credentials',
      'POST',
      '/mcp/x',
      { ...POST_HEADERS, authorization: 'Bearer wrong' },
      '{}',
      401,
      'auth.credentials-missing',
    ],
    [
      'a caller without scope',
      'POST',
      '/mcp/x',
      { ...POST_HEADERS, authorization: 'Bearer none' },
      '{}',
      403,
      'auth.scope-missing',
    ],
    [
      'a service the caller may not see',
      'POST',
      '/mcp/x',
      { ...POST_HEADERS, authorization: 'Bearer elsewhere' },
      '{}',
      404,
      'gateway.unknown-route',
    ],
    ['another method', 'PUT', '/mcp/x', json, '{}', 405, 'gateway.method-not-allowed'],
    [
      'a GET of the message path',
      'GET',
      '/mcp/x/message',
      {},
      undefined,
      405,
      'gateway.method-not-allowed',
    ],
    [
      'a POST to the stream path',
      'POST',
      '/mcp/x/sse',
      POST_HEADERS,
      '{}',
      405,
      'gateway.method-not-allowed',
    ],
    [
      'a client that accepts nothing of ours',
      'POST',
      '/mcp/x',
      { ...json, accept: 'text/html' },
      '{}',
      406,
      'gateway.not-acceptable',
    ],
    [
      'a body that is too large',
      'POST',
      '/mcp/x',
      POST_HEADERS,
      `"${'x'.repeat(100_001)}"`,
      413,
      'gateway.body-too-large',
    ],
    [
      'a chunked body that is too large',
      'POST',
      '/mcp/x',
      { ...POST_HEADERS, 'transfer-encoding': 'chunked' },
      `"${'x'.repeat(100_001)}"`,
      413,
      'gateway.body-too-large',
    ],
    [
      'another media type',
      'POST',
      '/mcp/x',
      { 'content-type': 'text/plain' },
      '{}',
      415,
      'auth.content-type-refused',
    ],
    [
      'a compressed body',
      'POST',
      '/mcp/x',
      { ...POST_HEADERS, 'content-encoding': 'gzip' },
      '{}',
      415,
      'gateway.unsupported-media-type',
    ],
    [
      'a page of another origin',
      'POST',
      '/mcp/x',
      { ...POST_HEADERS, origin: 'https://evil.example' },
      '{}',
      403,
      'auth.origin-refused',
    ],
    [
      'a host that is not ours',
      'GET',
      '/api/v1/services',
      { host: 'evil.example' },
      undefined,
      403,
      'auth.host-refused',
    ],
    [
      'a loop of gateways',
      'POST',
      '/mcp/x',
      { ...POST_HEADERS, 'x-switchyard-hop': '4' },
      '{}',
      508,
      'gateway.too-many-hops',
    ],
  ])('%s', async (_case, method, path, headers, body, status, code) => {
    rig = await new GatewayRig().listen(endpointOf(new FakeSource('stdio', true)));
    const answer = await rig.ask(method, path, headers, body);
    expect([answer.status, answer.headers['content-type']]).toEqual([
      status,
      'application/problem+json',
    ]);
    expect(answer.json()).toMatchObject({
      status,
      code,
      request_id: answer.headers['x-request-id'],
    });
    if (status === 401) expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
    if (status === 405) expect(answer.headers.allow).toMatch(/POST|GET/);
  });

  it.each<[string, unknown, Record<string, string>, number, number]>([
    ['what is no JSON', '{"jsonrpc":', {}, 400, -32700],
    ['what is no JSON-RPC', { id: 1 }, {}, 400, -32600],
    ['a call without a session', call(1, 'echo'), {}, 400, -32600],
    [
      'an unknown protocol version',
      call(1, 'echo'),
      { 'mcp-protocol-version': '1999-01-01' },
      400,
      -32600,
    ],
    ['a batch under a version without batches', [call(1, 'echo')], {}, 400, -32600],
    [
      'an initialize without client',
      { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} },
      {},
      400,
      -32602,
    ],
  ])('%s', async (name, body, extra, status, code) => {
    rig = await new GatewayRig().listen(endpointOf(new FakeSource('stdio', true)));
    const headers = name.startsWith('a call without') ? {} : await rig.open('/mcp/x');
    const answer = await rig.post('/mcp/x', body, { ...headers, ...extra });
    expect([answer.status, answer.json()]).toMatchObject([status, { error: { code } }]);
  });

  it('credentials where the service needs them', async () => {
    const policy = { ...OPEN, authenticationRequired: true, allowedScopes: ['gold'] };
    rig = await new GatewayRig().listen(endpointOf(new FakeSource('stdio', true), { policy }));
    expect((await rig.post('/mcp/x', initialize('2025-06-18'))).status).toBe(401);
    const poor = await rig.post('/mcp/x', initialize('2025-06-18'), {
      authorization: 'Bearer ann',
    });
    expect([poor.status, poor.json().code]).toEqual([403, 'auth.scope-missing']);
  });

  it('a service that does not serve, with the reason', async () => {
    const unavailable = {
      state: 'error',
      reason: 'StartFailed',
      message: 'It does not start',
      retry_after_s: 9,
    };
    rig = await new GatewayRig().listen(endpointOf(new FakeSource('stdio', true), { unavailable }));
    const answer = await rig.post('/mcp/x', initialize('2025-06-18'));
    expect([answer.status, answer.headers['retry-after'], answer.json()]).toMatchObject([
      503,
      '9',
      {
        id: 0,
        error: { code: -32010, data: { service: 'x', state: 'error', reason: 'StartFailed' } },
      },
    ]);
  });

  it.each([
    ['a request without a session', {}, 'POST', call(3, 'echo'), 503],
    ['a request of an unknown session', { 'mcp-session-id': 'x' }, 'POST', call(3, 'echo'), 503],
    ['a notification without a session', {}, 'POST', { jsonrpc: '2.0', method: 'n' }, 503],
    ['a stream without a session', {}, 'GET', undefined, 503],
    ['a message to the legacy transport', {}, 'POST /message', call(3, 'echo'), 503],
    ['the end of an unknown session', { 'mcp-session-id': 'x' }, 'DELETE', undefined, 404],
  ])('%s to a service that does not serve', async (_case, headers, where, message, status) => {
    const unavailable = {
      state: 'inactive',
      reason: 'Deactivated',
      message: 'It was deactivated',
      retry_after_s: 30,
    };
    rig = await new GatewayRig().listen(endpointOf(new FakeSource('stdio', true), { unavailable }));
    const [method = '', end = ''] = where.split(' ');
    const body = message === undefined ? undefined : JSON.stringify(message);
    const answer = await rig.ask(method, `/mcp/x${end}`, { ...POST_HEADERS, ...headers }, body);
    expect(answer.status).toBe(status);
    if (status === 404) return;
    expect(answer.headers['retry-after']).toBe('30');
    const data = { service: 'x', state: 'inactive', reason: 'Deactivated' };
    expect(answer.json()).toMatchObject({ error: { data } });
  });

  it('more sessions than the service may have', async () => {
    rig = await new GatewayRig().listen(
      endpointOf(new FakeSource('stdio', true), { maxSessions: 1 }),
    );
    await rig.open('/mcp/x');
    const answer = await rig.post('/mcp/x', initialize('2025-06-18'));
    expect([answer.status, answer.json()]).toMatchObject([
      503,
      { error: { data: { reason: 'sessions' } } },
    ]);
  });
});

describe('the mount', () => {
  it('hands other paths to the listeners behind, with a request id', async () => {
    rig = await new GatewayRig().listen();
    const answer = await rig.ask('GET', '/healthz', { 'x-request-id': 'mine-1' });
    expect([answer.text, answer.headers['x-request-id'], rig.passed]).toEqual([
      'behind',
      'mine-1',
      ['/healthz'],
    ]);
    const fresh = await rig.ask('GET', '/mcpx', { 'x-request-id': 'bad id' });
    expect(fresh.headers['x-request-id']).toMatch(/^t-/);
  });

  it('answers preflights of allowed pages and lets them read the session id', async () => {
    rig = await new GatewayRig().listen(endpointOf(new FakeSource('stdio', true)));
    const origin = 'https://page.example';
    const preflight = await rig.ask('OPTIONS', '/mcp/x', {
      origin,
      'access-control-request-method': 'POST',
    });
    expect([preflight.status, preflight.headers['access-control-allow-origin']]).toEqual([
      204,
      origin,
    ]);
    const answer = await rig.post('/mcp/x', initialize('2025-06-18'), { origin });
    expect(answer.headers['access-control-expose-headers']).toContain('Mcp-Session-Id');
    expect(answer.headers['mcp-session-id']).toBeDefined();
  });

  it('lets a guard answer for itself, and runs it before the body is read', async () => {
    const guarded = (
      _request: unknown,
      response: { writeHead(s: number): { end(): void } },
    ): Promise<unknown> => {
      response.writeHead(418).end();
      return Promise.resolve(undefined);
    };
    rig = await new GatewayRig().listen(endpointOf(new FakeSource('stdio', true), { guarded }));
    expect((await rig.post('/mcp/x', initialize('2025-06-18'))).status).toBe(418);
  });

  it('a guard that agrees lets the call go on; one that throws decides the status', async () => {
    const agree = (): Promise<unknown> => Promise.resolve(true);
    rig = await new GatewayRig().listen(
      endpointOf(new FakeSource('stdio', true), { guarded: agree }),
    );
    const headers = await rig.open('/mcp/x');
    expect((await rig.post('/mcp/x', call(1, 'echo'), headers)).status).toBe(200);
    const refuse = (): Promise<unknown> =>
      Promise.reject(Object.assign(new Error('no'), { getStatus: () => 401 }));
    rig.swap(endpointOf(new FakeSource('stdio', true), { guarded: refuse }));
    expect((await rig.post('/mcp/x', call(1, 'echo'), headers)).status).toBe(401);
    const broken = (): Promise<unknown> => Promise.reject(new Error('oops'));
    rig.swap(endpointOf(new FakeSource('stdio', true), { guarded: broken }));
    const answer = await rig.post('/mcp/x', call(1, 'echo'), headers);
    expect([answer.status, answer.text.includes('oops')]).toEqual([500, false]);
  });

  it('draining refuses new calls, ends standing streams and lets running calls finish', async () => {
    const source = new FakeSource('stdio', true);
    rig = await new GatewayRig().listen(endpointOf(source));
    const headers = await rig.open('/mcp/x');
    const stream = await rig.send('GET', '/mcp/x', { ...headers, accept: 'text/event-stream' });
    const ended = new Promise((resolve) => stream.on('end', resolve));
    stream.resume();
    const running = rig.post('/mcp/x', call(1, 'hold', { text: 'last' }), headers);
    await until(() => source.server.held.length === 1);
    const drained = rig.mount.drain(10_000);
    await ended;
    const refused = await rig.post('/mcp/x', call(2, 'echo'), headers);
    expect([refused.status, refused.headers['retry-after'], refused.headers.connection]).toEqual([
      503,
      '5',
      'close',
    ]);
    source.server.release();
    expect((await running).text).toContain('held:last');
    expect(await drained).toBe(0);
    expect([rig.sessions.size, source.leases]).toEqual([0, 0]);
  });

  it('draining gives up at its deadline and says how many calls it cut', async () => {
    const clock = new ManualClock();
    const source = new FakeSource('stdio', true);
    rig = await new GatewayRig(clock).listen(endpointOf(source));
    const headers = await rig.open('/mcp/x');
    const running = rig.post('/mcp/x', call(1, 'hold'), headers).catch(() => undefined);
    await until(() => source.server.held.length === 1);
    const drained = rig.mount.drain(5_000);
    await clock.advance(5_000);
    expect(await drained).toBe(1);
    await rig.close();
    await running;
    await new Promise<void>((resolve) => rig.server.listen(0, '127.0.0.1', resolve));
  });

  it('answers a request that offers an upgrade as the plain one it is', async () => {
    rig = await new GatewayRig().listen(endpointOf(new FakeSource('stdio', true)));
    const answer = await rig.post('/mcp/x', initialize('2025-06-18'), {
      connection: 'Upgrade, HTTP2-Settings',
      upgrade: 'h2c',
      'http2-settings': 'AAMAAABkAAQAAP__',
    });
    expect(answer.status).toBe(200);
  });
});
