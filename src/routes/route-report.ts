import type { RouteClaim } from './route.js';
import {
  ClaimIndex,
  intrusion,
  isConflict,
  parseClaim,
  type ParsedClaim,
  type RouteConflict,
} from './route-conflict.js';

/** Judges claims that are to stand together: against everybody else's and against one another. */
export function judgeClaims(
  claims: readonly RouteClaim[],
  others: readonly ParsedClaim[],
): RouteConflict[] {
  const found: RouteConflict[] = [];
  const index = new ClaimIndex(others);
  const own: ParsedClaim[] = [];
  for (const claim of claims) {
    const parsed = parseClaim(claim);
    if (isConflict(parsed)) {
      found.push(parsed);
      continue;
    }
    found.push(...index.conflictsOf(parsed), ...new ClaimIndex(own).conflictsOf(parsed));
    own.push(parsed);
  }
  found.push(...intruders(claims, others));
  return found.sort((a, b) => a.severity.localeCompare(b.severity));
}

/** Routes of other services below a name that is now taken: it would own them. */
function intruders(claims: readonly RouteClaim[], others: readonly ParsedClaim[]): RouteConflict[] {
  const own = claims.find((claim) => claim.kind === 'default');
  if (own === undefined) return [];
  return others
    .filter(
      (other) =>
        other.parsed.segments[0] === own.service_name && other.service_id !== own.service_id,
    )
    .filter((other) => other.parsed.segments.length > 1)
    .map((other) => intrusion(own, other));
}
