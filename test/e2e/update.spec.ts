import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CallLoad } from '../support/call-load.js';
import { GatewayProcess, eventually, fixture, pause } from '../support/gateway-process.js';
import type { Json } from '../support/gateway-process.js';
import { connectHttp } from '../support/mcp-clients.js';
import { processesWith } from '../support/process-tree.js';

const KNOBBED = fixture('knobbed-server.mjs');
/** 20 by hand: `UPDATE_ROUNDS=20 npm run jest -- --selectProjects e2e -- update`. */
const ROUNDS = Number(process.env['UPDATE_ROUNDS'] ?? 3);

let gateway: GatewayProcess;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-calls-'));
  gateway = await GatewayProcess.start();
}, 60_000);

afterAll(async () => {
  await gateway.dispose();
  rmSync(folder, { recursive: true, force: true });
}, 30_000);

const runtime = (record: string, label: string, http: boolean): object =>
  http
    ? { command: 'node', args: [fixture('knobbed-http.mjs'), `record=${record}`, `label=${label}`] }
    : {
        command: 'node',
        args: [KNOBBED, `record=${record}`, `label=${label}`],
        isolation: 'shared',
      };

async function replace(name: string, change: (spec: Json) => object): Promise<Json> {
  const spec = await gateway.request('GET', `/api/v1/services/${name}?view=spec`);
  return gateway.request('PUT', `/api/v1/services/${name}`, change(spec.body), {
    'if-match': spec.headers.get('etag') ?? '',
  });
}

describe.each([
  { kind: 'stdio', http: false },
  { kind: 'streamable_http', http: true },
])('an update of a $kind service under 100 calls a second', ({ kind, http }) => {
  it('fails no call, doubles none, and lets no stopped version answer', async () => {
    const name = `updated-${http ? 'http' : 'stdio'}`;
    const record = join(folder, `${name}.log`);
    const created = await gateway.register({
      name,
      hosting_mode: kind,
      config: { runtime: runtime(record, 'v0', http) },
    });
    expect(created.status).toBe(201);
    const clients = await Promise.all(
      Array.from({ length: 4 }, () => connectHttp(created.body.endpoints.streamable_http)),
    );
    const load = new CallLoad(clients, 100, name);
    const swaps: { label: string; at: number }[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      await pause(700);
      const updated = await replace(name, (spec) => ({
        ...spec,
        config: { ...spec.config, runtime: runtime(record, `v${round}`, http) },
      }));
      expect(updated.status).toBe(200);
      swaps.push({ label: `v${round}`, at: performance.now() });
    }
    await pause(700);
    await load.stop();

    expect(load.records.filter(({ error }) => error !== null)).toEqual([]);
    expect(load.records.length).toBeGreaterThan(100 * ROUNDS * 0.5);
    const executed = readFileSync(record, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[1]);
    expect(new Set(executed).size).toBe(executed.length);
    expect(executed.length).toBe(load.records.length);
    for (const { label, at } of swaps) {
      const late = load.records.filter(
        (call) => call.startedMs > at && Number(call.label?.slice(1)) < Number(label.slice(1)),
      );
      expect(late).toEqual([]);
    }
    await eventually(
      () => processesWith(`record=${record}`).length === 1,
      15_000,
      'old ones stopped',
    );
    await Promise.all(clients.map((client) => client.close()));
  }, 300_000);
});

describe('an update that does not work', () => {
  it('answers 422 and leaves revision, spec, ETag and what is served as they were', async () => {
    await gateway.register({
      name: 'steady',
      config: { runtime: { command: 'node', args: [KNOBBED, 'label=good'], isolation: 'shared' } },
    });
    const before = await gateway.request('GET', '/api/v1/services/steady');
    const refused = await replace('steady', (spec) => ({
      ...spec,
      config: { runtime: { ...spec.config.runtime, args: [KNOBBED, 'exit-at-once'] } },
    }));
    expect(refused.status).toBe(422);
    expect(refused.body.code).toBe('lifecycle.activation-failed');
    const after = await gateway.request('GET', '/api/v1/services/steady');
    expect(after.body.revision).toBe(before.body.revision);
    expect(after.body.config).toEqual(before.body.config);
    expect(after.body.state).toBe('active');
    expect(after.headers.get('etag')?.split('.')[0]).toBe(
      before.headers.get('etag')?.split('.')[0],
    );
    const call = await gateway.request('POST', '/api/v1/services/steady/tools/label', {});
    expect(JSON.stringify(call.body)).toContain('good');
  }, 30_000);

  it('an unchanged PUT redeploys nothing and says so', async () => {
    const same = await replace('steady', (spec) => spec);
    expect(same.status).toBe(200);
    expect(same.body.outcome).toBe('unchanged');
    expect(same.body.revision).toBe(1);
  });
});
