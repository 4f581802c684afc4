import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GatewayProcess, eventually, fixture, freePort } from '../support/gateway-process.js';
import type { Json } from '../support/gateway-process.js';

const KNOBBED = fixture('knobbed-server.mjs');
const runtime = { command: 'node', args: [KNOBBED], isolation: 'shared' };

let gateway: GatewayProcess;
let resource: Server | null = null;

beforeAll(async () => {
  gateway = await GatewayProcess.start();
}, 60_000);

afterAll(async () => {
  resource?.close();
  await gateway.dispose();
}, 30_000);

async function open(port: number): Promise<void> {
  const server = createServer((socket) => socket.on('error', () => undefined));
  resource = server;
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
}

async function register(name: string, config: object): Promise<void> {
  const created = await gateway.register({ name, hosting_mode: 'stdio', config });
  expect([created.status, created.body.state]).toEqual([201, 'active']);
}

async function read(path: string): Promise<Json> {
  return (await gateway.request('GET', `/api/v1/services/${path}`)).body;
}

async function call(name: string, tool: string, body: object = {}): Promise<number> {
  return (await gateway.request('POST', `/api/v1/services/${name}/tools/${tool}`, body)).status;
}

describe('a resource that a service needs', () => {
  it('keeps calls away while it cannot be reached, and lets them in again by itself', async () => {
    const port = await freePort();
    await open(port);
    await register('needy', {
      runtime,
      monitoring: { checks: [{ kind: 'dependency', interval_ms: 1_000 }] },
      integration: {
        external: [{ name: 'database', tcp: `127.0.0.1:${String(port)}`, required: true }],
      },
    });
    expect(await call('needy', 'label')).toBe(200);
    await new Promise((resolve) => resource?.close(resolve));
    await eventually(async () => (await call('needy', 'label')) === 503, 15_000, 'a refusal');
    const { health, conditions } = await read('needy');
    expect(health.level).toBe('unhealthy');
    expect(health.summary).toContain('database');
    expect(conditions).toContainEqual(
      expect.objectContaining({ type: 'DependenciesReady', status: 'false' }),
    );
    await open(port);
    await eventually(async () => (await call('needy', 'label')) === 200, 15_000, 'an answer');
    const history = await read('needy/health/history?limit=1000');
    const levels = history.transitions.map(({ to }: { to: string }) => to);
    expect(levels).toContain('unhealthy');
    const reasons = history.results.map(({ reason }: { reason: string | null }) => reason);
    expect(reasons).toContain('ExternalRequired');
  }, 60_000);
});

describe('the calls of a service', () => {
  it('make it degraded when they are slow, and the history says since when', async () => {
    const limits = { max_p95_ms: 10, min_samples: 5, fail_after: 1, interval_ms: 1_000 };
    await register('slow', {
      runtime,
      monitoring: { checks: [{ kind: 'performance', ...limits }] },
    });
    const calls = Array.from({ length: 10 }, () => call('slow', 'work', { ms: 60 }));
    expect(new Set(await Promise.all(calls))).toEqual(new Set([200]));
    await eventually(
      async () => (await read('slow/health')).reason === 'Slow',
      15_000,
      'a degraded service',
    );
    expect(await read('slow/health')).toMatchObject({ level: 'degraded' });
    expect(await call('slow', 'label')).toBe(200);
    const { results } = await read('slow/health/history?check=performance&limit=5');
    expect(results[0]).toMatchObject({ kind: 'performance', code: 'health.slow' });
  }, 60_000);
});

describe('what is asked wrongly', () => {
  it('is refused with its place', async () => {
    const checks = [{ kind: 'performance', tool: 'label' }];
    const external = [{ name: 'x', tcp: 'a:1', url: 'https://a' }];
    const config = { runtime, monitoring: { checks }, integration: { external } };
    const refused = await gateway.register({ name: 'wrong', hosting_mode: 'stdio', config });
    expect(refused.status).toBe(422);
    const pointers = refused.body.errors.map(({ pointer }: { pointer: string }) => pointer);
    expect(pointers).toEqual([
      '/config/monitoring/checks/0/tool',
      '/config/integration/external/0',
    ]);
    const query = await gateway.request('GET', '/api/v1/services/slow/health/history?limit=0');
    expect([query.status, query.body.code]).toEqual([400, 'health.query-invalid']);
  });
});
