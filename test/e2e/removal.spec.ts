import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayProcess, eventually, fixture, pause } from '../support/gateway-process.js';
import { LightServer } from '../support/light-server.js';
import { connectHttp, textOf } from '../support/mcp-clients.js';
import { processesWith, usageOf } from '../support/process-tree.js';

const KNOBBED = fixture('knobbed-server.mjs');
/** 10,000 by hand: `REMOVE_CYCLES=10000 npm run jest -- --selectProjects e2e -- removal`. */
const CYCLES = Number(process.env['REMOVE_CYCLES'] ?? 300);

let gateway: GatewayProcess;
let upstream: LightServer;

beforeAll(async () => {
  [gateway, upstream] = await Promise.all([GatewayProcess.start(), LightServer.start()]);
}, 60_000);

afterAll(async () => {
  await gateway.dispose();
  await upstream.stop();
}, 30_000);

describe('a deleted service', () => {
  it('is gone at once, leaves no process, lies in the archive, and comes back by restore', async () => {
    const marker = 'label=to-be-deleted';
    const created = await gateway.register({
      name: 'passing',
      config: { runtime: { command: 'node', args: [KNOBBED, marker], isolation: 'shared' } },
    });
    const client = await connectHttp(created.body.endpoints.streamable_http);
    expect(textOf(await client.callTool({ name: 'label', arguments: {} }))).toBe('to-be-deleted');
    expect(processesWith(marker)).toHaveLength(1);

    const removed = await gateway.request('DELETE', '/api/v1/services/passing', undefined, {
      'if-match': created.headers.get('etag') ?? '',
    });
    expect(removed.status).toBe(204);
    await expect(client.callTool({ name: 'label', arguments: {} })).rejects.toThrow();
    const fresh = await gateway.request('POST', '/mcp/passing', {
      jsonrpc: '2.0',
      id: 1,
      method: 'ping',
    });
    expect([404, 410]).toContain(fresh.status);
    const gone = await gateway.request('GET', `/api/v1/services/${created.body.service_id}`);
    expect(gone.status).toBe(410);
    await eventually(() => processesWith(marker).length === 0, 5000, 'its process ended');
    const archived = join(
      gateway.dataDir,
      'services',
      'archive',
      'deleted_services',
      `${created.body.service_id}.json`,
    );
    await eventually(() => existsSync(archived), 5000, 'the archive file');

    const restored = await gateway.request(
      'POST',
      `/api/v1/services/${created.body.service_id}/restore`,
    );
    expect(restored.status).toBe(200);
    expect(restored.body).toMatchObject({ state: 'inactive', name: 'passing' });
    const activated = await gateway.request('POST', '/api/v1/services/passing/activate');
    expect(activated.status).toBe(200);
    const again = await connectHttp(created.body.endpoints.streamable_http);
    expect(textOf(await again.callTool({ name: 'label', arguments: {} }))).toBe('to-be-deleted');
    await again.close();
  }, 60_000);

  it('finishes the call under way before it goes', async () => {
    const created = await gateway.register({
      name: 'draining',
      config: { runtime: { command: 'node', args: [KNOBBED], isolation: 'shared' } },
    });
    const client = await connectHttp(created.body.endpoints.streamable_http);
    const slow = client.callTool({ name: 'work', arguments: { ms: 800 } });
    await pause(200);
    const removed = await gateway.request('DELETE', '/api/v1/services/draining', undefined, {
      'if-match': created.headers.get('etag') ?? '',
    });
    expect(removed.status).toBe(204);
    expect(textOf(await slow)).toBe('v1');
  }, 30_000);
});

describe('registering and removing again and again', () => {
  it('leaves neither memory, descriptors, processes, routes nor controller classes behind', async () => {
    const cycle = async (index: number): Promise<void> => {
      const created = await gateway.register({
        name: `cycle-${index}`,
        config: { network: { url: upstream.url } },
      });
      expect(created.status).toBe(201);
      const removed = await gateway.request(
        'DELETE',
        `/api/v1/services/cycle-${index}`,
        undefined,
        {
          'if-match': created.headers.get('etag') ?? '',
        },
      );
      expect(removed.status).toBe(204);
    };
    const run = async (from: number, count: number): Promise<void> => {
      for (let at = from; at < from + count; at += 10) {
        await Promise.all(
          Array.from({ length: Math.min(10, from + count - at) }, (_, index) => cycle(at + index)),
        );
      }
    };
    const before = await gateway.request('GET', '/api/v1/system');
    await run(0, Math.ceil(CYCLES / 3));
    await pause(1500);
    const warm = usageOf(gateway.pid);
    await run(1_000_000, CYCLES - Math.ceil(CYCLES / 3));
    await pause(1500);
    const after = usageOf(gateway.pid);
    const system = await gateway.request('GET', '/api/v1/system');
    expect(after.rssMb - warm.rssMb).toBeLessThan(60);
    expect(after.descriptors - warm.descriptors).toBeLessThan(15);
    expect(system.body.counts.controllers).toBe(before.body.counts.controllers);
    expect(system.body.counts.services).toBe(before.body.counts.services);
    expect((await gateway.request('GET', '/openapi.json')).body.paths).not.toHaveProperty([
      '/api/v1/services/cycle-1/tools/echo',
    ]);
  }, 3_600_000);
});
