import type { ProblemError } from '../kernel/problem.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';
import type { UpstreamError, UpstreamErrorCode } from '../upstream/upstream.errors.js';
import type { CallOutcome } from './channels.js';
import type { Endpoint, Unavailability } from './endpoint.js';
import { gatewayProblems } from './gateway.errors.js';

/** `busy`: ask again soon; `down`: does not serve; `start`: could not be reached; `late`; `lost`: broke while serving. */
type Family = 'answered' | 'busy' | 'down' | 'start' | 'start-late' | 'late' | 'lost' | 'expired';

const FAMILY: Readonly<Record<UpstreamErrorCode, Family>> = {
  'command-missing': 'start',
  'command-denied': 'start',
  'spawn-failed': 'start',
  'exited-early': 'start',
  'start-timeout': 'start-late',
  'port-not-opened': 'start',
  'secret-missing': 'start',
  'bad-url': 'start',
  'dns-failed': 'start',
  'connect-refused': 'start',
  'connect-timeout': 'start-late',
  'tls-failed': 'start',
  'egress-denied': 'start',
  'hop-limit': 'start',
  redirected: 'start',
  'handshake-timeout': 'start-late',
  'handshake-refused': 'answered',
  'not-mcp': 'start',
  'protocol-version': 'start',
  unauthorized: 'start',
  'http-status': 'lost',
  exited: 'lost',
  disconnected: 'lost',
  'line-too-long': 'lost',
  'not-json': 'lost',
  'memory-limit': 'lost',
  'process-limit': 'lost',
  'call-timeout': 'late',
  'session-expired': 'expired',
  'body-too-large': 'lost',
  'rpc-error': 'answered',
  capacity: 'busy',
  retired: 'down',
  stopped: 'down',
  aborted: 'lost',
  'crash-loop': 'down',
};

/** Failures that a caller brings about by what it asks, or that the upstream was well enough to answer. */
const NO_FAULT_OF_TRANSPORT: ReadonlySet<UpstreamErrorCode> = new Set([
  'aborted',
  'body-too-large',
  'hop-limit',
  'line-too-long',
  'unauthorized',
]);

/** What an error says of the upstream: that it lives, that it fails, or nothing. */
export function speaksOf({ code, facts }: UpstreamError): 'life' | 'failure' | 'nothing' {
  if (NO_FAULT_OF_TRANSPORT.has(code)) return 'nothing';
  switch (FAMILY[code]) {
    case 'answered':
      return 'life';
    case 'busy':
    case 'down':
    case 'expired':
      return 'nothing';
    case 'lost':
      return isAnswer(facts.httpStatus ?? 0) ? 'life' : 'failure';
    case 'start':
    case 'start-late':
    case 'late':
      return 'failure';
  }
}

/** Whether an HTTP status comes from a server that does its work, if only to refuse. */
export function isAnswer(status: number): boolean {
  return status >= 200 && status !== 502 && status !== 503 && status !== 504;
}

/**
 * The JSON-RPC side of an `UpstreamError`. A call that was under way is answered with HTTP 200, so that clients show the
 * error itself; what could not even be opened carries the status of a gateway (RFC 9110, 15.6).
 */
export function rpcErrorOf(error: UpstreamError, endpoint: Endpoint): RpcError {
  const { rpc, retryAfterS, mayHaveRun } = error.facts;
  const about = { service: endpoint.serviceName, reason: error.code };
  switch (FAMILY[error.code]) {
    case 'answered':
      if (rpc !== undefined) return new RpcError(rpc.code, rpc.message, rpc.data);
      return new RpcError(RPC.upstreamFailed, error.message, about, 502);
    case 'busy':
      return new RpcError(
        RPC.limited,
        error.message,
        { ...about, retry_after_s: retryAfterS ?? 1 },
        503,
      );
    case 'down':
      return new RpcError(
        RPC.unavailable,
        error.message,
        { ...about, state: 'unavailable', retry_after_s: retryAfterS ?? 1 },
        503,
      );
    case 'start':
      return new RpcError(RPC.upstreamFailed, error.message, about, 502);
    case 'start-late':
      return new RpcError(RPC.upstreamFailed, error.message, about, 504);
    case 'late':
    case 'lost':
      return new RpcError(RPC.upstreamFailed, error.message, {
        ...about,
        may_have_run: mayHaveRun ?? true,
      });
    case 'expired':
      return unknownSession();
  }
}

/** The REST side of an `UpstreamError`. */
export function problemOfUpstream(error: UpstreamError, endpoint: Endpoint): ProblemError {
  const { rpc, retryAfterS, mayHaveRun } = error.facts;
  const extra = {
    service_id: endpoint.serviceId,
    service: endpoint.serviceName,
    reason: error.code,
  };
  const details = { detail: error.message, extra, cause: error };
  switch (FAMILY[error.code]) {
    case 'answered':
      return gatewayProblems['upstream-refused']({
        ...details,
        detail: rpc?.message ?? error.message,
        extra: rpc === undefined ? extra : { ...extra, rpc_error: rpc },
      });
    case 'busy':
      return gatewayProblems.busy({ ...details, retry_after_s: retryAfterS ?? 1 });
    case 'down':
      return gatewayProblems.unavailable({ ...details, retry_after_s: retryAfterS ?? 1 });
    case 'late':
      return gatewayProblems['upstream-timeout']({
        ...details,
        extra: { ...extra, may_have_run: mayHaveRun ?? true },
      });
    case 'start-late':
      return gatewayProblems['upstream-timeout'](details);
    case 'start':
      return gatewayProblems['upstream-failed'](details);
    case 'lost':
    case 'expired':
      return gatewayProblems['upstream-failed']({
        ...details,
        extra: { ...extra, may_have_run: mayHaveRun ?? true },
      });
  }
}

/** The REST side of a refusal at the door. */
export function problemOfRefusal(refusal: RpcError): ProblemError {
  const seconds = retryAfterS(refusal);
  const details = {
    detail: refusal.message,
    ...(seconds === null ? {} : { retry_after_s: seconds }),
    ...(typeof refusal.data === 'object' && refusal.data !== null
      ? { extra: refusal.data as Record<string, unknown> }
      : {}),
  };
  switch (refusal.code) {
    case RPC.denied:
      return gatewayProblems['tool-denied'](details);
    case RPC.limited:
      return refusal.httpStatus === 429
        ? gatewayProblems.limited(details)
        : gatewayProblems.busy(details);
    case RPC.upstreamFailed:
      return gatewayProblems['upstream-failed'](details);
    default:
      return refusal.httpStatus === 404
        ? gatewayProblems['unknown-route'](details)
        : gatewayProblems.unavailable(details);
  }
}

export function outcomeOfError(code: UpstreamErrorCode): CallOutcome {
  const family = FAMILY[code];
  if (family === 'late' || family === 'start-late') return 'timeout';
  if (family === 'answered') return 'rpc_error';
  return code === 'aborted' ? 'cancelled' : 'failed';
}

/** A fault of ours, which is logged where it shows. */
export function internalFault(): RpcError {
  return new RpcError(RPC.internalError, 'The gateway failed', undefined, 500);
}

/** 404 makes a client initialise anew (2025-11-25, Streamable HTTP, session management 4). */
export function unknownSession(): RpcError {
  return new RpcError(RPC.unknownSession, 'The session is unknown or has ended', undefined, 404);
}

/** Too many calls, by whatever count. */
export function limitedError(
  message: string,
  service: string,
  reason: string,
  seconds: number,
  status: number,
): RpcError {
  return new RpcError(RPC.limited, message, { service, reason, retry_after_s: seconds }, status);
}

export function unavailableError(service: string, why: Unavailability): RpcError {
  const { state, reason, action, retry_after_s } = why;
  const about = { service, state, reason, ...(action === undefined ? {} : { action }) };
  return new RpcError(RPC.unavailable, why.message, { ...about, retry_after_s }, 503);
}

/** Seconds for `Retry-After`, where the error's data names them. */
export function retryAfterS(error: RpcError): number | null {
  const { data } = error;
  if (typeof data !== 'object' || data === null || !('retry_after_s' in data)) return null;
  return typeof data.retry_after_s === 'number' ? Math.max(1, Math.ceil(data.retry_after_s)) : null;
}
