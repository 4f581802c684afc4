import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayProcess, eventually, fixture } from '../support/gateway-process.js';
import type { Answer, Json } from '../support/gateway-process.js';
import { LightServer } from '../support/light-server.js';
import { connectHttp, textOf } from '../support/mcp-clients.js';
import { processesWith } from '../support/process-tree.js';

const KNOBBED = fixture('knobbed-server.mjs');

const cleanups: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}, 60_000);

function newDataDir(): string {
  const dataDir = mkdtempSync(join(tmpdir(), 'switchyard-versions-'));
  cleanups.push(() => {
    rmSync(dataDir, { recursive: true, force: true });
  });
  return dataDir;
}

async function start(dataDir: string, port?: number): Promise<GatewayProcess> {
  const gateway = await GatewayProcess.start({
    dataDir,
    ...(port === undefined ? {} : { port }),
  });
  cleanups.push(() => gateway.stop());
  return gateway;
}

const config = (label: string, routes: object[] = []): object => ({
  runtime: { command: 'node', args: [KNOBBED, `label=${label}`], isolation: 'shared' },
  network: { routes },
});

async function etagOf(gateway: GatewayProcess, path: string): Promise<Record<string, string>> {
  const read = await gateway.request('GET', path);
  return { 'if-match': read.headers.get('etag') ?? '' };
}

async function put(gateway: GatewayProcess, name: string, spec: object): Promise<Answer<Json>> {
  const path = `/api/v1/services/${name}`;
  return gateway.request('PUT', path, spec, await etagOf(gateway, path));
}

async function labelAt(gateway: GatewayProcess, path: string): Promise<string> {
  const client = await connectHttp(gateway.url + path);
  try {
    return textOf(await client.callTool({ name: 'label', arguments: {} }));
  } finally {
    await client.close();
  }
}

async function runningRevisions(gateway: GatewayProcess, name: string): Promise<number[]> {
  const { body } = await gateway.request('GET', `/api/v1/services/${name}/instances`);
  return body.items.map((item: { revision: number }) => item.revision).sort();
}

const isServed = async (gateway: GatewayProcess, path: string): Promise<boolean> => {
  const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
  return (await gateway.request('POST', path, ping)).status !== 404;
};

describe('an older revision that a route names', () => {
  it('is served beside the current one, after a restart too, and ends with its last route', async () => {
    const dataDir = newDataDir();
    const mark = `kept-${String(process.pid)}`;
    const first = await start(dataDir);
    const created = await first.register({
      name: 'ver',
      version: '1.0.0',
      config: config(`${mark}-one`),
    });
    expect(created.status).toBe(201);
    const routes = [{ path: '/mcp/ver/v/1.0.0' }];
    const updated = await put(first, 'ver', {
      name: 'ver',
      version: '2.0.0',
      config: config(`${mark}-two`, routes),
    });
    expect([updated.status, updated.body.revision]).toEqual([200, 2]);
    expect(await labelAt(first, '/mcp/ver')).toBe(`${mark}-two`);
    expect(await labelAt(first, '/mcp/ver/v/1.0.0')).toBe(`${mark}-one`);
    expect(await isServed(first, '/mcp/ver/v/3.0.0')).toBe(false);
    await first.stop();

    const second = await start(dataDir, first.port);
    await eventually(
      async () => (await runningRevisions(second, 'ver')).join() === '2',
      10_000,
      'the current revision is proven, and the other one not begun',
    );
    expect(await labelAt(second, '/mcp/ver/v/1.0.0')).toBe(`${mark}-one`);
    expect(await runningRevisions(second, 'ver')).toEqual([1, 2]);
    expect(await labelAt(second, '/mcp/ver')).toBe(`${mark}-two`);

    const extra = await second.request('POST', '/api/v1/routes', {
      service: 'ver',
      path: '/mcp/ver/v/1',
    });
    expect(extra.status).toBe(201);
    const dropped = await put(second, 'ver', {
      name: 'ver',
      version: '3.0.0',
      config: config(`${mark}-three`),
    });
    expect(dropped.status).toBe(200);
    expect(await isServed(second, '/mcp/ver/v/1.0.0')).toBe(false);
    expect(await labelAt(second, '/mcp/ver/v/1')).toBe(`${mark}-one`);

    const gone = await second.request(
      'DELETE',
      `/api/v1/routes/${extra.body.route_id as string}`,
      undefined,
      { 'if-match': extra.headers.get('etag') ?? '' },
    );
    expect(gone.status).toBe(204);
    expect(await isServed(second, '/mcp/ver/v/1')).toBe(false);
    await eventually(
      () => processesWith(`label=${mark}-one`).length === 0,
      15_000,
      'the instances of the revision ended',
    );
    expect(await labelAt(second, '/mcp/ver')).toBe(`${mark}-three`);
  }, 60_000);

  it('stays in the history while others are dropped from it', async () => {
    const gateway = await start(newDataDir());
    const upstream = await LightServer.start();
    cleanups.push(() => upstream.stop());
    const spec = (count: number): object => ({
      name: 'long',
      version: `1.0.${String(count)}`,
      config: {
        network: { url: upstream.url, routes: count === 0 ? [] : [{ path: '/mcp/long/v/1.0.0' }] },
      },
    });
    expect((await gateway.register(spec(0))).status).toBe(201);
    for (let count = 1; count <= 23; count += 1) {
      expect((await put(gateway, 'long', spec(count))).status).toBe(200);
    }
    const { body } = await gateway.request('GET', '/api/v1/services/long/revisions?limit=500');
    const kept: number[] = body.items.map((item: { revision: number }) => item.revision);
    expect(kept).toContain(1);
    expect(kept).not.toContain(2);
    expect(kept.length).toBeLessThanOrEqual(22);
    expect(await isServed(gateway, '/mcp/long/v/1.0.0')).toBe(true);
  }, 60_000);
});

describe('a former name', () => {
  it('is served as an alias until that is deleted, and then free for others', async () => {
    const gateway = await start(newDataDir());
    await gateway.register({ name: 'old', config: config('a') });
    expect((await put(gateway, 'old', { name: 'new', config: config('a') })).status).toBe(200);
    expect(await labelAt(gateway, '/mcp/old')).toBe('a');
    const { body } = await gateway.request('GET', '/api/v1/routes?service=new');
    const find = (kind: string): string =>
      body.items.find((item: { kind: string }) => item.kind === kind).route_id;
    const alias = `/api/v1/routes/${find('alias')}`;
    expect((await gateway.request('DELETE', alias)).status).toBe(428);
    expect(
      (await gateway.request('DELETE', alias, undefined, { 'if-match': '"99.1"' })).status,
    ).toBe(412);
    const gone = await gateway.request('DELETE', alias, undefined, await etagOf(gateway, alias));
    expect(gone.status).toBe(204);
    expect(await isServed(gateway, '/mcp/old')).toBe(false);
    const service = await gateway.request('GET', '/api/v1/services/new');
    expect(service.body.former_names).toEqual([]);
    const own = `/api/v1/routes/${find('default')}`;
    const refused = await gateway.request('DELETE', own, undefined, { 'if-match': '*' });
    expect([refused.status, refused.body.code]).toEqual([409, 'routes.derived']);
    expect((await gateway.register({ name: 'old', config: config('b') })).status).toBe(201);
    expect(await labelAt(gateway, '/mcp/old')).toBe('b');
  }, 60_000);
});

describe('the document of a service', () => {
  it('can be sent back whole and changes nothing, and what is unknown in it is refused', async () => {
    const gateway = await start(newDataDir());
    await gateway.register({ name: 'round', config: config('a') });
    const read = await gateway.request('GET', '/api/v1/services/round');
    expect(read.body.config).toEqual(config('a'));
    const same = await put(gateway, 'round', read.body);
    expect([same.status, same.body.outcome, same.body.revision]).toEqual([200, 'unchanged', 1]);
    const edited = await put(gateway, 'round', { ...read.body, title: 'Round' });
    expect([edited.status, edited.body.title, edited.body.revision]).toEqual([200, 'Round', 2]);
    const wrong = await put(gateway, 'round', { ...read.body, colour: 'red' });
    expect(wrong.status).toBe(422);
    expect(wrong.body.errors).toEqual([expect.objectContaining({ pointer: '/colour' })]);
  }, 30_000);
});

describe('a stored document that is not what the store wrote', () => {
  const conditionsOf = async (gateway: GatewayProcess, name: string): Promise<string[]> => {
    const { body } = await gateway.request('GET', `/api/v1/services/${name}`);
    return body.conditions.map((one: { type: string; status: string }) => one.type);
  };

  it('is told of and not in force when edited by hand, until a write settles it', async () => {
    const dataDir = newDataDir();
    const first = await start(dataDir);
    const { body } = await first.register({ name: 'edited', config: config('a') });
    await first.stop();
    const file = join(dataDir, 'services', 'active', `${body.service_id as string}.json`);
    const written = readFileSync(file, 'utf8');
    const edit = written.replace('label=a', 'label=b');
    expect(edit).not.toBe(written);

    for (const settle of ['activate', 'same', 'other']) {
      writeFileSync(file, edit);
      const gateway = await start(dataDir);
      expect(await conditionsOf(gateway, 'edited')).toContain('Drifted');
      expect(await labelAt(gateway, '/mcp/edited')).toBe('a');
      // Neither the boot nor the first proof settles it: the edit stays as the operator left it.
      expect(await conditionsOf(gateway, 'edited')).toContain('Drifted');
      expect(readFileSync(file, 'utf8')).toBe(edit);
      const path = '/api/v1/services/edited';
      const answer =
        settle === 'activate'
          ? await gateway.request('POST', `${path}/activate`)
          : await put(gateway, 'edited', {
              name: 'edited',
              ...(settle === 'other' ? { title: 'Other' } : {}),
              config: config('a'),
            });
      expect([settle, answer.status]).toEqual([settle, 200]);
      await eventually(
        async () => !(await conditionsOf(gateway, 'edited')).includes('Drifted'),
        5000,
        `${settle} ends the drift`,
      );
      const { body: system } = await gateway.request('GET', '/api/v1/system');
      expect(system.storage.faults).toEqual([]);
      await eventually(() => readFileSync(file, 'utf8').includes('label=a'), 5000, 'the file back');
      await gateway.stop();
    }
  }, 90_000);

  it('is not served when damaged, over restarts, until an operator activates it', async () => {
    const dataDir = newDataDir();
    const first = await start(dataDir);
    const { body } = await first.register({ name: 'harmed', config: config('a') });
    await first.register({ name: 'other', config: config('o') });
    await first.stop();
    const file = join(dataDir, 'services', 'active', `${body.service_id as string}.json`);
    writeFileSync(file, '{"half a doc');
    for (let boot = 0; boot < 2; boot += 1) {
      const gateway = await start(dataDir);
      const seen = await gateway.request('GET', '/api/v1/services/harmed');
      expect([seen.body.state, seen.body.last_failure.reason]).toEqual(['error', 'StorageCorrupt']);
      expect(await labelAt(gateway, '/mcp/other')).toBe('o');
      await gateway.stop();
    }
    const gateway = await start(dataDir);
    const active = await gateway.request('POST', '/api/v1/services/harmed/activate');
    expect([active.status, active.body.state]).toEqual([200, 'active']);
    expect(await conditionsOf(gateway, 'harmed')).not.toContain('StorageCorrupt');
    expect(await labelAt(gateway, '/mcp/harmed')).toBe('a');
  }, 60_000);
});
