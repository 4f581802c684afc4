import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayProcess, fixture } from '../support/gateway-process.js';
import { connectHttp } from '../support/mcp-clients.js';

const KNOBBED = fixture('knobbed-server.mjs');
const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 't', version: '1' },
  },
};

/** A request with exactly these headers: `fetch` would not let a test lie about Host. */
function raw(
  gateway: GatewayProcess,
  method: string,
  path: string,
  headers: Record<string, string>,
  body = '',
): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port: gateway.port, method, path, headers },
      (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
        if (headers['accept'] === 'text/event-stream') response.destroy();
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

describe('a gateway without keys, on loopback', () => {
  let gateway: GatewayProcess;

  beforeAll(async () => {
    gateway = await GatewayProcess.start();
    const created = await gateway.register({
      name: 'plain',
      config: { runtime: { command: 'node', args: [KNOBBED], isolation: 'shared' } },
    });
    expect(created.status).toBe(201);
  }, 60_000);
  afterAll(() => gateway.dispose(), 30_000);

  const paths = [
    ['GET', '/api/v1/services'],
    ['POST', '/api/v1/services'],
    ['POST', '/api/v1/services/plain/tools/echo'],
    ['POST', '/api/v1/services/plain/deactivate'],
    ['POST', '/api/v1/hooks/wrapper-generated'],
    ['GET', '/docs'],
    ['GET', '/openapi.json'],
    ['GET', '/metrics'],
    ['POST', '/mcp/plain'],
    ['GET', '/mcp/plain/sse'],
    ['POST', '/mcp/plain/message'],
  ] as const;
  const json = { 'content-type': 'application/json' };

  it.each(paths)('refuses %s %s from a page on another origin', async (method, path) => {
    const body = method === 'POST' ? '{}' : '';
    expect(
      await raw(gateway, method, path, { ...json, origin: 'https://evil.example' }, body),
    ).toBe(403);
    expect(await raw(gateway, method, path, { ...json, origin: 'null' }, body)).toBe(403);
  });

  it.each(paths)('refuses %s %s under a rebound host name', async (method, path) => {
    const body = method === 'POST' ? '{}' : '';
    expect(await raw(gateway, method, path, { ...json, host: 'evil.example' }, body)).toBe(403);
    expect(
      await raw(
        gateway,
        method,
        path,
        { ...json, host: `127.0.0.1.evil.example:${gateway.port}` },
        body,
      ),
    ).toBe(403);
  });

  it.each([
    ['POST', '/api/v1/services/plain/deactivate'],
    ['POST', '/api/v1/services/plain/restart'],
    ['POST', '/api/v1/services/plain/health/check'],
  ])('refuses %s %s without a body that a form or an image could send', async (method, path) => {
    expect(await raw(gateway, method, path, {})).toBe(415);
    expect(await raw(gateway, method, path, { 'content-type': 'text/plain' }, 'x')).toBe(415);
    expect(
      await raw(
        gateway,
        method,
        path,
        { 'content-type': 'application/x-www-form-urlencoded' },
        'a=b',
      ),
    ).toBe(415);
  });

  it.each([
    '../../etc/passwd',
    '..%2f..%2fetc%2fpasswd',
    'a/../../b',
    '.',
    'UPPER',
    'sse',
    'message',
    'v',
    '8c1d6e4e-32a1-4c0a-9d43-6f1d1e2f3a4b',
    'a'.repeat(64),
  ])('refuses the name %p wherever a name is taken', async (name) => {
    const created = await gateway.register({ name, config: { runtime: { command: 'node' } } });
    expect(created.status).toBe(422);
    expect(created.body.errors[0].pointer).toBe('/name');
    const hooked = await gateway.request('POST', '/api/v1/hooks/wrapper-generated', {
      script_id: '8c1d6e4e-32a1-4c0a-9d43-6f1d1e2f3a4b',
      name,
      type: 'function',
      hosting_mode: 'stdio',
      wrapper: { command: 'node', args: [KNOBBED] },
    });
    expect(hooked.status).toBe(422);
    const read = await raw(gateway, 'GET', `/api/v1/services/${encodeURIComponent(name)}`, {});
    expect([400, 404]).toContain(read);
  });

  it('refuses a hostile manifest with a pointer, and stores nothing', async () => {
    const hostile = JSON.parse(
      '{"__proto__":{"admin":true},"name":"x","type":"function","hosting_mode":"stdio","wrapper":{"command":"bash","args":["-c","id"],"env":{"NODE_OPTIONS":"--require /tmp/x"}},"script_id":"../x"}',
    ) as object;
    const answer = await gateway.request('POST', '/api/v1/hooks/wrapper-generated', hostile);
    expect([400, 422]).toContain(answer.status);
    expect((await gateway.request('GET', '/api/v1/services/x')).status).toBe(404);
  });

  it('mounts a tool with a hostile schema without letting it into the document', async () => {
    const created = await gateway.register({
      name: 'odd-schema',
      config: { runtime: { command: 'node', args: [KNOBBED, 'bad-schema'] } },
    });
    expect(created.status).toBe(201);
    const document = await gateway.request('GET', '/openapi.json');
    expect(document.status).toBe(200);
    expect(JSON.stringify(document.body)).not.toContain('example.invalid');
  }, 30_000);

  it('answers an oversized body with 413, malformed JSON with 400 and a wrong method with 405', async () => {
    const big = JSON.stringify({ name: 'x', description: 'd'.repeat(5 * 1024 * 1024) });
    expect(await raw(gateway, 'POST', '/api/v1/services', json, big)).toBe(413);
    expect(await raw(gateway, 'POST', '/api/v1/services', json, '{"name":')).toBe(400);
    expect(
      await raw(
        gateway,
        'POST',
        '/mcp/plain',
        { ...json, accept: 'application/json, text/event-stream' },
        big,
      ),
    ).toBe(413);
    expect(
      await raw(
        gateway,
        'POST',
        '/mcp/plain',
        { ...json, accept: 'application/json, text/event-stream' },
        '{"a',
      ),
    ).toBe(400);
    expect(await raw(gateway, 'PUT', '/mcp/plain', json, '{}')).toBe(405);
  });

  it('never shows a secret, not even one the upstream prints', async () => {
    const secret = 'canary-5f1c7d';
    const dataDir = mkdtempSync(join(tmpdir(), 'switchyard-secret-'));
    const other = await GatewayProcess.start({ dataDir, env: { SWITCHYARD_SECRET_LEAK: secret } });
    const created = await other.register({
      name: 'leaky',
      config: {
        runtime: {
          command: 'node',
          args: [KNOBBED, 'secret-leak'],
          isolation: 'shared',
          env: { LEAK: '${env:SWITCHYARD_SECRET_LEAK}' },
        },
      },
    });
    expect(created.status).toBe(201);
    const logs = await other.request('GET', '/api/v1/services/leaky/logs');
    expect(JSON.stringify(logs.body)).toContain('token is [secret]');
    const shown = await Promise.all(
      [
        '',
        '?view=spec',
        '/config?explain=true',
        '/logs',
        '/revisions/1',
        '/instances',
        '/health',
      ].map(async (path) =>
        JSON.stringify((await other.request('GET', `/api/v1/services/leaky${path}`)).body),
      ),
    );
    expect(shown.join('')).not.toContain(secret);
    expect(other.logs).not.toContain(secret);
    await other.stop();
    rmSync(dataDir, { recursive: true });
  }, 60_000);
});

describe('a gateway with keys', () => {
  let gateway: GatewayProcess;
  let folder: string;
  const keys = {
    reader: ['read'],
    writer: ['read', 'write'],
    maker: ['read', 'write', 'exec', 'invoke'],
    caller: ['invoke'],
  };
  const bearer = (id: string): Record<string, string> => ({ authorization: `Bearer key-of-${id}` });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchyard-keys-'));
    const entries = [
      ...Object.entries(keys).map(([id, scopes]) => ({ id, scopes })),
      { id: 'narrow', scopes: ['read', 'invoke'], services: ['geo-*'] },
      { id: 'expired', scopes: ['admin'], expires_at: '2020-01-01T00:00:00Z' },
    ].map((entry) => ({
      ...entry,
      sha256: createHash('sha256').update(`key-of-${entry.id}`).digest('hex'),
    }));
    writeFileSync(join(folder, 'keys.json'), JSON.stringify({ keys: entries }), { mode: 0o600 });
    gateway = await GatewayProcess.start({
      env: { SWITCHYARD_API_KEYS_FILE: join(folder, 'keys.json') },
    });
    for (const [name, security] of [
      ['open', {}],
      ['geo-maps', {}],
      ['no-write', { tools: { deny: ['wr*'] } }],
      ['reads-only', { tools: { read_only: true } }],
      ['slow-lane', { rate_limit: { requests: 2, window_ms: 60_000 } }],
      ['insiders', { allowed_scopes: ['write'] }],
    ] as const) {
      const created = await gateway.request(
        'POST',
        '/api/v1/services',
        {
          name,
          config: { runtime: { command: 'node', args: [KNOBBED], isolation: 'shared' }, security },
        },
        bearer('maker'),
      );
      expect(created.body).toMatchObject({ state: 'active' });
    }
  }, 60_000);
  afterAll(async () => {
    await gateway.dispose();
    rmSync(folder, { recursive: true, force: true });
  }, 30_000);

  const statusOf = async (
    method: string,
    path: string,
    who: string | null,
    body?: object,
  ): Promise<number> =>
    (await gateway.request(method, path, body, who === null ? {} : bearer(who))).status;

  it.each([
    ['GET', '/api/v1/services', null, 401],
    ['GET', '/metrics', null, 401],
    ['GET', '/docs', null, 401],
    ['POST', '/mcp/open', null, 401],
    ['GET', '/healthz', null, 200],
    ['GET', '/readyz', null, 200],
    ['GET', '/api/v1/services', 'nobody', 401],
    ['GET', '/api/v1/services', 'expired', 401],
    ['GET', '/api/v1/services', 'caller', 403],
    ['GET', '/api/v1/services', 'reader', 200],
    ['POST', '/api/v1/services/open/tools/echo', 'reader', 403],
    ['POST', '/api/v1/services/open/tools/echo', 'caller', 200],
    ['POST', '/api/v1/services/open/restart', 'reader', 403],
    ['POST', '/api/v1/services/open/restart', 'writer', 200],
    ['GET', '/api/v1/services/open', 'narrow', 404],
    ['GET', '/api/v1/services/geo-maps', 'narrow', 200],
    ['POST', '/mcp/open', 'narrow', 404],
  ])('%s %s as %p answers %i', async (method, path, who, expected) => {
    const body = method === 'POST' ? (path.startsWith('/mcp') ? INITIALIZE : {}) : undefined;
    expect(await statusOf(method, path, who, body)).toBe(expected);
  });

  it('setting a command needs exec apart from write', async () => {
    const spec = { name: 'made', config: { runtime: { command: 'node', args: [KNOBBED] } } };
    const refused = await gateway.request('POST', '/api/v1/services', spec, bearer('writer'));
    expect(refused.status).toBe(403);
    expect(refused.body.code).toBe('auth.scope-missing');
    expect(refused.body.detail).toContain('exec');
  });

  const doors = {
    'streamable http': async (service: string, tool: string, who: string) => {
      const client = await connectHttp(`${gateway.url}/mcp/${service}`, { headers: bearer(who) });
      const outcome = await client.callTool({ name: tool, arguments: {} }).then(
        () => 'allowed',
        () => 'denied',
      );
      await client.close();
      return outcome;
    },
    rest: async (service: string, tool: string, who: string) =>
      (await statusOf('POST', `/api/v1/services/${service}/tools/${tool}`, who, {})) === 200
        ? 'allowed'
        : 'denied',
  };

  describe.each(Object.entries(doors))('the policy at the door %p', (_, call) => {
    it.each([
      ['open', 'write', 'allowed'],
      ['no-write', 'write', 'denied'],
      ['no-write', 'echo', 'allowed'],
      ['reads-only', 'write', 'denied'],
      ['reads-only', 'echo', 'allowed'],
      ['insiders', 'echo', 'denied'],
    ])('of %s for the tool %s is %s', async (service, tool, expected) => {
      expect(await call(service, tool, 'caller').catch(() => 'denied')).toBe(expected);
    });
  });

  it('limits the rate of one principal over every door, with Retry-After', async () => {
    const call = (): Promise<{ status: number; headers: Headers }> =>
      gateway.request('POST', '/api/v1/services/slow-lane/tools/echo', {}, bearer('caller'));
    expect([(await call()).status, (await call()).status]).toEqual([200, 200]);
    const limited = await call();
    expect(limited.status).toBe(429);
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
    const overMcp = doors['streamable http']('slow-lane', 'echo', 'caller');
    expect(await overMcp.catch(() => 'denied')).toBe('denied');
  });

  it('hides tools that may not be called from the list', async () => {
    const client = await connectHttp(`${gateway.url}/mcp/no-write`, { headers: bearer('caller') });
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).not.toContain('write');
    await client.close();
  });

  it('does not let one principal use the session of another', async () => {
    const opened = await fetch(`${gateway.url}/mcp/geo-maps`, {
      method: 'POST',
      headers: {
        ...bearer('caller'),
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify(INITIALIZE),
    });
    const session = opened.headers.get('mcp-session-id') ?? '';
    const stolen = await fetch(`${gateway.url}/mcp/geo-maps`, {
      method: 'POST',
      headers: {
        ...bearer('narrow'),
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-session-id': session,
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/list' }),
    });
    expect([opened.status, stolen.status]).toEqual([200, 404]);
  });
});

describe('a bind that others can reach', () => {
  it('is refused without keys, with a sentence that says what to do', async () => {
    await expect(GatewayProcess.start({ env: { SWITCHYARD_HOST: '0.0.0.0' } })).rejects.toThrow(
      /SWITCHYARD_API_KEYS_FILE/,
    );
  }, 30_000);
});
