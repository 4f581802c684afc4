import type { ServiceDocument } from '../registry/service.js';
import type { RouteClaim } from './route.js';
import { isConflict, parseClaim, type ParsedClaim } from './route-conflict.js';

/** Record kind `route`, id = `route_id`: a route made through the API. Written by `routes.service` alone. */
export interface RouteDocument {
  readonly schema_version: string;
  readonly route_id: string;
  readonly service_id: string;
  readonly path: string;
  readonly priority: number;
  readonly version: string | null;
  readonly description: string | null;
  readonly created_at: string;
  readonly actor: string;
}

export interface ClaimedRoute {
  readonly path: string;
  readonly priority: number;
  readonly version: string | null;
}

/** What a service claims by its name, its former names and its configuration. */
export function claimsOf(
  service_id: string,
  service_name: string,
  former_names: readonly string[],
  configured: readonly ClaimedRoute[],
): RouteClaim[] {
  const own = { service_id, service_name };
  const plain = { priority: 0, version: null };
  return [
    {
      route_id: `${service_id}:default`,
      ...own,
      kind: 'default',
      path: `/mcp/${service_name}`,
      ...plain,
    },
    ...former_names
      .filter((name) => name !== service_name)
      .map((name): RouteClaim => {
        return {
          route_id: `${service_id}:alias:${name}`,
          ...own,
          kind: 'alias',
          path: `/mcp/${name}`,
          ...plain,
        };
      }),
    ...configured.map(({ path, priority, version }, index): RouteClaim => {
      return {
        route_id: `${service_id}:configured:${index}`,
        ...own,
        kind: 'configured',
        path,
        priority,
        version,
      };
    }),
  ];
}

export function extraClaim(document: RouteDocument, service_name: string): RouteClaim {
  const { route_id, service_id, path, priority, version } = document;
  return { route_id, service_id, service_name, kind: 'extra', path, priority, version };
}

const known = new WeakMap<ServiceDocument, readonly ParsedClaim[]>();

/** The claims of a stored service that can be mounted. Documents are frozen, so the answer is remembered with them. */
export function parsedClaimsOf(document: ServiceDocument): readonly ParsedClaim[] {
  const remembered = known.get(document);
  if (remembered !== undefined) return remembered;
  const { service_id, spec, former_names, effective } = document;
  const claims = claimsOf(service_id, spec.name, former_names, effective.network.routes);
  const parsed = parseAll(claims);
  known.set(document, parsed);
  return parsed;
}

/** The claims whose paths are routes; what is not has been refused when it was written. */
export function parseAll(claims: readonly RouteClaim[]): ParsedClaim[] {
  const parsed: ParsedClaim[] = [];
  for (const claim of claims) {
    const result = parseClaim(claim);
    if (!isConflict(result)) parsed.push(result);
  }
  return parsed;
}
