/**
 * The grammar of routes, their total order and their conflicts (design: "Routes: grammar and order").
 *
 * A path is `/mcp/` and 1 to 8 segments of `a-z 0-9 . _ -`. A segment `{name}` stands for any one segment; a last segment
 * `*` for one or more. The transport suffixes `/sse` and `/message` are the gateway's own and end no route.
 */
export type RouteShape = 'literal' | 'pattern' | 'prefix';

/** `default`: the name of the service; `alias`: a former name; `configured`: `network.routes`; `extra`: made by hand. */
export type RouteKind = 'default' | 'alias' | 'configured' | 'extra';

/** A route as somebody wants it. */
export interface RouteClaim {
  readonly route_id: string;
  readonly service_id: string;
  readonly service_name: string;
  readonly kind: RouteKind;
  readonly path: string;
  readonly priority: number;
  /** Semver or revision number the route is pinned to; `null` = whatever is current. */
  readonly version: string | null;
}

export interface RoutePath {
  readonly shape: RouteShape;
  /** Without the leading `mcp`. `{}` stands for any one segment, a last `*` for one or more. */
  readonly segments: readonly string[];
  /** Equal keys match equal sets of paths. */
  readonly key: string;
}

export type PathFault = {
  readonly code: 'path-invalid' | 'reserved';
  readonly detail: string;
};

export const MAX_SEGMENTS = 8;
export const MIN_PRIORITY = -1000;
export const MAX_PRIORITY = 1000;

const PREFIX = '/mcp/';
const LITERAL = /^[a-z0-9._-]+$/;
const VARIABLE = /^\{[a-z0-9_]+\}$/;
const RESERVED = new Set(['/mcp', '/mcp/', '/mcp/sse', '/mcp/message']);
const TRANSPORT_SUFFIXES = new Set(['sse', 'message']);
const RANK: Readonly<Record<RouteShape, number>> = { literal: 0, pattern: 1, prefix: 2 };

export function isPathFault(value: RoutePath | PathFault): value is PathFault {
  return 'code' in value;
}

export function parseRoutePath(path: string): RoutePath | PathFault {
  if (RESERVED.has(path)) return { code: 'reserved', detail: `${path} is the gateway's own path.` };
  if (!path.startsWith(PREFIX)) {
    return { code: 'reserved', detail: `${shown(path)} is outside ${PREFIX}.` };
  }
  const written = path.slice(PREFIX.length).split('/');
  if (written.length > MAX_SEGMENTS) {
    return invalid(
      `A route has at most ${MAX_SEGMENTS} segments after /mcp; this one has ${written.length}.`,
    );
  }
  const segments: string[] = [];
  for (const [index, segment] of written.entries()) {
    const fault = segmentFault(segment, index === 0, index === written.length - 1);
    if (fault !== null) return fault;
    segments.push(segment.startsWith('{') ? '{}' : segment);
  }
  const shape = shapeOf(segments);
  return { shape, segments, key: segments.join('/') };
}

function segmentFault(segment: string, isFirst: boolean, isLast: boolean): PathFault | null {
  if (segment === '') return invalid('A segment is empty.');
  if (segment === '.' || segment === '..') return invalid(`A segment may not be "${segment}".`);
  if (segment === '*') {
    if (!isLast) return invalid('"*" may only be the last segment.');
    return isFirst ? { code: 'reserved', detail: '/mcp/* would take every service.' } : null;
  }
  if (VARIABLE.test(segment)) return null;
  if (!LITERAL.test(segment)) {
    return invalid(`The segment ${shown(segment)} has characters other than a-z 0-9 . _ -`);
  }
  if (isLast && TRANSPORT_SUFFIXES.has(segment)) {
    return {
      code: 'reserved',
      detail: `"/${segment}" is how the legacy transport of a route is reached.`,
    };
  }
  return null;
}

function shapeOf(segments: readonly string[]): RouteShape {
  if (segments[segments.length - 1] === '*') return 'prefix';
  return segments.includes('{}') ? 'pattern' : 'literal';
}

function invalid(detail: string): PathFault {
  return { code: 'path-invalid', detail };
}

function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

/** The version a path itself names: `/mcp/<n>/v/<version>`. */
export function versionInPath(path: RoutePath): string | null {
  const [, marker, version] = path.segments;
  if (path.segments.length !== 3 || marker !== 'v' || version === undefined) return null;
  return path.shape === 'literal' ? version : null;
}

export interface OrderedRoute {
  readonly route_id: string;
  readonly priority: number;
  readonly parsed: RoutePath;
}

/**
 * The total order in which routes are tried: priority, literal before pattern before prefix, longer before shorter, then
 * the path's own text and the id. It does not depend on the order of insertion.
 */
export function compareRoutes(left: OrderedRoute, right: OrderedRoute): number {
  if (left.priority !== right.priority) return right.priority - left.priority;
  const rank = RANK[left.parsed.shape] - RANK[right.parsed.shape];
  if (rank !== 0) return rank;
  const longer = right.parsed.segments.length - left.parsed.segments.length;
  if (longer !== 0) return longer;
  const specific = compareSpecificity(left.parsed.segments, right.parsed.segments);
  if (specific !== 0) return specific;
  return (
    compareText(left.parsed.key, right.parsed.key) || compareText(left.route_id, right.route_id)
  );
}

/** Of two equally long routes the one whose first differing segment is literal comes first. */
function compareSpecificity(left: readonly string[], right: readonly string[]): number {
  for (const [index, segment] of left.entries()) {
    const mine = segment === '{}' ? 1 : 0;
    const other = right[index] === '{}' ? 1 : 0;
    if (mine !== other) return mine - other;
  }
  return 0;
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Whether every path that `inner` matches is matched by `outer` as well. */
export function covers(outer: RoutePath, inner: RoutePath): boolean {
  const isPrefix = outer.shape === 'prefix';
  const fixed = isPrefix ? outer.segments.length - 1 : outer.segments.length;
  if (isPrefix ? inner.segments.length <= fixed : inner.segments.length !== fixed) return false;
  if (!isPrefix && inner.shape === 'prefix') return false;
  for (let index = 0; index < fixed; index += 1) {
    const own = outer.segments[index];
    const other = inner.segments[index];
    if (other === '*' || (own !== '{}' && own !== other)) return false;
  }
  return true;
}
