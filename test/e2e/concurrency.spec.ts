import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayProcess, eventually, pause } from '../support/gateway-process.js';
import { LightServer } from '../support/light-server.js';

let gateway: GatewayProcess;
let upstream: LightServer;

beforeAll(async () => {
  [gateway, upstream] = await Promise.all([GatewayProcess.start(), LightServer.start()]);
}, 60_000);

afterAll(async () => {
  await gateway.dispose();
  await upstream.stop();
}, 30_000);

const remote = (name: string, extra: object = {}): object => ({
  name,
  config: { network: { url: upstream.url } },
  ...extra,
});

function activeFiles(): string[] {
  return readdirSync(join(gateway.dataDir, 'services', 'active')).filter(
    (file) => file.endsWith('.json') && file !== 'index.json',
  );
}

describe('many writers at once', () => {
  it('200 parallel registrations of 200 names all work, and table and files agree', async () => {
    const names = Array.from({ length: 200 }, (_, index) => `many-${index}`);
    const answers = await Promise.all(names.map((name) => gateway.register(remote(name))));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    const routes = await gateway.request('GET', '/api/v1/routes?limit=500');
    expect(routes.body.total).toBe(200);
    await eventually(() => activeFiles().length === 200, 10_000, '200 files');
    for (const file of activeFiles().slice(0, 20)) {
      const text = readFileSync(join(gateway.dataDir, 'services', 'active', file), 'utf8');
      expect(() => JSON.parse(text) as unknown).not.toThrow();
    }
  }, 60_000);

  it('200 parallel registrations of one name have exactly one winner', async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => gateway.register(remote('wanted'))),
    );
    const winners = answers.filter(({ status }) => status === 201);
    const losers = answers.filter(({ status }) => status === 409);
    expect([winners.length, losers.length]).toEqual([1, 199]);
    expect(new Set(losers.map(({ body }) => body.service_id))).toEqual(
      new Set([winners[0]?.body.service_id]),
    );
  }, 60_000);

  it('50 writers with one ETag have exactly one winner', async () => {
    const current = await gateway.request('GET', '/api/v1/services/many-0?view=spec');
    const etag = current.headers.get('etag') ?? '';
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        gateway.request(
          'PUT',
          '/api/v1/services/many-0',
          { ...current.body, description: `writer ${index}` },
          { 'if-match': etag },
        ),
      ),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 412)).toHaveLength(49);
    const winner = answers.find(({ status }) => status === 200);
    const after = await gateway.request('GET', '/api/v1/services/many-0');
    expect(after.body.description).toBe(winner?.body.description);
    expect(after.body.revision).toBe(2);
  }, 60_000);

  it('one key of idempotency registers once, however many send it at the same time', async () => {
    const key = { 'idempotency-key': 'k-1' };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => gateway.register(remote('once'), key)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ body }) => body.service_id)).size).toBe(1);
    const other = await gateway.register(remote('twice'), key);
    expect(other.status).toBe(422);
    expect(other.body.code).toBe('registration.idempotency-mismatch');
  }, 30_000);
});

describe('one path claimed by many at once', () => {
  it('goes to exactly one of them, be it an extra route or the name of a new service', async () => {
    for (const round of [1, 2, 3]) {
      const routes = Array.from({ length: 10 }, (_, index) =>
        gateway.request('POST', '/api/v1/routes', {
          path: `/mcp/claimed-${round}`,
          service: `many-${index}`,
        }),
      );
      const service = gateway.register(remote(`claimed-${round}`));
      const statuses = (await Promise.all([...routes, service])).map(({ status }) => status);
      expect(statuses.filter((status) => status === 201)).toHaveLength(1);
      expect(new Set(statuses)).toEqual(new Set([201, 409]));
    }
  }, 30_000);

  it('is refused to a route that would take the paths of every service', async () => {
    const route = { path: '/mcp/{any}', service: 'many-0' };
    const refused = await gateway.request('POST', '/api/v1/routes', route);
    expect([refused.status, refused.body.code]).toEqual([422, 'routes.not-owner']);
  });
});

describe('dependencies', () => {
  it('let a service wait in error until what it needs appears, then heal by themselves', async () => {
    const needs = { integration: { dependencies: [{ service: 'needed', version: '^2.0.0' }] } };
    const waiting = await gateway.register(
      remote('needy', { config: { network: { url: upstream.url }, ...needs } }),
    );
    expect(waiting.status).toBe(422);
    expect(waiting.body.stage).toBe('dependencies');

    await gateway.register(remote('needed', { version: '1.0.0' }));
    await pause(300);
    const still = await gateway.request('GET', '/api/v1/services/needy');
    expect(still.body.state).toBe('error');

    const needed = await gateway.request('GET', '/api/v1/services/needed?view=spec');
    await gateway.request(
      'PUT',
      '/api/v1/services/needed',
      { ...needed.body, version: '2.1.0' },
      { 'if-match': needed.headers.get('etag') ?? '' },
    );
    await eventually(
      async () => (await gateway.request('GET', '/api/v1/services/needy')).body.state === 'active',
      10_000,
      'needy healed',
    );
  }, 30_000);

  it('refuse to delete what others need, naming them', async () => {
    const needed = await gateway.request('GET', '/api/v1/services/needed');
    const refused = await gateway.request('DELETE', '/api/v1/services/needed', undefined, {
      'if-match': needed.headers.get('etag') ?? '',
    });
    expect(refused.status).toBe(409);
    expect(refused.body.code).toBe('registry.has-dependents');
    expect(JSON.stringify(refused.body)).toContain('needy');
  });
});
