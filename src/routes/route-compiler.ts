import type { Endpoint } from '../gateway/endpoint.js';
import type { RouteEntry } from '../gateway/route-table.js';
import { endpointOf, type EndpointBlueprint } from './endpoint-blueprint.js';
import { compareRoutes } from './route.js';
import type { ParsedClaim } from './route-conflict.js';

/** One service as it is to be mounted. */
export interface ServiceMount {
  readonly serviceId: string;
  /** The revision that routes without a version lead to. */
  readonly current: EndpointBlueprint;
  /** Older revisions that some claim's version resolved to. */
  readonly pinned: readonly EndpointBlueprint[];
  readonly claims: readonly ParsedClaim[];
  /** Revision by version, as written in the claims. A version that is missing here resolved to nothing: no entry. */
  readonly versions: ReadonlyMap<string, number>;
}

/** An entry of the table together with what orders it. */
export interface CompiledRoute extends RouteEntry, ParsedClaim {}

/** What one service contributes to the table. */
export interface CompiledService {
  readonly serviceId: string;
  readonly routes: readonly CompiledRoute[];
  /** Endpoints by revision. */
  readonly endpoints: ReadonlyMap<number, Endpoint>;
  /** The endpoints of now and, of each revision, the last that served: what `endpointOf` may give back. */
  readonly former: readonly Endpoint[];
}

export function compileService(
  mount: ServiceMount,
  before: CompiledService | null,
): CompiledService {
  const former = before?.former ?? [];
  const endpoints = new Map<number, Endpoint>();
  for (const blueprint of [mount.current, ...mount.pinned]) {
    endpoints.set(blueprint.revision, endpointOf(blueprint, former));
  }
  const routes: CompiledRoute[] = [];
  for (const claim of mount.claims) {
    const revision =
      claim.version === null ? mount.current.revision : mount.versions.get(claim.version);
    const endpoint = revision === undefined ? undefined : endpoints.get(revision);
    if (endpoint !== undefined) {
      routes.push({ ...claim, endpoint, primary: claim.kind === 'default' });
    }
  }
  routes.sort(compareRoutes);
  const isSame = before !== null && areSameRoutes(before.routes, routes);
  return {
    serviceId: mount.serviceId,
    routes: isSame ? before.routes : routes,
    endpoints,
    former: remembered(endpoints, former),
  };
}

/** At most two endpoints a revision: the one of now, and the last that served if that is another. */
function remembered(
  endpoints: ReadonlyMap<number, Endpoint>,
  former: readonly Endpoint[],
): Endpoint[] {
  const kept: Endpoint[] = [];
  for (const endpoint of endpoints.values()) {
    kept.push(endpoint);
    if (endpoint.unavailable === null) continue;
    const served = former.find(
      (old) => old.revision === endpoint.revision && old.unavailable === null,
    );
    if (served !== undefined) kept.push(served);
  }
  return kept;
}

function areSameRoutes(left: readonly CompiledRoute[], right: readonly CompiledRoute[]): boolean {
  return (
    left.length === right.length &&
    left.every((route, index) => {
      const other = right[index];
      return (
        other !== undefined &&
        route.route_id === other.route_id &&
        route.endpoint === other.endpoint &&
        route.path === other.path &&
        route.priority === other.priority
      );
    })
  );
}

/**
 * The sorted routes of all services with those of some replaced: one pass, so that a change among 10,000 services costs
 * no sort. An absent replacement removes.
 */
export function replaceRoutes(
  sorted: readonly CompiledRoute[],
  replaced: ReadonlySet<string>,
  replacements: readonly CompiledRoute[],
): CompiledRoute[] {
  const added = [...replacements].sort(compareRoutes);
  const merged: CompiledRoute[] = [];
  let next = 0;
  for (const route of sorted) {
    if (replaced.has(route.service_id)) continue;
    for (let candidate = added[next]; candidate !== undefined; candidate = added[next]) {
      if (compareRoutes(candidate, route) >= 0) break;
      merged.push(candidate);
      next += 1;
    }
    merged.push(route);
  }
  for (; next < added.length; next += 1) {
    const candidate = added[next];
    if (candidate !== undefined) merged.push(candidate);
  }
  return merged;
}
