import type { IncomingMessage } from 'node:http';
import type { ProblemFactory } from '../kernel/problem.js';
import { authProblems } from './auth.errors.js';
import { normalOrigin, parseAuthority, parseOrigin, type Authority } from './authority.js';
import { isGranted, type PageGrant } from './page-grant.js';

/** Why a request is turned away at the door, ready to be written as problem+json. */
export interface GateRefusal {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface GatePolicy {
  readonly port: number;
  readonly publicUrl: string | null;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
}

const LOOPBACK_NAMES = new Set(['localhost', '127.0.0.1', '[::1]']);
/** A page cannot send these without a preflight (Fetch, "CORS-safelisted request-header"). */
const OWN_HEADERS = [
  'x-requested-with',
  'authorization',
  'x-api-key',
  'mcp-session-id',
  'idempotency-key',
  'if-match',
  'prefer',
] as const;
const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';
const REQUEST_HEADERS =
  'content-type, accept, authorization, x-api-key, x-requested-with, x-request-id, mcp-session-id, ' +
  'mcp-protocol-version, mcp-method, mcp-name, last-event-id, if-match, if-none-match, idempotency-key, prefer';
const EXPOSED_HEADERS =
  'Mcp-Session-Id, MCP-Protocol-Version, X-Request-Id, ETag, Location, Retry-After, WWW-Authenticate, Allow';
const HEADER_LIST = /^[a-z0-9!#$%&'*+.^_`|~-]+(?:[ \t]*,[ \t]*[a-z0-9!#$%&'*+.^_`|~-]+)*$/i;

/**
 * Host, Origin and content-type rules that hold for every path, `/mcp`, `/docs` and the management API alike: they
 * keep web pages (DNS rebinding, cross-site requests) from driving a gateway that listens on the reader's machine.
 *
 * HOT PATH: no allocation beyond what a refusal needs when a request has no Origin.
 */
export class RequestGate {
  private readonly publicAuthority: Authority | null;
  private readonly publicOrigin: string | null;
  private readonly hosts: readonly Authority[];
  private readonly origins: ReadonlySet<string>;
  /** Host headers seen to be fine, spelled as they came. Bounded; a client's spelling hardly varies. */
  private readonly knownHosts = new Set<string>();

  constructor(private readonly policy: GatePolicy) {
    const publicUrl = policy.publicUrl === null ? null : new URL(policy.publicUrl);
    this.publicAuthority = publicUrl === null ? null : parseAuthority(publicUrl.hostname);
    this.publicOrigin = publicUrl === null ? null : normalOrigin(publicUrl.origin);
    this.hosts = policy.allowedHosts.map(parseAuthority).filter((host) => host !== null);
    this.origins = new Set(policy.allowedOrigins.map(normalOrigin).filter((o) => o !== null));
  }

  /** `null`: the request may go on. Credentials are not looked at here. `pages`: those the service asked for admits. */
  check(request: IncomingMessage, pages: PageGrant | null = null): GateRefusal | null {
    return (
      targetFault(request) ??
      this.hostFault(request) ??
      this.originFault(request, pages) ??
      this.bodyFault(request)
    );
  }

  /** CORS headers for a request of an allowed page, preflights included; `null` where no Origin was sent or allowed. */
  corsHeaders(
    request: IncomingMessage,
    pages: PageGrant | null = null,
  ): Record<string, string> | null {
    const origin = request.headers.origin;
    if (origin === undefined) return null;
    const trusted = this.allowsOrigin(origin, request);
    if (!trusted && !isGranted(pages, request)) return null;
    const headers: Record<string, string> = {
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Expose-Headers': EXPOSED_HEADERS,
      Vary: 'Origin',
    };
    if (request.method !== 'OPTIONS') return headers;
    const wanted = request.headers['access-control-request-headers'];
    const granted = trusted || pages === null ? null : pages;
    headers['Access-Control-Allow-Methods'] = granted?.methods.join(', ') ?? METHODS;
    const fallback = [REQUEST_HEADERS, ...(granted?.headers ?? [])].join(', ');
    headers['Access-Control-Allow-Headers'] =
      trusted && wanted !== undefined && HEADER_LIST.test(wanted) ? wanted : fallback;
    headers['Access-Control-Max-Age'] = '600';
    if (request.headers['access-control-request-private-network'] === 'true') {
      headers['Access-Control-Allow-Private-Network'] = 'true';
    }
    return headers;
  }

  private hostFault(request: IncomingMessage): GateRefusal | null {
    const host = request.headers.host;
    if (host === undefined || countHosts(request.rawHeaders) !== 1) {
      return refusal(authProblems['host-malformed'], 'There is not exactly one Host header');
    }
    if (this.knownHosts.has(host)) return null;
    const authority = parseAuthority(host);
    if (authority === null) {
      return refusal(authProblems['host-malformed'], 'The Host header is not a host name and port');
    }
    if (!this.allowsHost(authority)) {
      return refusal(
        authProblems['host-refused'],
        `The host "${host}" is neither this machine nor allowed`,
      );
    }
    if (this.knownHosts.size < 256) this.knownHosts.add(host);
    return null;
  }

  private allowsHost({ host, port }: Authority): boolean {
    if (LOOPBACK_NAMES.has(host) || host === this.publicAuthority?.host) return true;
    return this.hosts.some(
      (allowed) => allowed.host === host && (allowed.port === null || allowed.port === port),
    );
  }

  private originFault(request: IncomingMessage, pages: PageGrant | null): GateRefusal | null {
    const { headers } = request;
    if (headers.origin !== undefined) {
      if (this.allowsOrigin(headers.origin, request) || isGranted(pages, request)) return null;
      return refusal(
        authProblems['origin-refused'],
        `The origin "${headers.origin}" is not allowed`,
      );
    }
    if (headers['sec-fetch-site'] !== 'cross-site' || isVisit(request)) return null;
    return refusal(
      authProblems['origin-refused'],
      'The request comes from a page of another site, which did not name its origin',
    );
  }

  /** Ours, whichever of our names the page was loaded from, or listed. */
  private allowsOrigin(origin: string, request: IncomingMessage): boolean {
    const parsed = parseOrigin(origin);
    if (parsed === null) return false;
    if (LOOPBACK_NAMES.has(parsed.host) && parsed.port === this.policy.port) return true;
    const normal = normalOrigin(origin);
    if (normal === null) return false;
    if (normal === this.publicOrigin || this.origins.has(normal)) return true;
    const host = parseAuthority(request.headers.host ?? '');
    // Whoever can forge the plain page of a name that is served encrypted is not us.
    if (parsed.scheme === 'http' && this.isEncrypted(parsed.host) && host?.port === null)
      return false;
    if (host === null || host.host !== parsed.host || !this.allowsHost(host)) return false;
    return (host.port ?? (parsed.scheme === 'https' ? 443 : 80)) === parsed.port;
  }

  private isEncrypted(host: string): boolean {
    return host === this.publicAuthority?.host && this.publicOrigin?.startsWith('https:') === true;
  }

  private bodyFault(request: IncomingMessage): GateRefusal | null {
    const { method, headers } = request;
    if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return null;
    const type = headers['content-type'];
    if (type !== undefined && (isJson(type, method) || isYamlImport(type, request))) return null;
    const hasBody =
      headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
    if (hasBody) {
      const wanted =
        method === 'PATCH'
          ? 'application/merge-patch+json or application/json'
          : 'application/json';
      return refusal(
        authProblems['content-type-refused'],
        `The body is ${type === undefined ? 'of no stated type' : 'not JSON'}; ${wanted} is accepted`,
        { Accept: 'application/json' },
      );
    }
    // Why not for PUT, PATCH and DELETE: a page cannot send those without a preflight, whatever their headers. Nor for
    // an allowed Origin: that page is ours or trusted (the Swagger console sends bare POSTs).
    if (method !== 'POST' || headers.origin !== undefined) return null;
    if (OWN_HEADERS.some((name) => headers[name] !== undefined)) return null;
    return refusal(
      authProblems['own-header-missing'],
      'A POST without a body needs the content type application/json or an own header',
    );
  }
}

/**
 * Whether a request target is a path (RFC 9112, "origin-form") that every reader splits alike.
 * Why not the absolute form too: the router behind takes the path out of `http://host/path` and cuts `#…` off, so rules
 * that look at the target as it came would judge another path than the one that is served.
 */
export function isOriginForm(target: string): boolean {
  return target.startsWith('/') && !target.includes('#');
}

function targetFault({ url = '/', method }: IncomingMessage): GateRefusal | null {
  if (isOriginForm(url) || (url === '*' && method === 'OPTIONS')) return null;
  return refusal(
    authProblems['target-malformed'],
    'The request target is not a path from the slash',
  );
}

/** A person following a link: it shows a page to them and nothing to the site that it comes from. */
function isVisit({ method, headers }: IncomingMessage): boolean {
  return (
    (method === 'GET' || method === 'HEAD') &&
    headers['sec-fetch-mode'] === 'navigate' &&
    headers['sec-fetch-dest'] === 'document'
  );
}

function isJson(contentType: string, method: string | undefined): boolean {
  if (contentType === 'application/json') return true;
  const semicolon = contentType.indexOf(';');
  const type = (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
  if (type === 'application/json') return true;
  return method === 'PATCH' && type === 'application/merge-patch+json';
}

/** Bundles may be YAML. No page can send that type without a preflight, which is what the rule is about. */
function isYamlImport(contentType: string, { method, url = '/' }: IncomingMessage): boolean {
  return (
    method === 'POST' &&
    /^application\/yaml\s*(;|$)/i.test(contentType) &&
    /^\/api\/v1\/import\/?(\?|$)/i.test(url)
  );
}

/** Node drops repeated Host headers from `headers`, so they are counted where it does not. */
function countHosts(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (
      name?.length === 4 &&
      (name === 'Host' || name === 'host' || name.toLowerCase() === 'host')
    ) {
      count += 1;
    }
  }
  return count;
}

function refusal(
  problem: ProblemFactory,
  detail: string,
  headers?: Readonly<Record<string, string>>,
): GateRefusal {
  const { code, status } = problem();
  return headers === undefined ? { status, code, detail } : { status, code, detail, headers };
}
