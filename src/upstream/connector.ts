import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { isIP } from 'node:net';
import { buildConnector } from 'undici';
import { type EgressPolicy, type OwnListener, refusalOf } from '../kernel/egress.js';
import { UpstreamError } from './upstream.errors.js';
import type { RemoteSpec } from './upstream-spec.js';

/** Where upstreams may be. */
export interface Egress {
  readonly policy: EgressPolicy;
  /** Asked at each connection: the listener may come up after the upstream was made. */
  ownListeners(): readonly OwnListener[];
}

export type Lookup = typeof systemLookup;

type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/** The check fails inside the socket's machinery, which passes errors on as they are. */
class EgressDenied extends Error {
  readonly code = 'EGRESS_DENIED';
}

/**
 * Opens connections to one origin. Invariant: the address that is connected to is the one that was checked, whatever DNS
 * answers a moment later. `egress` is `null` for a child of ours, which listens on loopback.
 */
export function checkedConnector(
  remote: Pick<RemoteSpec, 'connectTimeoutMs' | 'tls'>,
  port: number,
  egress: Egress | null,
  lookup: Lookup = systemLookup,
): buildConnector.connector {
  const refusal = (address: string): string | null =>
    egress === null ? null : refusalOf(address, egress.policy, egress.ownListeners(), port);
  const checkedLookup = (host: string, options: LookupOptions, done: LookupCallback): void => {
    lookup(host, { ...options, all: true }, (error, found) => {
      if (error !== null) {
        done(error, []);
        return;
      }
      const allowed = found.filter(({ address }) => refusal(address) === null);
      const [first] = allowed;
      if (first === undefined) done(denied(host, refusal(found[0]?.address ?? '')), []);
      else if (options.all === true) done(null, allowed);
      else done(null, first.address, first.family);
    });
  };
  const connect = buildConnector({
    timeout: remote.connectTimeoutMs,
    lookup: checkedLookup as never,
    ...tlsOptions(remote.tls),
  });
  return (options, callback) => {
    const host = options.hostname.replace(/^\[|\]$/g, '');
    const reason = isIP(host) === 0 ? null : refusal(host);
    if (reason !== null) {
      callback(denied(host, reason), null);
      return;
    }
    try {
      connect({ ...options, hostname: host }, callback);
    } catch (error) {
      // Certificates that cannot be read, or do not go with the key, are thrown rather than told.
      callback(error as Error, null);
    }
  };
}

function denied(host: string, reason: string | null): EgressDenied {
  return new EgressDenied(`${host} is not allowed: ${reason ?? 'it has no address'}`);
}

function tlsOptions(tls: RemoteSpec['tls']): Record<string, unknown> {
  if (tls === null) return {};
  const { ca, cert, key, rejectUnauthorized } = tls;
  return {
    rejectUnauthorized,
    ...(ca === null ? {} : { ca }),
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key }),
  };
}

const REFUSED = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'EADDRNOTAVAIL',
]);
const UNRESOLVED = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'ENODATA', 'EAI_NODATA']);
const TIMED_OUT = new Set(['UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT']);
const TLS =
  /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|EPROTO|HOSTNAME_MISMATCH)/;

/** The reason why a connection failed or broke, with what to tell an operator. `origin` names the server. */
export function connectionError(error: unknown, origin: string): UpstreamError {
  if (error instanceof UpstreamError) return error;
  const cause = firstCause(error);
  const code = cause.code ?? '';
  const made = (kind: UpstreamError['code'], text: string): UpstreamError =>
    new UpstreamError(kind, text, { cause, mayHaveRun: false });
  if (code === 'EGRESS_DENIED') return made('egress-denied', cause.message);
  if (UNRESOLVED.has(code))
    return made('dns-failed', `The name of ${origin} has no address (${code})`);
  if (REFUSED.has(code))
    return made('connect-refused', `Nothing accepts connections at ${origin} (${code})`);
  if (TIMED_OUT.has(code))
    return made('connect-timeout', `${origin} did not accept a connection in time`);
  if (TLS.test(code)) return made('tls-failed', `TLS with ${origin} failed: ${cause.message}`);
  return new UpstreamError('disconnected', `The connection to ${origin} broke: ${cause.message}`, {
    cause,
    mayHaveRun: true,
  });
}

/** Several addresses may have been tried: they mostly failed alike. */
function firstCause(error: unknown): NodeJS.ErrnoException {
  if (typeof error !== 'object' || error === null) return new Error(String(error));
  // Why not instanceof: errors of the runtime may come from another realm.
  if ('errors' in error && Array.isArray(error.errors) && error.errors.length > 0) {
    return firstCause(error.errors[0]);
  }
  return error as NodeJS.ErrnoException;
}
