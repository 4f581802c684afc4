import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  GatewayProcess,
  fixture,
  pause,
  type Answer,
  type Json,
} from '../support/gateway-process.js';
import { LightServer } from '../support/light-server.js';

/** By hand: `BACKUP_KILLS=50 npm run jest -- --selectProjects e2e -- backup`. */
const KILLS = Number(process.env['BACKUP_KILLS'] ?? 3);
const DRAFTS = 80;
const CANARY = 'canary-7f3e19d2-not-to-be-found';
const ENV = { SWITCHYARD_SECRET_TOKEN: CANARY };

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}, 60_000);

async function start(dataDir: string): Promise<GatewayProcess> {
  const gateway = await GatewayProcess.start({ dataDir, env: ENV });
  cleanups.push(async () => {
    await gateway.stop();
  });
  return gateway;
}

function newDataDir(): string {
  const dataDir = mkdtempSync(join(tmpdir(), 'switchyard-backup-'));
  cleanups.push(() => rmSync(dataDir, { recursive: true, force: true }));
  return dataDir;
}

async function done(answer: Promise<Answer<Json>>, status: number): Promise<Json> {
  const { status: found, body } = await answer;
  expect({ status: found, body }).toMatchObject({ status });
  return body;
}

const ANY = { 'if-match': '*' };

/** A registry with something of everything, and the file of what is wanted of it. */
async function populate(gateway: GatewayProcess, url: string): Promise<void> {
  const template = {
    template_id: 'team',
    title: 'Team',
    extends: 'remote_http_service',
    config: { runtime: { call_timeout_ms: 9000 } },
  };
  await done(gateway.request('POST', '/api/v1/templates', template), 201);
  const token = '${env:SWITCHYARD_SECRET_TOKEN}';
  const network = { url, headers: { authorization: `Bearer ${token}` } };
  const remote = { name: 'remote', extends: 'team', config: { network } };
  await done(gateway.register(remote), 201);
  const args = [fixture('knobbed-server.mjs')];
  const local = { name: 'local', config: { runtime: { command: 'node', args } } };
  await done(gateway.register(local), 201);
  await done(gateway.register({ name: 'doomed', config: { network: { url } } }), 201);
  const route = { service: 'remote', path: '/mcp/remote/extra' };
  await done(gateway.request('POST', '/api/v1/routes', route), 201);
  // So that a backup takes long enough to be killed in the middle.
  for (let number = 0; number < DRAFTS; number += 1) {
    const draft = { name: `draft-${number}`, description: 'x'.repeat(2000), draft: true };
    await done(gateway.register({ ...draft, config: { network: { url } } }), 201);
  }
}

async function change(gateway: GatewayProcess, url: string): Promise<void> {
  const services = '/api/v1/services';
  const patch = { description: 'changed', tags: ['new'] };
  await done(gateway.request('PATCH', `${services}/remote`, patch, ANY), 200);
  await done(gateway.request('DELETE', `${services}/doomed`, undefined, ANY), 204);
  await done(gateway.request('POST', `${services}/local/deactivate`, {}), 200);
  await done(gateway.register({ name: 'newcomer', config: { network: { url } } }), 201);
  const { items } = await done(gateway.request('GET', '/api/v1/routes?kind=extra'), 200);
  const { route_id: routeId } = items[0];
  await done(gateway.request('DELETE', `/api/v1/routes/${routeId}`, undefined, ANY), 204);
  const template = await gateway.request('GET', '/api/v1/templates/team');
  const etag = { 'if-match': template.headers.get('etag') ?? '*' };
  const next = { template_id: 'team', title: 'Other', config: {} };
  await done(gateway.request('PUT', '/api/v1/templates/team', next, etag), 200);
}

async function exported(gateway: GatewayProcess): Promise<string> {
  const response = await fetch(`${gateway.url}/api/v1/export?format=json`);
  expect(response.status).toBe(200);
  return response.text();
}

function backupFiles(dataDir: string): string[] {
  return readdirSync(join(dataDir, 'services', 'backups')).filter((name) => name !== 'services');
}

/** Kills the gateway once the archive is being written, or some time after; answers whether that was seen in time. */
async function killInTheMiddle(gateway: GatewayProcess, delayMs: number): Promise<boolean> {
  const before = new Set(backupFiles(gateway.dataDir));
  const making = gateway.request('POST', '/api/v1/backups').then(
    ({ status }) => status,
    () => 0,
  );
  let seen = false;
  for (let round = 0; round < 20_000 && !seen; round += 1) {
    const fresh = backupFiles(gateway.dataDir).filter((name) => !before.has(name));
    seen = fresh.some((name) => name.endsWith('.tar.gz.tmp'));
    if (!seen) await new Promise((resolve) => setImmediate(resolve));
  }
  await pause(delayMs);
  await gateway.kill9();
  await making;
  return seen;
}

describe('a backup of a real gateway', () => {
  it('survives kill -9 in the middle of another one, and brings everything back byte for byte', async () => {
    const dataDir = newDataDir();
    const upstream = await LightServer.start();
    cleanups.push(() => upstream.stop());
    let gateway = await start(dataDir);
    await populate(gateway, upstream.url);
    const wanted = await exported(gateway);
    const made = await done(gateway.request('POST', '/api/v1/backups'), 201);
    const { backup_id: id } = made;
    expect(made).toMatchObject({ services: 3 + DRAFTS, templates: 1, lost: [], verified: true });
    await change(gateway, upstream.url);
    expect(await exported(gateway)).not.toBe(wanted);

    let caught = 0;
    for (let round = 0; round < KILLS; round += 1) {
      if (await killInTheMiddle(gateway, (round * 7) % 40)) caught += 1;
      gateway = await start(dataDir);
      const names = backupFiles(dataDir);
      expect(names.filter((name) => !/\.tar\.gz(\.sha256)?$/.test(name))).toEqual([]);
      const { items } = await done(gateway.request('GET', '/api/v1/backups'), 200);
      expect(names).toHaveLength(2 * items.length);
      for (const item of items) {
        await done(gateway.request('POST', `/api/v1/backups/${item.backup_id}/verify`), 200);
      }
    }
    expect(caught).toBeGreaterThan(0);

    const plan = `/api/v1/backups/${id}/restore?dry_run=true`;
    const planned = await done(gateway.request('POST', plan), 200);
    expect(planned).toMatchObject({ outcome: 'planned', conflicts: [] });
    const restored = await done(
      gateway.request('POST', `/api/v1/backups/${id}/restore`, undefined, { prefer: 'wait=60' }),
      200,
    );
    expect(restored).toMatchObject({ outcome: 'restored', items: planned.items });
    expect(await exported(gateway)).toBe(wanted);
    expect(restored.revision).toBeGreaterThan(planned.revision);
    for (const name of ['remote', 'local', 'doomed']) {
      const service = await done(gateway.request('GET', `/api/v1/services/${name}`), 200);
      expect(service).toMatchObject({ state: 'active' });
    }
    await done(gateway.request('GET', '/api/v1/services/newcomer'), 410);
    await gateway.stop();
    gateway = await start(dataDir);
    expect(await exported(gateway)).toBe(wanted);
  }, 600_000);

  it('holds no secret, is downloaded whole, restores on another machine, and is refused with a bit turned', async () => {
    const dataDir = newDataDir();
    const upstream = await LightServer.start();
    cleanups.push(() => upstream.stop());
    const gateway = await start(dataDir);
    await populate(gateway, upstream.url);
    const wanted = await exported(gateway);
    const { backup_id: id, sha256 } = await done(gateway.request('POST', '/api/v1/backups'), 201);
    const response = await fetch(`${gateway.url}/api/v1/backups/${id}/archive`);
    expect(response.headers.get('content-type')).toBe('application/gzip');
    expect(response.headers.get('x-content-sha256')).toBe(sha256);
    const archive = Buffer.from(await response.arrayBuffer());
    const unzipped = gunzipSync(archive).toString('latin1');
    expect(unzipped).toContain('SWITCHYARD_SECRET_TOKEN');
    for (const secret of [CANARY, ...keysIn(dataDir)]) expect(unzipped).not.toContain(secret);
    const folder = join(dataDir, 'services', 'backups');
    expect(statSync(join(folder, `${id}.tar.gz`)).mode & 0o777).toBe(0o600);

    const elsewhere = newDataDir();
    const other = await start(elsewhere);
    await done(other.request('POST', '/api/v1/backups'), 201);
    const drop = join(elsewhere, 'services', 'backups', `${id}.tar.gz`);
    writeFileSync(drop, archive);
    writeFileSync(`${drop}.sha256`, `${sha256}  ${id}.tar.gz\n`);
    const path = `/api/v1/backups/${id}/restore`;
    const damaged = Buffer.from(archive);
    damaged[300] = (damaged[300] ?? 0) ^ 1;
    writeFileSync(drop, damaged);
    const refused = await done(other.request('POST', path), 422);
    expect(refused).toMatchObject({ code: 'bundles.backup-damaged' });
    expect(JSON.parse(await exported(other))).toMatchObject({ services: [] });
    writeFileSync(drop, archive);
    const prefer = { prefer: 'wait=60' };
    expect(await done(other.request('POST', path, undefined, prefer), 200)).toMatchObject({
      outcome: 'restored',
    });
    expect(await exported(other)).toBe(wanted);
    await done(other.request('DELETE', `/api/v1/backups/${id}`), 204);
    await done(other.request('GET', `/api/v1/backups/${id}`), 404);
  }, 600_000);
});

/** Whatever looks like a key in the files that are never backed up. */
function keysIn(dataDir: string): string[] {
  const directory = join(dataDir, 'services', 'keys');
  return readdirSync(directory).flatMap((name) => {
    const text = readFileSync(join(directory, name), 'utf8');
    return text.match(/[A-Za-z0-9+/_=-]{24,}/g) ?? [];
  });
}
