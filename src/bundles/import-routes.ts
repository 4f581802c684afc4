import { canonicalJson, isJsonObject, type JsonObject } from '../kernel/json.js';
import type { RouteDocument } from '../routes/route-claims.js';
import type { RecordChange, StoredRecord } from '../storage/record-store.js';
import type { BundleRoute } from './bundle.js';

const ROUTE_SCHEMA_VERSION = '1.0';

/** The extra routes of a service as a bundle wants them, against those it has. */
export interface RoutesPlan {
  /** All of them afterwards. */
  readonly documents: readonly RouteDocument[];
  readonly changes: readonly RecordChange[];
}

export interface RouteMaker {
  readonly service_id: string;
  readonly created_at: string;
  readonly actor: string;
  uuid(): string;
  isTaken(routeId: string): boolean;
}

/** `wanted: undefined`: the bundle says nothing, so they stay. What stays as it is keeps its record. */
export function planRoutes(
  wanted: readonly BundleRoute[] | undefined,
  stored: readonly StoredRecord<RouteDocument>[],
  maker: RouteMaker,
): RoutesPlan {
  if (wanted === undefined) return { documents: stored.map(({ doc }) => doc), changes: [] };
  const left = [...stored];
  const documents: RouteDocument[] = [];
  const changes: RecordChange[] = [];
  for (const route of wanted) {
    const place = left.findIndex(({ doc }) => contentOf(doc) === contentOf(route));
    const [kept] = place < 0 ? [] : left.splice(place, 1);
    const doc = kept?.doc ?? routeDocument(route, maker);
    documents.push(doc);
    if (kept === undefined) {
      changes.push({ kind: 'route', id: doc.route_id, op: 'put', doc, expect: null });
    }
  }
  for (const { id, version } of left) {
    changes.push({ kind: 'route', id, op: 'delete', expect: version });
  }
  return { documents, changes };
}

/** Whether the extra routes of a service are those that the bundle wants. */
export function hasRoutes(
  wanted: readonly BundleRoute[] | undefined,
  stored: readonly StoredRecord<RouteDocument>[],
): boolean {
  if (wanted === undefined) return true;
  const have = stored.map(({ doc }) => contentOf(doc)).sort();
  const want = wanted.map(contentOf).sort();
  return have.length === want.length && have.every((one, index) => one === want[index]);
}

/** The routes below the own name of a service that gets another one. */
export function movedRoutes<T extends { readonly path: string }>(
  routes: readonly T[],
  from: string,
  to: string,
): T[] {
  const below = `/mcp/${from}/`;
  return routes.map((route) =>
    route.path.startsWith(below)
      ? { ...route, path: `/mcp/${to}/${route.path.slice(below.length)}` }
      : route,
  );
}

/** The same for `network.routes` of a configuration as written. */
export function movedConfig(config: JsonObject, from: string, to: string): JsonObject {
  const { network } = config;
  if (!isJsonObject(network) || !Array.isArray(network['routes'])) return config;
  const routes = network['routes'].map((route) => {
    if (!isJsonObject(route) || typeof route['path'] !== 'string') return route;
    const [moved = { path: route['path'] }] = movedRoutes([{ path: route['path'] }], from, to);
    return { ...route, path: moved.path };
  });
  return { ...config, network: { ...network, routes } };
}

function routeDocument(route: BundleRoute, maker: RouteMaker): RouteDocument {
  const { path, priority, version, description } = route;
  const isFree = route.route_id !== undefined && !maker.isTaken(route.route_id);
  return {
    schema_version: ROUTE_SCHEMA_VERSION,
    route_id: isFree ? (route.route_id ?? maker.uuid()) : maker.uuid(),
    service_id: maker.service_id,
    path,
    priority,
    version,
    description,
    created_at: maker.created_at,
    actor: maker.actor,
  };
}

function contentOf(
  route: Pick<BundleRoute, 'path' | 'priority' | 'version' | 'description'>,
): string {
  const { path, priority, version, description } = route;
  return canonicalJson([path, priority, version, description]);
}
