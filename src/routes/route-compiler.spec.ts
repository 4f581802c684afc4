import { describe, expect, it } from '@jest/globals';
import { serviceConfig } from '../../test/support/service-fixture.js';
import { CompiledRouteTable } from '../gateway/route-table.js';
import type { InstanceSource } from '../upstream/instance-source.js';
import type { EndpointBlueprint } from './endpoint-blueprint.js';
import { claimsOf, parseAll, type ClaimedRoute } from './route-claims.js';
import {
  compileService,
  replaceRoutes,
  type CompiledRoute,
  type ServiceMount,
} from './route-compiler.js';
import { compareRoutes } from './route.js';

const SOURCES = new Map<string, InstanceSource>();
const CONFIG = serviceConfig();

function sourceOf(name: string, revision: number): InstanceSource {
  const key = `${name}/${revision}`;
  const source = SOURCES.get(key) ?? { acquire: () => Promise.reject(new Error(key)) };
  SOURCES.set(key, source);
  return source;
}

function blueprint(serviceName: string, revision: number, down = false): EndpointBlueprint {
  return {
    serviceId: serviceName,
    serviceName,
    revision,
    hostingMode: 'stdio',
    effective: CONFIG,
    security: CONFIG.security,
    cors: CONFIG.network.cors,
    source: sourceOf(serviceName, revision),
    unavailable: down
      ? { state: 'error', reason: 'Down', message: 'It is down', retry_after_s: 1 }
      : null,
    tools: [],
    guarded: null,
  };
}

interface Shape {
  readonly revision?: number;
  readonly routes?: readonly ClaimedRoute[];
  readonly pinned?: readonly number[];
  readonly versions?: Readonly<Record<string, number>>;
  readonly down?: boolean;
  readonly former?: readonly string[];
}

function mount(name: string, shape: Shape = {}): ServiceMount {
  return {
    serviceId: name,
    current: blueprint(name, shape.revision ?? 1, shape.down),
    pinned: (shape.pinned ?? []).map((revision) => blueprint(name, revision, shape.down)),
    claims: parseAll(claimsOf(name, name, shape.former ?? [], shape.routes ?? [])),
    versions: new Map(Object.entries(shape.versions ?? {})),
  };
}

function tableOf(...mounts: ServiceMount[]): CompiledRouteTable {
  const routes = mounts.flatMap((one) => compileService(one, null).routes).sort(compareRoutes);
  return new CompiledRouteTable(1, routes);
}

const pinnedRoute = { path: '/mcp/weather/v/1.0.0', priority: 0, version: '1.0.0' };

describe('compileService', () => {
  it('mounts the default route, aliases and configured routes on one endpoint', () => {
    const routes = [{ path: '/mcp/weather/{city}', priority: 0, version: null }];
    const table = tableOf(mount('weather', { routes, former: ['meteo'] }));
    const endpoint = table.ofService('weather');
    expect(endpoint).not.toBeNull();
    for (const path of ['/mcp/weather', '/mcp/meteo', '/mcp/weather/rome']) {
      expect(table.match(path)?.endpoint).toBe(endpoint);
    }
    expect(table.match('/mcp/weather/sse')).toMatchObject({ rest: '/sse' });
    expect(table.endpoints).toHaveLength(1);
  });

  it('gives an older revision an endpoint of its own only when a route names it', () => {
    const pinned = { routes: [pinnedRoute], revision: 2, pinned: [1], versions: { '1.0.0': 1 } };
    const table = tableOf(mount('weather', pinned));
    expect(table.match('/mcp/weather')?.endpoint.revision).toBe(2);
    expect(table.match('/mcp/weather/v/1.0.0')?.endpoint.revision).toBe(1);
    expect(tableOf(mount('weather', { revision: 2 })).endpoints).toHaveLength(1);
  });

  it('shares the current endpoint with a route that names the current version', () => {
    const table = tableOf(mount('weather', { routes: [pinnedRoute], versions: { '1.0.0': 1 } }));
    expect(table.match('/mcp/weather/v/1.0.0')?.endpoint).toBe(table.ofService('weather'));
  });

  it('leaves out a route whose version resolved to nothing', () => {
    const table = tableOf(mount('weather', { routes: [pinnedRoute] }));
    expect(table.match('/mcp/weather/v/1.0.0')).toBeNull();
  });

  it('gives back the same routes when nothing changed', () => {
    const first = compileService(mount('weather'), null);
    expect(compileService(mount('weather'), first).routes).toBe(first.routes);
  });

  it('gives back the endpoint that served when an outage is over', () => {
    const first = compileService(mount('weather'), null);
    const down = compileService(mount('weather', { down: true }), first);
    const stillDown = compileService(mount('weather', { down: true }), down);
    const up = compileService(mount('weather'), stillDown);
    expect(down.endpoints.get(1)).not.toBe(first.endpoints.get(1));
    expect(stillDown.endpoints.get(1)).toBe(down.endpoints.get(1));
    expect(up.endpoints.get(1)).toBe(first.endpoints.get(1));
  });

  it('remembers a bounded number of endpoints over many changes', () => {
    let service = compileService(mount('weather'), null);
    for (let revision = 2; revision < 50; revision += 1) {
      service = compileService(mount('weather', { revision, down: revision % 2 === 0 }), service);
    }
    expect(service.former.length).toBeLessThanOrEqual(2);
  });
});

describe('replaceRoutes', () => {
  const compiled = (name: string, shape: Shape = {}): readonly CompiledRoute[] =>
    compileService(mount(name, shape), null).routes;

  it('is the sorted list of all, however it came about', () => {
    const parts = ['delta', 'alpha', 'charlie', 'bravo'].map((name) => compiled(name));
    let sorted: CompiledRoute[] = [];
    for (const routes of parts) {
      sorted = replaceRoutes(sorted, new Set([routes[0]?.service_id ?? '']), routes);
    }
    expect(sorted).toEqual(parts.flat().sort(compareRoutes));
  });

  it('replaces and removes', () => {
    const sorted = replaceRoutes([], new Set(), [...compiled('a'), ...compiled('b')]);
    const without = replaceRoutes(sorted, new Set(['a']), []);
    expect(without.map((route) => route.path)).toEqual(['/mcp/b']);
    const wide = compiled('b', { routes: [{ path: '/mcp/b/*', priority: 9, version: null }] });
    const replaced = replaceRoutes(sorted, new Set(['b']), wide);
    expect(replaced.map((route) => route.path)).toEqual(['/mcp/b/*', '/mcp/a', '/mcp/b']);
  });
});
