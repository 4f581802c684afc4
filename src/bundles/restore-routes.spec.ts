import { describe, expect, it } from '@jest/globals';
import { serviceConfig, serviceDocument } from '../../test/support/service-fixture.js';
import type { ServiceDocument } from '../registry/service.js';
import type { RouteDocument } from '../routes/route-claims.js';
import { routeConflicts } from './restore-routes.js';
import type { RestoreSet } from './restore-set.js';

const route = (route_id: string, service_id: string, path: string): RouteDocument => ({
  schema_version: '1.0',
  route_id,
  service_id,
  path,
  priority: 0,
  version: null,
  description: null,
  created_at: '2026-01-01T00:00:00.000Z',
  actor: 'alice',
});

function setOf(services: readonly ServiceDocument[], routes: readonly RouteDocument[] = []) {
  const set: RestoreSet = {
    services: new Map(services.map((one) => [one.service_id, one])),
    revisions: new Map(),
    templates: new Map(),
    templateRevisions: [],
    routes: new Map(routes.map((one) => [one.route_id, one])),
    approvals: new Map(),
    archives: new Map(),
  };
  return set;
}

const codes = (conflicts: ReturnType<typeof routeConflicts>): string[] =>
  conflicts.filter(({ severity }) => severity === 'error').map(({ code }) => code);

function claiming(name: string, path: string): ServiceDocument {
  const routes = [{ path, priority: 0, version: null }];
  return serviceDocument(name, { effective: serviceConfig({ network: { routes } }) });
}

describe('routeConflicts', () => {
  it('finds a path of the backup that a service that stays has as well', () => {
    const set = setOf([claiming('own', '/mcp/shared/x')]);
    const stays = claiming('other', '/mcp/shared/x');
    expect(codes(routeConflicts(set, new Map(), [stays], []))).toContain('path-conflict');
  });

  it('finds an extra route of the backup against an extra route that stays', () => {
    const set = setOf([serviceDocument('own')], [route('r1', 'own', '/mcp/shared/x')]);
    const doc = { ...route('r2', 'other', '/mcp/shared/x') };
    const stored = { kind: 'route', id: 'r2', version: 1, doc } as const;
    const stays = serviceDocument('other');
    const found = routeConflicts(set, new Map(), [stays], [stored]);
    expect(codes(found)).toContain('path-conflict');
  });

  it('finds none with what the service itself has now, nor where nothing stays', () => {
    const own = claiming('own', '/mcp/own/x');
    const doc = { ...route('r1', 'own', '/mcp/own/y') };
    const stored = { kind: 'route', id: 'r1', version: 1, doc } as const;
    const set = setOf([own], [route('r1', 'own', '/mcp/own/y')]);
    expect(routeConflicts(set, new Map(), [own], [stored])).toEqual([]);
    expect(codes(routeConflicts(set, new Map(), [serviceDocument('far')], []))).toEqual([]);
  });
});
