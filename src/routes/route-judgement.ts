import { claimsOf, extraClaim, type ClaimedRoute, type RouteDocument } from './route-claims.js';
import {
  ClaimIndex,
  intrusion,
  isConflict,
  parseClaim,
  type ParsedClaim,
  type RouteConflict,
} from './route-conflict.js';
import type { RouteClaim } from './route.js';

/** What a service is to claim once several services change together. */
export interface ServiceClaims {
  /** Its id, or any text that no service has for one that does not exist yet. */
  readonly service_id: string;
  readonly name: string;
  readonly former_names: readonly string[];
  /** Of its effective configuration. */
  readonly configured: readonly ClaimedRoute[];
  readonly extra: readonly RouteDocument[];
}

/** Names first, so that who owns a path is known before the paths are judged. */
const ORDER: Readonly<Record<RouteClaim['kind'], number>> = {
  default: 0,
  alias: 1,
  configured: 2,
  extra: 3,
};

/**
 * Judges services that change together: against those that stay as they are, and against one another. A path that one of
 * them gives up is free for another.
 */
export function judgeTogether(
  changed: readonly ServiceClaims[],
  staying: readonly ParsedClaim[],
): RouteConflict[] {
  const found: RouteConflict[] = [];
  const index = new ClaimIndex(staying);
  const below = claimsByName(staying);
  const claims = changed.flatMap(allClaimsOf).sort((a, b) => ORDER[a.kind] - ORDER[b.kind]);
  for (const claim of claims) {
    const parsed = parseClaim(claim);
    if (isConflict(parsed)) {
      found.push(parsed);
      continue;
    }
    found.push(...index.conflictsOf(parsed));
    if (claim.kind === 'default') found.push(...intruders(claim, below));
    index.add(parsed);
  }
  return found.sort((a, b) => a.severity.localeCompare(b.severity));
}

function allClaimsOf(service: ServiceClaims): RouteClaim[] {
  const { service_id, name, former_names, configured, extra } = service;
  return [
    ...claimsOf(service_id, name, former_names, configured),
    ...extra.map((route) => extraClaim(route, name)),
  ];
}

/** Claims with more than one segment, by the name that their first segment is. */
function claimsByName(claims: readonly ParsedClaim[]): ReadonlyMap<string, readonly ParsedClaim[]> {
  const found = new Map<string, ParsedClaim[]>();
  for (const claim of claims) {
    const [name = '', ...rest] = claim.parsed.segments;
    if (rest.length === 0) continue;
    const known = found.get(name);
    if (known === undefined) found.set(name, [claim]);
    else known.push(claim);
  }
  return found;
}

/** Routes of services that stay, below a name that is now taken: it would own them. */
function intruders(
  own: RouteClaim,
  below: ReadonlyMap<string, readonly ParsedClaim[]>,
): RouteConflict[] {
  return (below.get(own.service_name) ?? [])
    .filter((other) => other.service_id !== own.service_id)
    .map((other) => intrusion(own, other));
}
