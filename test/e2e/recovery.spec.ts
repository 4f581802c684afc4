import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GatewayProcess, eventually, fixture, pause } from '../support/gateway-process.js';
import type { Answer, Json } from '../support/gateway-process.js';
import { ListeningServer } from '../support/listening-server.js';
import { processesWith } from '../support/process-tree.js';

const REMOTE = fixture('knobbed-http.mjs');
const KNOBBED = fixture('knobbed-server.mjs');
/** A call that meets nobody is answered within this, in milliseconds. */
const QUICK_MS = 3000;

let gateway: GatewayProcess;
const servers: ListeningServer[] = [];

beforeAll(async () => {
  gateway = await GatewayProcess.start();
}, 60_000);

afterAll(async () => {
  for (const server of servers) await server.stop();
  await gateway.dispose();
}, 30_000);

async function listen(port?: number): Promise<ListeningServer> {
  const server = await ListeningServer.start(REMOTE, [], port);
  servers.push(server);
  return server;
}

interface TimedAnswer {
  readonly answer: Answer<Json>;
  readonly tookMs: number;
}

async function call(service: string, tool: string): Promise<TimedAnswer> {
  const begunMs = performance.now();
  const answer = await gateway.request('POST', `/api/v1/services/${service}/tools/${tool}`, {});
  return { answer, tookMs: performance.now() - begunMs };
}

async function registerRemote(name: string, port: number, checkMs: number): Promise<void> {
  const config = {
    network: { url: `http://127.0.0.1:${port}/mcp` },
    // Were refused connections crashes, the second one would keep the service away for five minutes.
    runtime: { restart: { crash_loop_after: 1 } },
    monitoring: { checks: [{ kind: 'basic', interval_ms: checkMs }] },
  };
  const created = await gateway.register({ name, hosting_mode: 'streamable_http', config });
  expect([created.status, created.body.state]).toEqual([201, 'active']);
}

async function stateOf(name: string): Promise<string> {
  return (await gateway.request('GET', `/api/v1/services/${name}`)).body.state;
}

describe('a remote server that goes away and comes back', () => {
  it('is missed quickly by every call, and serves again by itself', async () => {
    const first = await listen();
    await registerRemote('away', first.port, 1000);
    expect((await call('away', 'label')).answer.status).toBe(200);
    await first.stop();

    const statuses = new Set<number>();
    const untilMs = performance.now() + 9000;
    while (performance.now() < untilMs) {
      const { answer, tookMs } = await call('away', 'label');
      statuses.add(answer.status);
      expect(tookMs).toBeLessThan(QUICK_MS);
      if (answer.status === 503) {
        const retryS = Number(answer.headers.get('retry-after'));
        expect(retryS).toBeGreaterThanOrEqual(1);
        expect(retryS).toBeLessThanOrEqual(15);
      }
      await pause(200);
    }
    expect([...statuses].filter((status) => status !== 502 && status !== 503)).toEqual([]);
    expect(statuses.has(503)).toBe(true);
    expect(await stateOf('away')).toBe('error');

    await listen(first.port);
    await eventually(
      async () => (await call('away', 'label')).answer.status === 200,
      20_000,
      'the service served again',
    );
  }, 60_000);

  it('serves as soon as somebody asks how it is', async () => {
    const first = await listen();
    await registerRemote('asked', first.port, 1000);
    await first.stop();
    await eventually(async () => (await stateOf('asked')) === 'error', 10_000, 'it was ejected');
    // By now the next try by itself is some seconds away.
    await pause(4000);
    await listen(first.port);
    const checked = await gateway.request('POST', '/api/v1/services/asked/health/check');
    expect([checked.status, checked.body.level]).toEqual([200, 'healthy']);
    expect((await call('asked', 'label')).answer.status).toBe(200);
  }, 60_000);

  it('serves with the first call when no check has missed it', async () => {
    const first = await listen();
    await registerRemote('unnoticed', first.port, 600_000);
    await first.stop();
    for (let count = 0; count < 4; count += 1) {
      const { answer, tookMs } = await call('unnoticed', 'label');
      expect([502, 503]).toContain(answer.status);
      expect(tookMs).toBeLessThan(QUICK_MS);
    }
    await listen(first.port);
    expect((await call('unnoticed', 'label')).answer.status).toBe(200);
  }, 60_000);
});

describe('a shared child that is killed', () => {
  it('is there again for the next call within a second', async () => {
    const marker = `recovery=${process.pid}`;
    const config = { runtime: { command: 'node', args: [KNOBBED, marker], isolation: 'shared' } };
    const created = await gateway.register({ name: 'killed', config });
    expect(created.status).toBe(201);
    const pid = processesWith(marker)[0]?.pid ?? Number.NaN;
    process.kill(pid, 'SIGKILL');
    const isGone = (): boolean => processesWith(marker).every((found) => found.pid !== pid);
    await eventually(isGone, 5000, 'the child was gone');
    // A call that is written before its end is noticed may have run, and is told so; it is not made again for the caller.
    const served = async (): Promise<boolean> =>
      (await call('killed', 'label')).answer.status === 200;
    await eventually(served, 1000, 'a call was answered by a new child');
  }, 60_000);
});
