import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayProcess, eventually, fixture, pause } from '../support/gateway-process.js';
import type { Answer, Json } from '../support/gateway-process.js';
import { LightServer } from '../support/light-server.js';
import { connectHttp, textOf } from '../support/mcp-clients.js';
import { processesWith } from '../support/process-tree.js';

/** By hand: `CRASH_CYCLES=100 STUBBORN_CYCLES=20 npm run jest -- --selectProjects e2e -- crash`. */
const CYCLES = Number(process.env['CRASH_CYCLES'] ?? 6);
const STUBBORN = Number(process.env['STUBBORN_CYCLES'] ?? 2);
const KNOBBED = fixture('knobbed-server.mjs');

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}, 60_000);

function newDataDir(): string {
  const dataDir = mkdtempSync(join(tmpdir(), 'switchyard-crash-'));
  cleanups.push(() => rmSync(dataDir, { recursive: true, force: true }));
  return dataDir;
}

async function newUpstream(): Promise<LightServer> {
  const upstream = await LightServer.start();
  cleanups.push(() => upstream.stop());
  return upstream;
}

/** Writes until the gateway is gone; answers the names whose registration and whose removal was acknowledged. */
async function writeUntilKilled(
  gateway: GatewayProcess,
  url: string,
  prefix: string,
): Promise<{ registered: string[]; removed: string[] }> {
  const registered: string[] = [];
  const removed: string[] = [];
  const writer = async (lane: number): Promise<void> => {
    for (let count = 0; count < 10_000; count += 1) {
      const name = `${prefix}-${lane}-${count}`;
      try {
        const created = await gateway.register({ name, config: { network: { url } } });
        if (created.status !== 201) throw new Error(JSON.stringify(created.body));
        registered.push(name);
        if (count % 3 !== 0) continue;
        const etag = { 'if-match': created.headers.get('etag') ?? '' };
        // From here on it may be there or not, until the removal is acknowledged.
        registered.splice(registered.indexOf(name), 1);
        const gone = await gateway.request('DELETE', `/api/v1/services/${name}`, undefined, etag);
        if (gone.status === 204) removed.push(name);
      } catch {
        return;
      }
    }
  };
  const writers = [0, 1, 2, 3].map(writer);
  await pause(150 + Math.random() * 600);
  await gateway.kill9();
  await Promise.all(writers);
  return { registered, removed };
}

describe('kill -9 while services are registered and removed', () => {
  it(`loses nothing that was acknowledged, ${CYCLES} times in a row`, async () => {
    const dataDir = newDataDir();
    const upstream = await newUpstream();
    const expected = new Set<string>();
    const gone = new Set<string>();
    let slowestMs = 0;
    for (let cycle = 0; cycle < CYCLES; cycle += 1) {
      const gateway = await GatewayProcess.start({ dataDir });
      slowestMs = Math.max(slowestMs, gateway.readyMs);
      const written = await writeUntilKilled(gateway, upstream.url, `c${cycle}`);
      written.registered.forEach((name) => expected.add(name));
      written.removed.forEach((name) => gone.add(name));
    }
    const gateway = await GatewayProcess.start({ dataDir });
    cleanups.push(() => gateway.stop().then(() => undefined));
    const names = new Set<string>();
    let cursor: string | null = null;
    do {
      const page: Answer<Json> = await gateway.request(
        'GET',
        `/api/v1/services?limit=500${cursor === null ? '' : `&cursor=${cursor}`}`,
      );
      page.body.items.forEach((item: { name: string }) => names.add(item.name));
      cursor = page.body.next_cursor;
    } while (cursor !== null);
    expect([...expected].filter((name) => !names.has(name))).toEqual([]);
    expect([...gone].filter((name) => names.has(name))).toEqual([]);
    const system = await gateway.request('GET', '/api/v1/system');
    expect(system.body.storage).toMatchObject({ read_only: false, faults: [] });
    // What a start may take is measured below; this only notices one that hangs.
    expect(slowestMs).toBeLessThan(20_000);
  }, 900_000);
});

describe('after a crash', () => {
  it('1,000 services are mounted within seconds, and none of them is started', async () => {
    const dataDir = newDataDir();
    const upstream = await newUpstream();
    const first = await GatewayProcess.start({ dataDir });
    const register = async (index: number): Promise<void> => {
      const created = await first.register({
        name: `boot-${index}`,
        config: { network: { url: upstream.url } },
      });
      expect(created.status).toBe(201);
    };
    for (let at = 0; at < 1000; at += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, index) => register(at + index)));
    }
    await first.kill9();
    const before = upstream.requests;

    const second = await GatewayProcess.start({ dataDir });
    cleanups.push(() => second.stop().then(() => undefined));
    const routes = await second.request('GET', '/api/v1/routes?limit=1');
    expect(routes.body.total).toBe(1000);
    const instances = await second.request('GET', '/api/v1/services/boot-7/instances');
    expect(instances.body.items).toEqual([]);
    expect(upstream.requests).toBe(before);
    const call = await second.request('POST', '/api/v1/services/boot-7/tools/echo', { text: 'up' });
    expect(JSON.stringify(call.body)).toContain('up');
    // Under 3 s on a quiet machine (docs/reliability.md); the rest is room for a busy one.
    expect(second.readyMs).toBeLessThan(9000);
    process.stdout.write(`ready with 1,000 services in ${Math.round(second.readyMs)} ms\n`);
  }, 120_000);

  it('a proven service serves again, and a damaged file is put aside while the others serve', async () => {
    const dataDir = newDataDir();
    const upstream = await newUpstream();
    const first = await GatewayProcess.start({ dataDir });
    const stays = await first.register({
      name: 'stays',
      config: { runtime: { command: 'node', args: [KNOBBED], isolation: 'shared' } },
    });
    const harmed = await first.register({
      name: 'harmed',
      config: { network: { url: upstream.url } },
    });
    expect([stays.status, harmed.status]).toEqual([201, 201]);
    const active = join(dataDir, 'services', 'active');
    await eventually(
      () => readdirSync(active).some((file) => file.startsWith(harmed.body.service_id)),
      5000,
    );
    await first.kill9();
    writeFileSync(join(active, `${harmed.body.service_id}.json`), '{"half a doc');

    const second = await GatewayProcess.start({ dataDir });
    cleanups.push(() => second.stop().then(() => undefined));
    const seen = await second.request('GET', '/api/v1/services/harmed');
    expect(seen.body.state).toBe('error');
    expect(seen.body.conditions).toEqual(
      expect.arrayContaining([expect.objectContaining({ type: 'StorageCorrupt', status: 'true' })]),
    );
    expect(readdirSync(join(dataDir, 'services', 'corrupt')).length).toBeGreaterThan(0);
    const client = await connectHttp(`${second.url}/mcp/stays`);
    expect(textOf(await client.callTool({ name: 'label', arguments: {} }))).toBe('v1');
    await client.close();
  }, 60_000);

  it('a client goes on with the session it had', async () => {
    const dataDir = newDataDir();
    const first = await GatewayProcess.start({ dataDir });
    const created = await first.register({
      name: 'lasting',
      config: { runtime: { command: 'node', args: [KNOBBED], isolation: 'shared' } },
    });
    const client = await connectHttp(created.body.endpoints.streamable_http);
    await client.callTool({ name: 'echo', arguments: {} });
    await first.kill9();
    const second = await GatewayProcess.start({ dataDir, port: first.port });
    cleanups.push(() => second.stop().then(() => undefined));
    expect(textOf(await client.callTool({ name: 'echo', arguments: { text: 'again' } }))).toBe(
      'again',
    );
    await client.close();
  }, 60_000);

  it(`a stubborn child and its grandchild are gone within 5 s, ${STUBBORN} times`, async () => {
    for (let cycle = 0; cycle < STUBBORN; cycle += 1) {
      const marker = `stubborn=mark-${process.pid}-${cycle}`;
      const gateway = await GatewayProcess.start({ dataDir: newDataDir() });
      const created = await gateway.register({
        name: 'stubborn',
        config: { runtime: { command: 'node', args: [KNOBBED, marker], isolation: 'shared' } },
      });
      expect(created.status).toBe(201);
      const grandchild = `//mark-${process.pid}-${cycle}`;
      expect(processesWith(marker)).toHaveLength(1);
      expect(processesWith(grandchild)).toHaveLength(1);
      await gateway.kill9();
      await eventually(
        () => processesWith(marker).length + processesWith(grandchild).length === 0,
        5000,
        'children of a killed gateway ended',
      );
    }
  }, 600_000);

  it('a second gateway on the same data refuses to start and says why', async () => {
    const dataDir = newDataDir();
    const first = await GatewayProcess.start({ dataDir });
    cleanups.push(() => first.stop().then(() => undefined));
    await expect(GatewayProcess.start({ dataDir })).rejects.toThrow(
      /holds .*lock[^]*Stop the other process/,
    );
  }, 60_000);
});
