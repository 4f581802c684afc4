import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayProcess, eventually, fixture, pause } from '../support/gateway-process.js';
import type { Answer, Json } from '../support/gateway-process.js';
import { LightServer } from '../support/light-server.js';
import { connectHttp, textOf } from '../support/mcp-clients.js';

const KNOBBED = fixture('knobbed-server.mjs');
/** A secret that must never be seen anywhere but in the environment of the upstream. */
const CANARY = 'canary-5e3c7a11';
const SECRET = { SWITCHYARD_SECRET_CANARY: CANARY };
const REFERENCE = '${env:SWITCHYARD_SECRET_CANARY}';

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}, 120_000);

async function gatewayWith(
  env: Record<string, string> = {},
  dataDir?: string,
): Promise<GatewayProcess> {
  const given = dataDir === undefined ? {} : { dataDir };
  const gateway = await GatewayProcess.start({ env: { ...SECRET, ...env }, ...given });
  cleanups.push(() =>
    dataDir === undefined ? gateway.dispose() : gateway.stop().then(() => undefined),
  );
  return gateway;
}

async function upstream(): Promise<LightServer> {
  const server = await LightServer.start();
  cleanups.push(() => server.stop());
  return server;
}

async function textFrom(gateway: GatewayProcess, query = ''): Promise<string> {
  const response = await fetch(`${gateway.url}/api/v1/export${query}`);
  expect(response.status).toBe(200);
  return response.text();
}

function send(
  gateway: GatewayProcess,
  query: string,
  body: string,
  type = 'application/json',
): Promise<Answer<Json>> {
  return fetch(`${gateway.url}/api/v1/import?${query}`, {
    method: 'POST',
    headers: { 'content-type': type },
    body,
  }).then(async (response) => ({
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Json,
  }));
}

async function importAll(
  gateway: GatewayProcess,
  body: string,
  options = '',
  type = 'application/json',
): Promise<Answer<Json>> {
  const plan = await send(gateway, `dry_run=true${options}`, body, type);
  expect([plan.status, plan.body]).toMatchObject([200, { applicable: true }]);
  return send(gateway, `plan_hash=${String(plan.body.plan_hash)}${options}`, body, type);
}

/** Three services of different sorts, a template with two revisions, an extra route, a former name. */
async function fill(gateway: GatewayProcess, url: string): Promise<void> {
  const template = await gateway.request('POST', '/api/v1/templates', {
    template_id: 'team',
    title: 'Of the team',
    extends: 'executable_service',
    config: { runtime: { idle_stop_ms: 60_000 } },
  });
  expect(template.status).toBe(201);
  const spawned = await gateway.register({
    name: 'spawned',
    title: 'Grüße: "yes" # 1',
    extends: 'team',
    tags: ['b', 'a'],
    config: {
      runtime: { command: 'node', args: [KNOBBED], env: { TOKEN: REFERENCE } },
      extensions: { acme: { '10': [1, null], '9': 'no', z: 'a\nb' } },
    },
  });
  expect([spawned.status, spawned.body]).toMatchObject([201, {}]);
  const remote = await gateway.register({ name: 'before', config: { network: { url } } });
  const renamed = await gateway.request(
    'PATCH',
    '/api/v1/services/before',
    { name: 'remote' },
    {
      'if-match': remote.headers.get('etag') ?? '',
      'content-type': 'application/merge-patch+json',
    },
  );
  expect(renamed.status).toBe(200);
  await gateway.register({
    name: 'later',
    draft: true,
    config: {
      network: { url },
      integration: { dependencies: [{ service: 'remote', required: false }] },
    },
  });
  const route = { path: '/mcp/remote/alt', service: 'remote', description: 'Another way' };
  expect((await gateway.request('POST', '/api/v1/routes', route)).status).toBe(201);
}

describe('export and import between two gateways', () => {
  it('give the same bytes, as JSON and as YAML, and services that serve', async () => {
    const { url } = await upstream();
    const first = await gatewayWith();
    await fill(first, url);
    const json = await textFrom(first);
    const yaml = await textFrom(first, '?format=yaml');
    for (const [body, type] of [
      [json, 'application/json'],
      [yaml, 'application/yaml'],
    ] as const) {
      const second = await gatewayWith();
      const done = await importAll(second, body, '', type);
      expect([done.status, done.body]).toMatchObject([
        200,
        { summary: { serving: 2, stored: 1, pending: 0, failed: 0 } },
      ]);
      expect(await textFrom(second)).toBe(json);
      expect(await textFrom(second, '?format=yaml')).toBe(yaml);
      for (const path of ['/mcp/spawned', '/mcp/remote', '/mcp/before', '/mcp/remote/alt']) {
        const client = await connectHttp(`${second.url}${path}`);
        expect((await client.listTools()).tools.length).toBeGreaterThan(0);
        await client.close();
      }
      const again = await send(second, 'dry_run=true', json);
      expect(again.body.summary).toMatchObject({ 'no-op': 4, create: 0, conflict: 0 });
      expect(allText(second)).not.toContain(CANARY);
    }
    expect(json).toContain(REFERENCE);
    expect(json + yaml + allText(first)).not.toContain(CANARY);
  }, 240_000);

  it('answer 304 to who has the bundle, and part of it to who names services or may see only those', async () => {
    const { url } = await upstream();
    const gateway = await gatewayWith();
    await fill(gateway, url);
    const whole = await fetch(`${gateway.url}/api/v1/export`);
    expect(whole.headers.get('content-type')).toBe('application/json; charset=utf-8');
    const etag = whole.headers.get('etag') ?? '';
    const again = await fetch(`${gateway.url}/api/v1/export`, {
      headers: { 'if-none-match': etag },
    });
    expect(again.status).toBe(304);
    const part = JSON.parse(await textFrom(gateway, '?services=remote')) as Json;
    expect(part.services.map((one: Json) => one.spec.name)).toEqual(['remote']);
    expect(part.templates).toEqual([]);
    const tagged = JSON.parse(await textFrom(gateway, '?tags=a,zz')) as Json;
    expect(tagged.services.map((one: Json) => one.spec.name)).toEqual(['spawned']);
    expect(tagged.templates).toHaveLength(1);
    const unknown = await gateway.request('GET', '/api/v1/export?services=nobody');
    expect([unknown.status, unknown.body.code]).toEqual([404, 'registry.unknown']);
    const odd = await gateway.request('GET', '/api/v1/export?format=toml&x=1');
    expect([odd.status, odd.body.errors.length]).toEqual([400, 2]);
  }, 120_000);
});

describe('an import', () => {
  it('is refused without its plan, with a stale one, and stores nothing of a bad bundle', async () => {
    const { url } = await upstream();
    const gateway = await gatewayWith();
    const service = (name: string, more: object = {}) => ({
      spec: { name, config: { network: { url } }, ...more },
    });
    const good = JSON.stringify({ bundle_version: '1.0', services: [service('a'), service('b')] });
    const unplanned = await send(gateway, '', good);
    expect([unplanned.status, unplanned.body.code]).toEqual([428, 'bundles.plan-missing']);
    const plan = await send(gateway, 'dry_run=true', good);
    expect((await gateway.register({ name: 'b', config: { network: { url } } })).status).toBe(201);
    const stale = await send(gateway, `plan_hash=${String(plan.body.plan_hash)}`, good);
    expect([stale.status, stale.body.code]).toEqual([409, 'bundles.plan-stale']);
    const mixed = JSON.stringify({
      bundle_version: '1.0',
      services: [service('c'), service('d', { version: 'x' })],
    });
    const bad = await send(gateway, 'dry_run=true', mixed);
    expect(bad.body).toMatchObject({ applicable: false, summary: { create: 1, conflict: 1 } });
    expect(bad.body.items[1].problem.errors[0].pointer).toBe('/services/1/spec/version');
    const refused = await send(gateway, `plan_hash=${String(bad.body.plan_hash)}`, mixed);
    expect([refused.status, refused.body.code]).toEqual([409, 'bundles.import-refused']);
    const list = await gateway.request('GET', '/api/v1/services');
    expect(list.body.items.map((one: Json) => one.name)).toEqual(['b']);
  }, 120_000);

  it('keeps what fails to start in error, says why, and leaves what served before', async () => {
    const { url } = await upstream();
    const gateway = await gatewayWith();
    const dead = 'http://127.0.0.1:9/mcp';
    expect((await gateway.register({ name: 'old', config: { network: { url } } })).status).toBe(
      201,
    );
    const services = [
      { spec: { name: 'new', config: { network: { url: dead } } } },
      { spec: { name: 'old', title: 'changed', config: { network: { url: dead } } } },
    ];
    const body = JSON.stringify({ bundle_version: '1.0', services });
    const done = await importAll(gateway, body, '&conflict=overwrite');
    expect([done.status, done.body.summary]).toMatchObject([200, { failed: 2 }]);
    expect(done.body.services[0]).toMatchObject({
      outcome: 'failed',
      state: 'error',
      problem: { code: 'lifecycle.activation-failed' },
    });
    const old = await gateway.request('GET', '/api/v1/services/old');
    expect(old.body).toMatchObject({ state: 'active', revision: 1, title: null });
  }, 120_000);

  it('is there whole or not at all after kill -9', async () => {
    const { url } = await upstream();
    const names = Array.from({ length: 40 }, (_, index) => `k${String(index)}`);
    const services = names.map((name) => ({ spec: { name, config: { network: { url } } } }));
    const body = JSON.stringify({ bundle_version: '1.0', services });
    const dataDir = mkdtempSync(join(tmpdir(), 'switchyard-import-'));
    cleanups.push(() => rmSync(dataDir, { recursive: true, force: true }));
    const seen = new Set<number>();
    for (const afterMs of [0, 10, 40, 120]) {
      const gateway = await GatewayProcess.start({ dataDir });
      const plan = await send(gateway, 'dry_run=true', body);
      if (plan.body.summary['no-op'] === names.length) {
        await gateway.stop();
        break;
      }
      const applying = send(gateway, `plan_hash=${String(plan.body.plan_hash)}`, body).catch(
        () => null,
      );
      await pause(afterMs);
      await gateway.kill9();
      await applying;
      const back = await GatewayProcess.start({ dataDir });
      const list = await back.request('GET', '/api/v1/services?limit=500');
      seen.add(list.body.total as number);
      await back.stop();
    }
    for (const count of seen) expect([0, names.length]).toContain(count);
    expect(seen.size).toBeGreaterThan(0);
  }, 240_000);

  it('reads the file of a client, of VS Code, and a server.json', async () => {
    const { url } = await upstream();
    const gateway = await gatewayWith();
    const file = {
      mcpServers: {
        'My Files': { command: 'node', args: [KNOBBED], env: { REGION: 'eu' } },
        Remote: { type: 'http', url, disabled: false },
        off: { command: 'node', disabled: true },
      },
    };
    const done = await importAll(gateway, JSON.stringify(file));
    expect(done.body.services.map((one: Json) => [one.name, one.outcome])).toEqual([
      ['my-files', 'serving'],
      ['remote', 'serving'],
    ]);
    expect(done.body.warnings[0]).toContain('"off" is disabled');
    const client = await connectHttp(`${gateway.url}/mcp/my-files`);
    const echoed = await client.callTool({ name: 'echo', arguments: { text: 'hi' } });
    expect(textOf(echoed)).toContain('hi');
    await client.close();
    const code = { servers: { fromcode: { type: 'stdio', command: 'node', args: [KNOBBED] } } };
    expect((await importAll(gateway, JSON.stringify(code))).body.summary.serving).toBe(1);
    const published = {
      name: 'io.example/published',
      description: 'Published',
      version: '1.2.3',
      remotes: [{ type: 'streamable-http', url }],
    };
    const server = await importAll(gateway, JSON.stringify(published));
    expect(server.body.services[0]).toMatchObject({ name: 'published', outcome: 'serving' });
    const twice = await send(gateway, 'dry_run=true', JSON.stringify(published));
    expect(twice.body.items[0].action).toBe('no-op');
  }, 120_000);

  it('archives what is not in the bundle when it is told to', async () => {
    const { url } = await upstream();
    const gateway = await gatewayWith();
    for (const name of ['keep', 'drop'])
      await gateway.register({ name, config: { network: { url } } });
    const body = await textFrom(gateway, '?services=keep');
    const done = await importAll(gateway, body, '&prune=true');
    expect(done.body.services).toMatchObject([{ name: 'drop', action: 'delete' }]);
    await eventually(
      async () => (await gateway.request('GET', '/api/v1/services/drop')).status === 410,
    );
    const audit = await gateway.request('GET', '/api/v1/services/keep');
    expect(audit.status).toBe(200);
  }, 120_000);

  it('is for admins, within limits, and of forms that are known', async () => {
    const gateway = await gatewayWith();
    const tries: [string, string, number, string][] = [
      ['{"bundle_version":"2.0"}', 'application/json', 422, 'bundles.bundle-newer'],
      ['{"bundle_version":"1.0","extra":1}', 'application/json', 422, 'bundles.bundle-invalid'],
      ['{"something":"else"}', 'application/json', 422, 'bundles.bundle-invalid'],
      ['a: &x [1]\nb: *x\n', 'application/yaml', 422, 'bundles.bundle-invalid'],
      [
        'bundle_version: "1.0"\nbundle_version: "1.0"\n',
        'application/yaml',
        422,
        'bundles.bundle-invalid',
      ],
      [
        `{"bundle_version":"1.0","services":[${'['.repeat(100_000)}${']'.repeat(100_000)}]}`,
        'application/json',
        422,
        'bundles.bundle-invalid',
      ],
      ['['.repeat(3000), 'application/yaml', 422, 'bundles.bundle-invalid'],
      [`a: "${'x'.repeat(1_100_000)}"`, 'application/yaml', 422, 'bundles.bundle-invalid'],
    ];
    for (const [body, type, status, code] of tries) {
      const answer = await send(gateway, 'dry_run=true', body, type);
      expect([answer.status, answer.body.code]).toEqual([status, code]);
    }
    const service = {
      spec: {
        name: 'big',
        description: 'x'.repeat(4000),
        config: { network: { url: 'http://127.0.0.1:9/' } },
      },
    };
    const services = Array.from({ length: 2000 }, (_, index) => ({
      desired: 'draft',
      spec: { ...service.spec, name: `big-${String(index)}` },
    }));
    const large = JSON.stringify({ bundle_version: '1.0', services });
    expect(large.length).toBeGreaterThan(4 * 1024 * 1024);
    expect((await send(gateway, 'dry_run=true', large)).body.summary.create).toBe(2000);
  }, 120_000);
});

/** Every file of a gateway's data, and what it logged. */
function allText(gateway: GatewayProcess): string {
  const read = (directory: string): string =>
    readdirSync(directory)
      .map((name) => join(directory, name))
      .map((path) => (statSync(path).isDirectory() ? read(path) : readFileSync(path, 'latin1')))
      .join('\n');
  return `${read(gateway.dataDir)}\n${gateway.logs}`;
}
