import { describe, expect, it } from '@jest/globals';
import type { RouteDocument } from '../routes/route-claims.js';
import type { StoredRecord } from '../storage/record-store.js';
import {
  hasRoutes,
  movedConfig,
  movedRoutes,
  planRoutes,
  type RouteMaker,
} from './import-routes.js';

const routeOf = (path: string, route_id?: string) => ({
  path,
  priority: 0,
  version: null,
  description: null,
  ...(route_id === undefined ? {} : { route_id }),
});
const stored = (path: string, id: string): StoredRecord<RouteDocument> => ({
  kind: 'route',
  id,
  version: 5,
  doc: {
    ...routeOf(path, id),
    service_id: 's',
    schema_version: '1.0',
    created_at: '',
    actor: '',
  } as RouteDocument,
});
const maker = (taken: string[] = []): RouteMaker => ({
  service_id: 's',
  created_at: 'now',
  actor: 'me',
  uuid: () => 'fresh',
  isTaken: (id) => taken.includes(id),
});

describe('the extra routes of an imported service', () => {
  it('stay as they are when the bundle says nothing', () => {
    const plan = planRoutes(undefined, [stored('/mcp/a/x', '1')], maker());
    expect([plan.documents.length, plan.changes]).toEqual([1, []]);
    expect(hasRoutes(undefined, [stored('/mcp/a/x', '1')])).toBe(true);
  });

  it('are made, kept and removed to be those of the bundle', () => {
    const have = [stored('/mcp/a/x', '1'), stored('/mcp/a/y', '2')];
    const want = [routeOf('/mcp/a/y', 'other'), routeOf('/mcp/a/z', 'z')];
    const { documents, changes } = planRoutes(want, have, maker());
    expect(documents.map((one) => one.route_id)).toEqual(['2', 'z']);
    expect(changes).toEqual([
      expect.objectContaining({ op: 'put', id: 'z', expect: null }),
      { kind: 'route', id: '1', op: 'delete', expect: 5 },
    ]);
    expect([hasRoutes(want, have), hasRoutes([...want].reverse(), [])]).toEqual([false, false]);
  });

  it('get ids of their own where theirs are taken or not told', () => {
    const { documents } = planRoutes([routeOf('/mcp/a/x', 'used')], [], maker(['used']));
    expect(documents[0]).toMatchObject({ route_id: 'fresh', actor: 'me', service_id: 's' });
    expect(planRoutes([routeOf('/mcp/a/x')], [], maker()).documents[0]?.route_id).toBe('fresh');
  });

  it('follow the name of a copy', () => {
    const moved = movedRoutes(
      [routeOf('/mcp/a/x'), routeOf('/mcp/ab/x'), routeOf('/mcp/a')],
      'a',
      'a-2',
    );
    expect(moved.map((one) => one.path)).toEqual(['/mcp/a-2/x', '/mcp/ab/x', '/mcp/a']);
    const config = { network: { url: 'u', routes: [{ path: '/mcp/a/x', priority: 1 }, 'odd'] } };
    expect(movedConfig(config, 'a', 'b')).toEqual({
      network: { url: 'u', routes: [{ path: '/mcp/b/x', priority: 1 }, 'odd'] },
    });
    expect(movedConfig({ runtime: {} }, 'a', 'b')).toEqual({ runtime: {} });
  });
});
