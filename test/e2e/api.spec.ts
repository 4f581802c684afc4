import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { GatewayProcess, eventually, fixture } from '../support/gateway-process.js';
import type { Answer, Json } from '../support/gateway-process.js';
import { LightServer } from '../support/light-server.js';

const KNOBBED = fixture('knobbed-server.mjs');
const SCRIPT = '8c1d6e4e-32a1-4c0a-9d43-6f1d1e2f3a4b';

let gateway: GatewayProcess;
let upstream: LightServer;

beforeAll(async () => {
  [gateway, upstream] = await Promise.all([GatewayProcess.start(), LightServer.start()]);
}, 60_000);

afterAll(async () => {
  await gateway.dispose();
  await upstream.stop();
}, 30_000);

const manifest = (label: string): object => ({
  script_id: SCRIPT,
  name: 'wrapped',
  type: 'function',
  hosting_mode: 'stdio',
  wrapper: { command: 'node', args: [KNOBBED, `label=${label}`] },
  tags: ['generated'],
});
const hook = (body: object): Promise<Answer<Json>> =>
  gateway.request('POST', '/api/v1/hooks/wrapper-generated', body);

describe('the generator hook', () => {
  it('registers, then changes nothing, then updates: always by script_id', async () => {
    const first = await hook(manifest('one'));
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({
      name: 'wrapped',
      state: 'active',
      script_id: SCRIPT,
      revision: 1,
    });
    expect(first.body.proof.level).toBe('executed');
    expect(first.body.endpoints.streamable_http).toBe(`${gateway.url}/mcp/wrapped`);

    const same = await hook(manifest('one'));
    expect([same.status, same.body.outcome, same.body.revision]).toEqual([200, 'unchanged', 1]);

    const changed = await hook(manifest('two'));
    expect([changed.status, changed.body.revision]).toEqual([200, 2]);
    const call = await gateway.request('POST', '/api/v1/services/wrapped/tools/label', {});
    expect(JSON.stringify(call.body)).toContain('two');
  }, 60_000);

  it('says precisely why a manifest is refused', async () => {
    const refused = await hook({
      name: 'x',
      wrapper: { command: 'node', url: 'http://127.0.0.1/' },
    });
    expect(refused.status).toBe(422);
    expect(refused.body.errors.map((error: { pointer: string }) => error.pointer)).toContain(
      '/script_id',
    );
  });
});

describe('the inbox', () => {
  const inbox = (): string => join(gateway.dataDir, 'inbox');
  const drop = (name: string, content: string): void => {
    writeFileSync(join(inbox(), `${name}.tmp`), content);
    renameSync(join(inbox(), `${name}.tmp`), join(inbox(), name));
  };

  it('registers a dropped manifest, answers beside it and puts it away', async () => {
    await eventually(() => existsSync(inbox()), 5000);
    drop(
      'a.json',
      JSON.stringify({
        ...manifest('x'),
        script_id: '11111111-2222-4333-8444-555555555555',
        name: 'dropped',
      }),
    );
    const result = await eventually(
      () =>
        existsSync(join(inbox(), 'a.result.json')) &&
        (JSON.parse(readFileSync(join(inbox(), 'a.result.json'), 'utf8')) as Record<
          string,
          unknown
        >),
      20_000,
      'a result file',
    );
    expect(JSON.stringify(result)).toContain('dropped');
    expect(existsSync(join(inbox(), 'done', 'a.json'))).toBe(true);
    expect((await gateway.request('GET', '/api/v1/services/dropped')).body.state).toBe('active');
  }, 30_000);

  it('answers a broken file with the problem and follows no link', async () => {
    drop('broken.json', '{"name":');
    writeFileSync(
      join(gateway.dataDir, 'outside.json'),
      JSON.stringify({ ...manifest('x'), name: 'linked' }),
    );
    symlinkSync(join(gateway.dataDir, 'outside.json'), join(inbox(), 'linked.json'));
    await eventually(
      () => existsSync(join(inbox(), 'broken.result.json')),
      10_000,
      'a result file',
    );
    expect(readFileSync(join(inbox(), 'broken.result.json'), 'utf8')).toMatch(/JSON/i);
    expect((await gateway.request('GET', '/api/v1/services/linked')).status).toBe(404);
  }, 30_000);

  it('is off while others may write into its folder', async () => {
    const other = await GatewayProcess.start({ env: { SWITCHYARD_LOG_LEVEL: 'warn' } });
    const folder = join(other.dataDir, 'inbox');
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o777);
    writeFileSync(join(folder, 'b.json'), JSON.stringify(manifest('x')));
    await eventually(() => other.logs.includes('inbox'), 10_000, 'a log line about the inbox');
    expect(existsSync(join(folder, 'b.result.json'))).toBe(false);
    await other.dispose();
  }, 30_000);
});

describe('the live document', () => {
  it('shows each tool as a typed operation that runs, and forgets it with its service', async () => {
    const created = await gateway.register({
      name: 'typed',
      title: 'Typed',
      config: { network: { url: upstream.url } },
    });
    const document = await gateway.request('GET', '/openapi.json');
    const operation = document.body.paths['/api/v1/services/typed/tools/echo'].post;
    const schema = operation.requestBody.content['application/json'].schema;
    expect(JSON.stringify(schema)).toContain('"text"');
    const run = await gateway.request('POST', '/api/v1/services/typed/tools/echo', {
      text: 'from the page',
    });
    expect(JSON.stringify(run.body)).toContain('from the page');
    const wrong = await gateway.request('POST', '/api/v1/services/typed/tools/echo', { text: 7 });
    expect(wrong.status).toBe(422);
    expect(wrong.body.errors[0].pointer).toBe('/text');

    await gateway.request('DELETE', '/api/v1/services/typed', undefined, {
      'if-match': created.headers.get('etag') ?? '',
    });
    const after = await gateway.request('GET', '/openapi.json');
    expect(after.body.paths['/api/v1/services/typed/tools/echo']).toBeUndefined();
  });

  it('serves the page from here alone', async () => {
    const page = await gateway.request<string>('GET', '/docs');
    expect(page.status).toBe(200);
    expect(page.body).toContain('swagger-ui');
    expect(page.body).not.toMatch(/src="https?:\/\//);
  });
});

describe('reading', () => {
  beforeAll(async () => {
    for (const name of ['alpha', 'beta', 'gamma']) {
      await gateway.register({
        name,
        tags: [name === 'gamma' ? 'odd' : 'greek'],
        description: `the ${name} letter`,
        config: { network: { url: upstream.url } },
      });
    }
  });

  it('lists with filters, search, sorting and a cursor', async () => {
    const greek = await gateway.request('GET', '/api/v1/services?tag=greek&sort=-name');
    expect(greek.body.items.map((item: { name: string }) => item.name)).toEqual(['beta', 'alpha']);
    const found = await gateway.request('GET', '/api/v1/services?q=gamma');
    expect(found.body.items[0].name).toBe('gamma');
    const names: string[] = [];
    let next = '/api/v1/services?limit=2&sort=name';
    for (let page = 0; page < 10 && next !== ''; page += 1) {
      const { body } = await gateway.request('GET', next);
      names.push(...body.items.map((item: { name: string }) => item.name));
      next =
        body.next_cursor === null
          ? ''
          : `/api/v1/services?limit=2&sort=name&cursor=${body.next_cursor}`;
    }
    expect(names).toEqual([...new Set(names)].sort());
    expect(names).toEqual(expect.arrayContaining(['alpha', 'beta', 'gamma']));
    expect((await gateway.request('GET', '/api/v1/services?colour=red')).status).toBe(400);
  });

  it('answers 304 for what the client has, 428 and 412 for blind writes', async () => {
    const read = await gateway.request('GET', '/api/v1/services/alpha');
    const etag = read.headers.get('etag') ?? '';
    expect(
      (await gateway.request('GET', '/api/v1/services/alpha', undefined, { 'if-none-match': etag }))
        .status,
    ).toBe(304);
    const spec = await gateway.request('GET', '/api/v1/services/alpha?view=spec');
    const put = (headers: Record<string, string>): Promise<Answer<Json>> =>
      gateway.request(
        'PUT',
        '/api/v1/services/alpha',
        { ...spec.body, description: 'changed' },
        headers,
      );
    expect((await put({})).status).toBe(428);
    expect((await put({ 'if-match': '"999.1"' })).status).toBe(412);
    expect((await put({ 'if-match': etag })).status).toBe(200);
  });

  it('plans without changing anything with dry_run', async () => {
    const plan = await gateway.request('POST', '/api/v1/services?dry_run=true', {
      name: 'planned',
      config: { network: { url: upstream.url } },
    });
    expect(plan.status).toBe(200);
    expect((await gateway.request('GET', '/api/v1/services/planned')).status).toBe(404);
  });

  it('tells every change once and in order, from wherever the reader left off', async () => {
    const { body } = await gateway.request('GET', '/api/v1/changes?since=0');
    const revisions: number[] = body.items.map((item: { revision: number }) => item.revision);
    expect(revisions.length).toBeGreaterThan(3);
    expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b));
  });

  it('keeps revisions, shows their difference and explains the configuration', async () => {
    const revisions = await gateway.request('GET', '/api/v1/services/alpha/revisions');
    expect(revisions.body.items).toHaveLength(2);
    const diff = await gateway.request('GET', '/api/v1/services/alpha/revisions/diff?from=1&to=2');
    expect(JSON.stringify(diff.body)).toContain('/description');
    const explained = await gateway.request('GET', '/api/v1/services/alpha/config?explain=true');
    expect(explained.status).toBe(200);
    expect(JSON.stringify(explained.body)).toContain('remote_http_service');
  });

  it('exposes metrics, health, readiness, templates, routes, system and dependencies', async () => {
    const metrics = await gateway.request<string>('GET', '/metrics');
    expect(metrics.body).toContain('switchyard_services');
    for (const path of [
      '/healthz',
      '/readyz',
      '/api/v1/templates',
      '/api/v1/routes',
      '/api/v1/system',
      '/api/v1/dependencies?format=mermaid',
      '/api/v1/config/schema',
      '/api/v1/services/alpha/health',
    ]) {
      expect([path, (await gateway.request('GET', path)).status]).toEqual([path, 200]);
    }
    const checked = await gateway.request('POST', '/api/v1/services/alpha/health/check');
    expect(checked.body).toMatchObject({ level: 'healthy' });
    expect(JSON.stringify(checked.body.checks)).toContain('executed echo');
  });

  it('tells who was called how often, by tool', async () => {
    await gateway.request('POST', '/api/v1/services/beta/tools/echo', { text: 'x' });
    const usage = await gateway.request('GET', '/api/v1/services/beta/usage');
    expect(usage.body.tools[0]).toMatchObject({ tool: 'echo', calls: 1, errors: 0 });
    expect(usage.body.tools[0].buckets).toHaveLength(1);
    const all = await gateway.request('GET', '/api/v1/usage');
    expect(all.body.items.map((item: { name: string }) => item.name)).toContain('beta');
  });

  it.each([
    ['markdown', 'text/markdown', '## Tools'],
    ['html', 'text/html', '<h2>Tools</h2>'],
    ['openapi', 'application/json', '/api/v1/services/gamma/tools/echo'],
    ['server_json', 'application/json', 'streamable-http'],
  ])('documents a service as %s', async (format, type, needle) => {
    const document = await gateway.request('GET', `/api/v1/services/gamma/docs?format=${format}`);
    expect(document.status).toBe(200);
    expect(document.headers.get('content-type')).toContain(type);
    expect(
      typeof document.body === 'string' ? document.body : JSON.stringify(document.body),
    ).toContain(needle);
  });

  it('a path that does not take the method says which ones it takes', async () => {
    for (const [method, path, allow] of [
      ['DELETE', '/api/v1/services', 'GET, HEAD, POST'],
      ['PUT', '/api/v1/templates', 'GET, HEAD, POST'],
      ['POST', '/api/v1/services/any/health', 'GET, HEAD'],
    ] as const) {
      const refused = await gateway.request(method, path);
      expect([refused.status, refused.headers.get('allow')]).toEqual([405, allow]);
      expect(refused.body.code).toBe('http.method-not-allowed');
    }
    expect((await gateway.request('DELETE', '/api/v1/nothing')).status).toBe(404);
  });

  it('drafts are stored and serve nothing until activated', async () => {
    const draft = await gateway.register({
      name: 'sketch',
      draft: true,
      config: { network: { url: upstream.url } },
    });
    expect([draft.status, draft.body.state]).toEqual([201, 'draft']);
    expect(
      (await gateway.request('POST', '/mcp/sketch', { jsonrpc: '2.0', id: 1, method: 'ping' }))
        .status,
    ).toBe(404);
    const active = await gateway.request('POST', '/api/v1/services/sketch/activate');
    expect([active.status, active.body.state]).toEqual([200, 'active']);
    const off = await gateway.request('POST', '/api/v1/services/sketch/deactivate');
    expect(off.body.state).toBe('inactive');
    const refused = await gateway.request('POST', '/mcp/sketch', {
      jsonrpc: '2.0',
      id: 1,
      method: 'ping',
    });
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).not.toBeNull();
  });
});
