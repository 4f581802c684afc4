import type { PreparedSpec } from '../registry/prepared-spec.js';
import type { ServiceDocument } from '../registry/service.js';
import { claimsOf, extraClaim, parseAll, parsedClaimsOf } from '../routes/route-claims.js';
import type { RouteDocument } from '../routes/route-claims.js';
import type { ParsedClaim, RouteConflict } from '../routes/route-conflict.js';
import { judgeClaims } from '../routes/route-report.js';
import type { StoredRecord } from '../storage/record-store.js';
import { targetsOf } from './restore-plan.js';
import type { RestoreSet } from './restore-set.js';

/**
 * What stands between the routes of a backup and those of services that it does not have and that stay. Those of the
 * backup stood together when it was made.
 */
export function routeConflicts(
  set: RestoreSet,
  prepared: ReadonlyMap<string, PreparedSpec>,
  present: readonly ServiceDocument[],
  routes: readonly StoredRecord[],
): RouteConflict[] {
  const targets = targetsOf(set, present);
  const meant = new Set([...targets.values()].map(({ stored }) => stored.service_id));
  const names = new Map<string, string>();
  const others: ParsedClaim[] = [];
  for (const service of present) {
    if (meant.has(service.service_id)) continue;
    names.set(service.service_id, service.spec.name);
    others.push(...parsedClaimsOf(service));
  }
  for (const { doc } of routes) {
    const route = doc as unknown as RouteDocument;
    const name = names.get(route.service_id);
    if (name !== undefined) others.push(...parseAll([extraClaim(route, name)]));
  }
  if (others.length === 0) return [];
  return [...set.services].flatMap(([id, { spec, former_names, effective }]) => {
    const own = targets.get(id)?.stored.service_id ?? id;
    const { network } = prepared.get(id)?.effective ?? effective;
    const claims = claimsOf(own, spec.name, former_names, network.routes);
    const extra = [...set.routes.values()].filter((route) => route.service_id === id);
    const all = [...claims, ...extra.map((route) => extraClaim(route, spec.name))];
    return judgeClaims(all, others);
  });
}
