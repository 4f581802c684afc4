// HOT PATH
import type { Endpoint, RouteMatch, RouteTable } from './endpoint.js';

/** One route as the routes module orders them: the first entry that matches a path wins. */
export interface RouteEntry {
  /** `/mcp/` and segments; a segment may be `{name}`, a last segment `*` stands for one or more segments. */
  readonly path: string;
  readonly endpoint: Endpoint;
  /** The service's default route, which `ofService` answers. */
  readonly primary: boolean;
}

interface Literal extends RouteMatch {
  readonly rank: number;
}

interface Pattern {
  /** `null` stands for any one segment. */
  readonly segments: readonly (string | null)[];
  readonly prefix: boolean;
  readonly match: RouteMatch;
  readonly rank: number;
}

const LEGACY_ENDS = ['/sse', '/message'] as const;

/**
 * Literal paths in a map, patterns and prefixes in a list that keeps the order of the entries. A literal is preferred
 * only to patterns that stand behind it, as a priority may put a pattern first.
 */
export class CompiledRouteTable implements RouteTable {
  readonly endpoints: Endpoint[] = [];
  private readonly literals = new Map<string, Literal>();
  private readonly patterns: Pattern[] = [];
  private readonly services = new Map<string, RouteEntry>();
  /** Endpoints that are not their service's first; most services have but one. */
  private readonly further = new Set<Endpoint>();

  constructor(
    readonly version: number,
    entries: readonly RouteEntry[],
  ) {
    for (let rank = 0; rank < entries.length; rank += 1) {
      const entry = entries[rank];
      if (entry === undefined) continue;
      this.addService(entry);
      const { path, endpoint } = entry;
      if (path.includes('{') || path.endsWith('*')) this.addPattern(entry, rank);
      else if (!this.literals.has(path)) this.literals.set(path, { endpoint, rest: '', rank });
    }
  }

  match(path: string): RouteMatch | null {
    const whole = path.endsWith('/') ? path.slice(0, -1) : path;
    const literal = this.literals.get(whole);
    if (literal !== undefined) return this.patternBefore(whole, literal.rank) ?? literal;
    for (const rest of LEGACY_ENDS) {
      if (!whole.endsWith(rest)) continue;
      const found = this.matchWhole(whole.slice(0, -rest.length));
      if (found !== null) return { endpoint: found.endpoint, rest };
    }
    return this.patternBefore(whole, Infinity);
  }

  ofService(serviceId: string): Endpoint | null {
    return this.services.get(serviceId)?.endpoint ?? null;
  }

  private addService(entry: RouteEntry): void {
    const { endpoint, primary } = entry;
    const known = this.services.get(endpoint.serviceId);
    if (known === undefined) {
      this.services.set(endpoint.serviceId, entry);
      this.endpoints.push(endpoint);
      return;
    }
    if (endpoint !== known.endpoint && !this.further.has(endpoint)) {
      this.further.add(endpoint);
      this.endpoints.push(endpoint);
    }
    if (primary && !known.primary) {
      this.services.set(endpoint.serviceId, entry);
      this.further.add(known.endpoint);
    }
  }

  private addPattern({ path, endpoint }: RouteEntry, rank: number): void {
    const match: RouteMatch = { endpoint, rest: '' };
    const raw = path.split('/').slice(1);
    const prefix = raw[raw.length - 1] === '*';
    const segments = (prefix ? raw.slice(0, -1) : raw).map((s) => (s.startsWith('{') ? null : s));
    if (prefix || segments.includes(null)) this.patterns.push({ segments, prefix, match, rank });
    else if (!this.literals.has(path)) this.literals.set(path, { ...match, rank });
  }

  private matchWhole(path: string): RouteMatch | null {
    const literal = this.literals.get(path);
    return this.patternBefore(path, literal?.rank ?? Infinity) ?? literal ?? null;
  }

  private patternBefore(path: string, rank: number): RouteMatch | null {
    const first = this.patterns[0];
    if (first === undefined || first.rank >= rank) return null;
    const segments = path.split('/').slice(1);
    for (const pattern of this.patterns) {
      if (pattern.rank >= rank) return null;
      if (fits(pattern, segments)) return pattern.match;
    }
    return null;
  }
}

function fits(pattern: Pattern, segments: readonly string[]): boolean {
  const { length } = pattern.segments;
  if (pattern.prefix ? segments.length <= length : segments.length !== length) return false;
  for (let i = 0; i < length; i += 1) {
    const wanted = pattern.segments[i];
    if (wanted === null ? segments[i] === '' : wanted !== segments[i]) return false;
  }
  return true;
}

/** Where the data plane finds the table of the moment. Invariant: a reader reads `current` once per request. */
export class RouteTableHolder {
  private table: RouteTable = new CompiledRouteTable(0, []);
  private readonly listeners = new Set<(next: RouteTable, before: RouteTable) => void>();

  get current(): RouteTable {
    return this.table;
  }

  swap(next: RouteTable): void {
    const before = this.table;
    this.table = next;
    for (const listener of [...this.listeners]) listener(next, before);
  }

  /** Hears each swap after it happened, synchronously. Answers the function that ends it. */
  onSwap(listener: (next: RouteTable, before: RouteTable) => void): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }
}
