import { UpstreamError } from './upstream.errors.js';

/** Headers we set ourselves or that belong to one connection; neither a configuration nor a client sets them. */
const RESERVED = new Set([
  'accept',
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'mcp-protocol-version',
  'mcp-session-id',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-switchyard-hop',
]);

export const HOP_HEADER = 'x-switchyard-hop';
/** Gateways a request may pass; one more is a loop. */
export const MAX_HOPS = 3;

/** Where requests go. */
export interface HttpTarget {
  readonly url: URL;
  readonly port: number;
  /** Path and query. */
  readonly path: string;
  /** Configured headers, name after value after name, lower case. */
  readonly headers: readonly string[];
  /** Names of the configured headers: a client's own do not replace them. */
  readonly fixed: ReadonlySet<string>;
}

/** Throws `bad-url`. */
export function httpTarget(url: string, headers: Readonly<Record<string, string>>): HttpTarget {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw new UpstreamError('bad-url', 'The URL is no http or https URL');
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw new UpstreamError('bad-url', 'The URL carries credentials; use a header instead');
  }
  const flat: string[] = [];
  const fixed = new Set(RESERVED);
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (RESERVED.has(lower)) continue;
    fixed.add(lower);
    flat.push(lower, value);
  }
  const port = parsed.port === '' ? (parsed.protocol === 'https:' ? 443 : 80) : Number(parsed.port);
  return { url: parsed, port, path: parsed.pathname + parsed.search, headers: flat, fixed };
}

/** How many gateways a request has passed, as its header says. */
export function hopsOf(value: string | undefined): number {
  const hops = Number(value ?? 0);
  return Number.isInteger(hops) && hops >= 0 ? hops : MAX_HOPS;
}

/** The refusal of a request that has passed `hops` gateways already, or `null`. */
export function hopRefusal(hops: number): UpstreamError | null {
  if (hops < MAX_HOPS) return null;
  return new UpstreamError(
    'hop-limit',
    `The request has passed ${hops} gateways: it runs in circles`,
  );
}
