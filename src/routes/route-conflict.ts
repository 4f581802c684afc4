import {
  compareRoutes,
  covers,
  isPathFault,
  MAX_PRIORITY,
  MIN_PRIORITY,
  parseRoutePath,
  versionInPath,
  type RouteClaim,
  type RoutePath,
} from './route.js';

/** A claim whose path has been read. */
export interface ParsedClaim extends RouteClaim {
  readonly parsed: RoutePath;
}

export type RouteFaultCode =
  'path-invalid' | 'reserved' | 'not-owner' | 'version-mismatch' | 'path-conflict' | 'shadowed';

/** One thing found about a claim. `shadowed` is a warning, every other code a refusal. */
export interface RouteConflict {
  readonly severity: 'error' | 'warning';
  readonly code: RouteFaultCode;
  readonly path: string;
  readonly detail: string;
  /** The claim it is about. */
  readonly claim: RouteSide;
  /** The other side: the equal, the owner, or the route that is tried first. */
  readonly with: RouteSide | null;
}

export interface RouteSide {
  readonly route_id: string;
  readonly service_id: string;
  readonly service_name: string;
  readonly path: string;
  readonly priority: number;
  readonly kind: string;
}

/** A route of another service below a name that is now taken: who has the name would own it. */
export function intrusion(own: RouteClaim, other: ParsedClaim): RouteConflict {
  return {
    severity: 'error',
    code: 'not-owner',
    path: own.path,
    detail: `${other.path} of ${other.service_name} lies below /mcp/${own.service_name}.`,
    claim: sideOf(own),
    with: sideOf(other),
  };
}

export function sideOf(claim: RouteClaim): RouteSide {
  const { route_id, service_id, service_name, path, priority, kind } = claim;
  return { route_id, service_id, service_name, path, priority, kind };
}

/** Reads a claim, or says what is wrong with it by itself. */
export function parseClaim(claim: RouteClaim): ParsedClaim | RouteConflict {
  const parsed = parseRoutePath(claim.path);
  if (isPathFault(parsed)) return refusal(claim, parsed.code, parsed.detail, null);
  if (!(claim.priority >= MIN_PRIORITY && claim.priority <= MAX_PRIORITY)) {
    return refusal(
      claim,
      'path-invalid',
      `The priority is not within ${MIN_PRIORITY}..${MAX_PRIORITY}.`,
      null,
    );
  }
  if (parsed.segments[0] === '{}') {
    const detail =
      'The first segment is the name of a service: a variable one would take the paths of services that are gone or yet to come.';
    return refusal(claim, 'not-owner', detail, null);
  }
  const named = versionInPath(parsed);
  if (named !== null && claim.version !== null && claim.version !== named) {
    const detail = `The path names version ${named}, the route ${claim.version}.`;
    return refusal(claim, 'version-mismatch', detail, null);
  }
  return { ...claim, version: claim.version ?? named, parsed };
}

export function isConflict(value: ParsedClaim | RouteConflict): value is RouteConflict {
  return 'severity' in value;
}

/** Everybody else's claims, arranged so that one more can be judged quickly. */
export class ClaimIndex {
  private readonly byKey = new Map<string, ParsedClaim>();
  private readonly owners = new Map<string, RouteClaim>();
  private readonly wide: ParsedClaim[] = [];
  private readonly narrow: ParsedClaim[] = [];

  constructor(claims: Iterable<ParsedClaim>) {
    for (const claim of claims) this.add(claim);
  }

  /** One more that later claims are judged against. */
  add(claim: ParsedClaim): void {
    const key = matchKey(claim);
    const held = this.byKey.get(key);
    if (held === undefined || compareRoutes(claim, held) < 0) this.byKey.set(key, claim);
    if (claim.kind === 'default') this.owners.set(claim.service_name, claim);
    (claim.parsed.shape === 'literal' ? this.narrow : this.wide).push(claim);
  }

  /**
   * What stands against `claim`, refusals first. What somebody has exactly is a conflict, even below a name that is not
   * one's own; any other path below the name of another service is refused because of its owner.
   */
  conflictsOf(claim: ParsedClaim): RouteConflict[] {
    const equal = this.byKey.get(matchKey(claim));
    if (equal !== undefined) {
      const detail = `${claim.path} and ${equal.path} match the same paths with priority ${claim.priority}.`;
      return [refusal(claim, 'path-conflict', detail, equal)];
    }
    const owner = this.owners.get(claim.parsed.segments[0] ?? '');
    if (owner !== undefined && owner.service_id !== claim.service_id && claim.kind !== 'default') {
      const detail = `/mcp/${owner.service_name}/… belongs to the service ${owner.service_name}.`;
      return [refusal(claim, 'not-owner', detail, owner)];
    }
    return this.shadowsOf(claim);
  }

  private shadowsOf(claim: ParsedClaim): RouteConflict[] {
    const found: RouteConflict[] = [];
    for (const other of this.wide) {
      if (compareRoutes(other, claim) < 0 && covers(other.parsed, claim.parsed)) {
        found.push(shadow(claim, other));
      }
    }
    const others = claim.parsed.shape === 'literal' ? [] : [...this.wide, ...this.narrow];
    for (const other of others) {
      if (compareRoutes(claim, other) < 0 && covers(claim.parsed, other.parsed)) {
        found.push(shadow(other, claim));
      }
    }
    return found;
  }
}

function matchKey(claim: ParsedClaim): string {
  return `${claim.priority} ${claim.parsed.key}`;
}

function shadow(hidden: ParsedClaim, first: ParsedClaim): RouteConflict {
  return {
    severity: 'warning',
    code: 'shadowed',
    path: hidden.path,
    detail: `${hidden.path} of ${hidden.service_name} is never reached: ${first.path} of ${first.service_name} is tried first.`,
    claim: sideOf(hidden),
    with: sideOf(first),
  };
}

function refusal(
  claim: RouteClaim,
  code: Exclude<RouteFaultCode, 'shadowed'>,
  detail: string,
  other: RouteClaim | null,
): RouteConflict {
  return {
    severity: 'error',
    code,
    path: claim.path,
    detail,
    claim: sideOf(claim),
    with: other === null ? null : sideOf(other),
  };
}
