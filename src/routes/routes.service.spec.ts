import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { serviceConfig, serviceDocument, serviceSpec } from '../../test/support/service-fixture.js';
import type { Principal } from '../auth/principal.js';
import { SystemRandom } from '../kernel/random.js';
import { registryProblems } from '../registry/registry.errors.js';
import type { ChangeContext, ServiceDocument } from '../registry/service.js';
import { MemoryStore } from '../storage/memory.store.js';
import { RouteRepository } from './route.repository.js';
import { RoutesService, type Caller } from './routes.service.js';

type Ports = ConstructorParameters<typeof RoutesService>;

const ALL: Principal = { id: 'ann', kind: 'key', scopes: new Set(['write']), services: null };
const CALLER: Caller = { principal: ALL, requestId: 'r-1' };
const ONLY_FILES: Caller = { principal: { ...ALL, services: ['files'] }, requestId: null };

describe('RoutesService', () => {
  let services: ServiceDocument[];
  let published: string[];
  let dropped: string[];
  let clock: ManualClock;
  let store: MemoryStore;
  let routes: RoutesService;

  beforeEach(async () => {
    clock = new ManualClock();
    store = new MemoryStore(clock);
    await store.open();
    published = [];
    dropped = [];
    services = [serviceDocument('weather'), serviceDocument('files')];
    const find = (key: string) =>
      services.find((one) => one.service_id === key || one.spec.name === key);
    const registry = {
      find,
      require: (key: string) => find(key),
      list: () => services,
      revisions: () => Promise.resolve([]),
      etag: (id: string, status: number) => `"${String(find(id)?.generation)}.${String(status)}"`,
      checkIfMatch: (header: string) => {
        if (header !== '"1.0"') throw registryProblems['etag-stale']();
        return '1';
      },
      dropFormerName: (id: string, name: string, { actor }: ChangeContext, how: object) => {
        dropped.push(`${id} ${name} ${actor} ${JSON.stringify(how)}`);
        services = services.map((one) =>
          one.service_id === id ? { ...one, former_names: [] } : one,
        );
        return Promise.resolve();
      },
    };
    const publisher = {
      routes: [],
      publish: (ids?: Iterable<string>) => {
        published.push([...(ids ?? ['all'])].join());
        return Promise.resolve(published.length);
      },
    };
    routes = new RoutesService(
      registry as unknown as Ports[0],
      new RouteRepository(store),
      publisher as unknown as Ports[2],
      clock,
      new SystemRandom(),
    );
  });

  const create = (path: string, over: object = {}, caller = CALLER) =>
    routes.create(
      { path, service: 'weather', priority: 0, version: null, description: null, ...over },
      caller,
    );

  it('stores a route with who made it, and publishes it before it answers', async () => {
    const route = await create('/mcp/climate');
    expect(route).toMatchObject({ claim: { path: '/mcp/climate', kind: 'extra' }, etag: '"1"' });
    expect(published).toEqual(['weather']);
    const [commit] = await store.changesSince(0);
    expect(commit?.meta).toMatchObject({ actor: 'ann', verb: 'route.create', request_id: 'r-1' });
  });

  it.each<[string, object, string]>([
    ['/mcp/Climate', {}, 'routes.path-invalid'],
    ['/mcp/sse', {}, 'routes.reserved'],
    ['/mcp/files/x', {}, 'routes.not-owner'],
    ['/mcp/files', {}, 'routes.path-conflict'],
    ['/mcp/files', { priority: 1 }, 'routes.not-owner'],
    ['/mcp/weather/v/2.0.0', { version: '1.0.0' }, 'routes.version-mismatch'],
    ['/mcp/weather/old', { version: '7.7.7' }, 'routes.version-unknown'],
    ['/mcp/weather', {}, 'routes.path-conflict'],
  ])('refuses %s with %j as %s and stores nothing', async (path, over, code) => {
    await expect(create(path, over)).rejects.toMatchObject({ code });
    expect([store.revision, published]).toEqual([0, []]);
  });

  it('names both sides of a conflict', async () => {
    await create('/mcp/shared/{a}');
    await expect(create('/mcp/shared/{b}', { service: 'files' })).rejects.toMatchObject({
      code: 'routes.path-conflict',
      details: {
        extra: {
          conflicts: [{ claim: { service_name: 'files' }, with: { service_name: 'weather' } }],
        },
      },
    });
  });

  it('deletes what was made here, with the right ETag only', async () => {
    const { claim, etag } = await create('/mcp/climate');
    const id = claim.route_id;
    await expect(routes.remove(id, undefined, CALLER)).rejects.toMatchObject({
      code: 'routes.if-match-missing',
    });
    await expect(routes.remove(id, '"99"', CALLER)).rejects.toMatchObject({
      code: 'routes.etag-stale',
    });
    await expect(routes.remove(id, etag ?? '', ONLY_FILES)).rejects.toMatchObject({
      code: 'routes.unknown',
    });
    await routes.remove(id, etag ?? '', CALLER);
    expect(() => routes.require(id)).toThrow('There is no route');
    await expect(routes.remove('weather:default', '*', CALLER)).rejects.toMatchObject({
      code: 'routes.derived',
    });
  });

  it('gives an alias up through the registry, with the ETag of its service', async () => {
    services[0] = serviceDocument('weather', { former_names: ['climate'] });
    const alias = 'weather:alias:climate';
    const { etag } = routes.require(alias);
    await expect(routes.remove(alias, undefined, CALLER)).rejects.toMatchObject({
      code: 'routes.if-match-missing',
    });
    await expect(routes.remove(alias, '"7.0"', CALLER)).rejects.toMatchObject({
      code: 'registry.etag-stale',
    });
    expect(dropped).toEqual([]);
    await routes.remove(alias, etag ?? '', CALLER);
    expect(dropped).toEqual(['weather climate ann {"ifMatch":"1"}']);
    expect(published).toEqual(['weather']);
    expect(() => routes.require(alias)).toThrow('There is no route');
  });

  it('shows and lets use to a key only the services it may see', async () => {
    const seen = routes.page({}, ONLY_FILES.principal).items.map(({ claim }) => claim.path);
    expect(seen).toEqual(['/mcp/files']);
    await expect(create('/mcp/climate', {}, ONLY_FILES)).rejects.toMatchObject({
      code: 'routes.service-unknown',
    });
  });

  it('lists by pages, kind and service', async () => {
    await create('/mcp/climate');
    const first = routes.page({ limit: 2 }, ALL);
    expect(first.items.map(({ claim }) => claim.path)).toEqual(['/mcp/climate', '/mcp/files']);
    const second = routes.page({ limit: 2, cursor: first.next_cursor ?? '' }, ALL);
    expect(second.items.map(({ claim }) => claim.path)).toEqual(['/mcp/weather']);
    expect(routes.page({ kind: 'extra', service: 'weather' }, ALL).total).toBe(1);
    expect(() => routes.page({ cursor: 'x' }, ALL)).toThrow('query is not understood');
  });

  it('judges a service before it is stored: a new one, and a change that keeps its own routes', async () => {
    const routed = { path: '/mcp/weather/{x}', priority: 0, version: null };
    services[0] = serviceDocument('weather', {
      effective: serviceConfig({ network: { routes: [routed] } }),
      former_names: ['climate'],
    });
    expect(await routes.check('weather', 'weather', [routed])).toEqual([]);
    expect(await routes.check('weather', 'climate', [])).toEqual([]);
    expect(await routes.check(null, 'climate', [])).toMatchObject([{ code: 'path-conflict' }]);
    expect(await routes.check(null, 'new', [routed])).toMatchObject([{ code: 'path-conflict' }]);
    services.push(
      serviceDocument('late', { spec: serviceSpec({ name: 'late' }), desired: 'draft' }),
    );
    expect(await routes.check(null, 'late', [])).toMatchObject([{ code: 'path-conflict' }]);
  });

  it('publishes everything at the start and once a minute, until it ends', async () => {
    await routes.onApplicationBootstrap();
    await clock.advance(120_000);
    expect(published).toEqual(['all', 'all', 'all']);
    expect(routes.tableVersion).toBe(3);
    routes.onApplicationShutdown();
    await clock.advance(120_000);
    expect(published).toHaveLength(3);
  });
});
