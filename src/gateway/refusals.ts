import { RPC, RpcError } from '../protocol/rpc-error.js';
import { gatewayProblems } from './gateway.errors.js';
import type { Inbound } from './inbound.js';
import { sendProblem } from './reply.js';
import { unknownSession } from './wire-error.js';

/** What is wrong with the session that a request names, or does not name; `null` = nothing. */
export function sessionFault(
  inbound: Inbound,
  session: { readonly version: string } | null,
): RpcError | null {
  if (session !== null) return inbound.versionFault(session.version);
  if (inbound.sessionId !== undefined) return unknownSession();
  const message = 'The Mcp-Session-Id header is missing';
  return new RpcError(RPC.invalidRequest, message, undefined, 400);
}

export function refuseAccept({ response, requestId, path }: Inbound): void {
  sendProblem(response, requestId, path, gatewayProblems['not-acceptable']());
}

export function refuseMethod({ response, requestId, path }: Inbound, allow: string): void {
  const problem = gatewayProblems['method-not-allowed']({ headers: { allow } });
  sendProblem(response, requestId, path, problem);
}
