import { expect } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { becomes, type MatrixRow, type MatrixWorld } from './matrix-world.js';
import { eventually, fixture, freePort, pause, type Json } from '../../support/gateway-process.js';

const REVEALING = fixture('revealing-server.mjs');
const QUICK = { checks: [{ kind: 'dependency', interval_ms: 1_000, fail_after: 1 }] };
const KEY = Buffer.alloc(32, 7);

/** Registers a service that needs another one on these terms; whether it became active. */
async function serves(world: MatrixWorld, dependency: Json): Promise<boolean> {
  const runtime = { command: 'node', args: [REVEALING], isolation: 'shared' };
  const { created } = await world.add({ runtime, integration: { dependencies: [dependency] } });
  if (created.status !== 201) expect(created.body.failure_code).toBe('lifecycle.dependency-unmet');
  return created.body.state === 'active';
}

const dependencies: readonly MatrixRow[] = [
  {
    field: 'integration.dependencies[].service',
    effect: 'calls are kept away while that one is down',
    observe: async (world) => {
      const needed = await world.reveal();
      const integration = { dependencies: [{ service: needed.name }] };
      const needy = await world.reveal({ integration, monitoring: QUICK });
      const free = await world.reveal();
      expect(await needy.statusOf('reveal')).toBe(200);
      expect((await needed.post('/deactivate')).status).toBe(200);
      await becomes('a refusal', async () => (await needy.statusOf('reveal')) === 503);
      expect(await free.statusOf('reveal')).toBe(200);
    },
  },
  {
    field: 'integration.dependencies[].version',
    effect: 'that one has to have such a version',
    observe: async (world) => {
      const { name: service } = await world.reveal();
      expect(await serves(world, { service, version: '^2.0.0' })).toBe(false);
      expect(await serves(world, { service, version: '^1.0.0' })).toBe(true);
    },
  },
  {
    field: 'integration.dependencies[].tools',
    effect: 'that one has to offer these tools',
    observe: async (world) => {
      const { name: service } = await world.reveal();
      expect(await serves(world, { service, tools: ['reveal', 'translate'] })).toBe(false);
      expect(await serves(world, { service, tools: ['reveal'] })).toBe(true);
    },
  },
  {
    field: 'integration.dependencies[].required',
    effect: 'it serves without that one',
    observe: async (world) => {
      expect(await serves(world, { service: 'nobody', required: false })).toBe(true);
      expect(await serves(world, { service: 'nobody' })).toBe(false);
    },
  },
];

async function listen(world: MatrixWorld, listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  world.onClose(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** The health of a service that needs these resources, once they were looked at. */
async function lookedAt(world: MatrixWorld, ...external: Json[]): Promise<Json> {
  const service = await world.reveal({ integration: { external }, monitoring: QUICK });
  const { level, summary } = await service.checkNow();
  return { level, summary, calls: await service.statusOf('reveal') };
}

const resources: readonly MatrixRow[] = [
  {
    field: 'integration.external[].name',
    effect: 'it is named where it cannot be reached',
    observe: async (world) => {
      const tcp = `127.0.0.1:${String(await freePort())}`;
      const { summary } = await lookedAt(world, { name: 'the archive', tcp });
      expect(summary).toContain('the archive');
    },
  },
  {
    field: 'integration.external[].url',
    effect: 'it is asked, and has to answer below 500',
    observe: async (world) => {
      const asked: string[] = [];
      const port = await listen(world, ({ url = '' }, response) => {
        asked.push(url);
        response.writeHead(url === '/well' ? 404 : 500).end();
      });
      const at = (path: string) => `http://127.0.0.1:${String(port)}${path}`;
      const ill = await lookedAt(world, { name: 'a', url: at('/ill') });
      expect(ill).toMatchObject({ level: 'degraded' });
      expect(ill.summary).toContain('500');
      expect(await lookedAt(world, { name: 'a', url: at('/well') })).toMatchObject({
        level: 'healthy',
      });
      expect(new Set(asked)).toEqual(new Set(['/ill', '/well']));
    },
  },
  {
    field: 'integration.external[].tcp',
    effect: 'it has to accept connections',
    observe: async (world) => {
      const open = await listen(world, (_request, response) => response.end());
      const levels = [];
      for (const port of [open, await freePort()]) {
        const { level } = await lookedAt(world, { name: 'a', tcp: `127.0.0.1:${String(port)}` });
        levels.push(level);
      }
      expect(levels).toEqual(['healthy', 'degraded']);
    },
  },
  {
    field: 'integration.external[].timeout_ms',
    effect: 'it has to answer sooner',
    observe: async (world) => {
      const port = await listen(world, (_request, response) => {
        setTimeout(() => response.end(), 700);
      });
      const slow = { name: 'a', url: `http://127.0.0.1:${String(port)}/` };
      const late = await lookedAt(world, { ...slow, timeout_ms: 100 });
      expect(late).toMatchObject({ level: 'degraded' });
      expect(late.summary).toContain('100 ms');
      expect(await lookedAt(world, slow)).toMatchObject({ level: 'healthy' });
    },
  },
  {
    field: 'integration.external[].required',
    effect: 'calls are refused while it cannot be reached',
    observe: async (world) => {
      let isWell = true;
      const port = await listen(world, (_request, response) => {
        response.writeHead(isWell ? 200 : 500).end();
      });
      const resource = { name: 'a', url: `http://127.0.0.1:${String(port)}/` };
      const add = (required: boolean) =>
        world.reveal({
          integration: { external: [{ ...resource, required }] },
          monitoring: QUICK,
        });
      const [needy, lenient] = [await add(true), await add(false)];
      expect(await needy.statusOf('reveal')).toBe(200);
      isWell = false;
      await becomes('a refusal', async () => (await needy.statusOf('reveal')) === 503);
      expect((await lenient.checkNow()).level).toBe('degraded');
      expect(await lenient.statusOf('reveal')).toBe(200);
    },
  },
];

interface Told {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A degraded service whose alert is told at once to these paths of a receiver of ours. */
async function alerted(world: MatrixWorld, paths: Readonly<Record<string, Json>>) {
  const told: Told[] = [];
  const port = await listen(world, (request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      told.push({ path: request.url ?? '', headers: request.headers, body });
      response.writeHead(204).end();
    });
  });
  const webhooks = Object.entries(paths).map(([path, over]) => ({
    url: `http://127.0.0.1:${String(port)}${path}`,
    secret: '${env:SWITCHYARD_SECRET_HOOK}',
    ...over,
  }));
  const gone = { name: 'a', tcp: `127.0.0.1:${String(await freePort())}` };
  const service = await world.reveal({
    integration: { external: [gone], webhooks },
    monitoring: { ...QUICK, alerts: { hold_intervals: 0 } },
  });
  await service.checkNow();
  return { told, service };
}

/** Half a minute is waited for what can be told together. */
async function isTold(told: readonly Told[]): Promise<void> {
  await eventually(() => told.length > 0, 45_000, 'a notification');
}

const webhooks: readonly MatrixRow[] = [
  {
    field: 'integration.webhooks[].url',
    effect: 'the alert is sent there',
    observe: async (world) => {
      const { told, service } = await alerted(world, { '/team': {} });
      await isTold(told);
      expect(told[0]).toMatchObject({ path: '/team' });
      expect(told[0]?.body).toContain(service.name);
    },
  },
  {
    field: 'integration.webhooks[].secret',
    effect: 'the notification is signed with it',
    observe: async (world) => {
      const { told } = await alerted(world, { '/signed': {} });
      await isTold(told);
      const { headers = {}, body = '' } = told[0] ?? {};
      const signed = [headers['webhook-id'], headers['webhook-timestamp'], body].join('.');
      const expected = createHmac('sha256', KEY).update(signed).digest('base64');
      expect(headers['webhook-signature']).toBe(`v1,${expected}`);
    },
  },
  {
    field: 'integration.webhooks[].min_severity',
    effect: 'a mere warning is not sent',
    observe: async (world) => {
      const { told } = await alerted(world, {
        '/critical': { min_severity: 'critical' },
        '/all': {},
      });
      await isTold(told);
      await pause(1_000);
      expect(told.map(({ path }) => path)).toEqual(['/all']);
    },
  },
];

export const INTEGRATION_ROWS: readonly MatrixRow[] = [...webhooks, ...dependencies, ...resources];

export const integrationEnv = (): Readonly<Record<string, string>> => ({
  SWITCHYARD_SECRET_HOOK: `whsec_${KEY.toString('base64')}`,
});
