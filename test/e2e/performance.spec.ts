import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GatewayProcess, eventually, fixture } from '../support/gateway-process.js';
import type { Json } from '../support/gateway-process.js';

const KNOBBED = fixture('knobbed-server.mjs');

let gateway: GatewayProcess;

beforeAll(async () => {
  gateway = await GatewayProcess.start();
}, 60_000);

afterAll(async () => {
  await gateway.dispose();
}, 30_000);

async function register(name: string, over: object = {}): Promise<void> {
  const runtime = { command: 'node', args: [KNOBBED], isolation: 'shared', ...over };
  const created = await gateway.register({ name, hosting_mode: 'stdio', config: { runtime } });
  expect([created.status, created.body.state]).toEqual([201, 'active']);
}

async function performanceOf(name: string, query = ''): Promise<Json> {
  const { status, body } = await gateway.request(
    'GET',
    `/api/v1/services/${name}/performance${query}`,
  );
  expect(status).toBe(200);
  return body;
}

async function call(name: string, tool: string, args: object = {}): Promise<number> {
  const path = `/api/v1/services/${name}/tools/${tool}`;
  return (await gateway.request('POST', path, args)).status;
}

/** A call over MCP, by a session of its own; what reaches the service is not checked against its schemas there. */
async function callOverMcp(name: string, tool: string): Promise<Json> {
  const send = async (body: object, headers: Record<string, string> = {}) =>
    gateway.request('POST', `/mcp/${name}`, body, {
      accept: 'application/json, text/event-stream',
      ...headers,
    });
  const params = {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'e2e', version: '1' },
  };
  const opened = await send({ jsonrpc: '2.0', id: 1, method: 'initialize', params });
  const session = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
  await send({ jsonrpc: '2.0', method: 'notifications/initialized' }, session);
  const asked = { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: tool } };
  const { body } = await send(asked, session);
  return body;
}

/** The lines of the metrics that speak of one service. */
async function series(name: string): Promise<string[]> {
  const { body } = await gateway.request<string>('GET', '/metrics');
  return body.split('\n').filter((line) => line.includes(`service="${name}"`));
}

describe('the performance of a service', () => {
  it('is what its callers met: exact counts, and times that are plausible', async () => {
    await register('measured');
    for (let at = 0; at < 7; at += 1) expect(await call('measured', 'echo')).toBe(200);
    const slow = Array.from({ length: 3 }, () => call('measured', 'work', { ms: 150 }));
    expect(await Promise.all(slow)).toEqual([200, 200, 200]);
    const seen = await performanceOf('measured');
    const [minute, quarter] = seen.windows;
    for (const window of [minute, quarter]) {
      expect(window).toMatchObject({ calls: 10, transport_errors: 0, tool_errors: 0 });
      expect(window).toMatchObject({ error_rate: 0, refused: 0, cancelled: 0, caller_errors: 0 });
      const tools = window.tools.map(({ tool, calls }: Json) => [tool, calls]);
      expect(tools).toEqual([
        ['echo', 7],
        ['work', 3],
      ]);
      expect(window.tools[1].p50_ms).toBeGreaterThanOrEqual(150);
      expect(window.tools[1].p50_ms).toBeLessThan(1_000);
      expect(window.p99_ms).toBeGreaterThanOrEqual(150);
      expect(window.tools[0].p50_ms).toBeLessThan(150);
    }
    expect([minute.window_s, quarter.window_s]).toEqual([60, 900]);
    const [instance] = seen.instances;
    expect(seen.instances).toHaveLength(1);
    expect(instance).toMatchObject({ state: 'ready', restarts: 0, ejected: false, in_flight: 0 });
    expect(instance.memory_bytes).toBeGreaterThan(10_000_000);
    expect(instance.pid).toBeGreaterThan(1);
    const top = await performanceOf('measured', '?tools=1');
    expect(top.windows[0].tools).toHaveLength(1);
  }, 60_000);

  it('tells the errors of tools, of the transport and of callers apart', async () => {
    await register('failing');
    expect((await callOverMcp('failing', 'no-such-tool')).error.code).toBe(-32602);
    expect(await call('failing', 'echo')).toBe(200);
    expect(await call('failing', 'die')).toBe(502);
    const [minute] = (await performanceOf('failing')).windows;
    expect(minute).toMatchObject({
      calls: 3,
      transport_errors: 1,
      tool_errors: 0,
      rpc_errors: 0,
      caller_errors: 1,
      error_rate: 0.3333,
      transport_error_rate: 0.3333,
      tool_error_rate: 0,
    });
    expect(minute.tools.map(({ tool }: Json) => tool).sort()).toEqual([
      '(other tools)',
      'die',
      'echo',
    ]);
    await eventually(
      async () => (await call('failing', 'echo')) === 200,
      10_000,
      'an answer of the instance that took its place',
    );
    expect((await performanceOf('failing')).instances[0]).toMatchObject({ restarts: 1 });
    expect(await series('failing')).toContain(
      'switchyard_instance_failures_total{service="failing"} 1',
    );
  }, 60_000);

  it('has what is under way and waits, the CPU of each instance, and all of it as metrics', async () => {
    await register('crowded', { max_in_flight: 1 });
    const calls = Array.from({ length: 3 }, () => call('crowded', 'work', { ms: 1_500 }));
    const busy = await eventually(
      async () => {
        const seen = await performanceOf('crowded');
        return seen.in_flight === 1 && seen.queued === 2 ? seen : undefined;
      },
      10_000,
      'two calls that wait',
    );
    expect(busy.instances[0].in_flight).toBe(1);
    expect(await series('crowded')).toEqual(
      expect.arrayContaining([
        'switchyard_calls_in_flight{service="crowded"} 1',
        'switchyard_calls_queued{service="crowded"} 2',
        'switchyard_service_health{service="crowded",level="healthy"} 1',
        'switchyard_service_instances{service="crowded",state="ready"} 1',
      ]),
    );
    expect(await Promise.all(calls)).toEqual([200, 200, 200]);
    const after = await performanceOf('crowded');
    expect([after.in_flight, after.queued]).toEqual([0, 0]);
    expect(after.instances[0].cpu_percent).toBeGreaterThanOrEqual(0);
  }, 60_000);

  it('goes with the service, its metrics as well, and under its old name when it is renamed', async () => {
    await register('passing');
    expect(await call('passing', 'echo')).toBe(200);
    expect((await series('passing')).length).toBeGreaterThan(5);
    const { body, headers } = await gateway.request('GET', '/api/v1/services/passing?view=spec');
    const renamed = await gateway.request(
      'PUT',
      '/api/v1/services/passing',
      { ...body, name: 'renamed' },
      { 'if-match': headers.get('etag') ?? '' },
    );
    expect(renamed.status).toBe(200);
    expect(await series('passing')).toEqual([]);
    expect(await call('renamed', 'echo')).toBe(200);
    expect((await performanceOf('renamed')).windows[0].calls).toBeGreaterThanOrEqual(1);
    const etag = (await gateway.request('GET', '/api/v1/services/renamed')).headers.get('etag');
    const gone = await gateway.request('DELETE', '/api/v1/services/renamed', undefined, {
      'if-match': etag ?? '',
    });
    expect(gone.status).toBe(204);
    expect(await series('renamed')).toEqual([]);
    const missing = await gateway.request('GET', '/api/v1/services/renamed/performance');
    expect([404, 410]).toContain(missing.status);
    const refused = await gateway.request('GET', '/api/v1/services/measured/performance?top=3');
    expect([refused.status, refused.body.code]).toEqual([400, 'usage.query-invalid']);
  }, 60_000);
});
