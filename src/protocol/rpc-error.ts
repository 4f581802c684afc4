/** The numbers that cross the MCP wire: JSON-RPC 2.0, section 5.1, and the ones this gateway adds in the server range. */
export const RPC = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  /** The upstream failed, ended or did not answer in time; `data` says which. */
  upstreamFailed: -32000,
  /** A legacy server knows no such resource (2025-11-25, resources); modern ones answer `invalidParams`. */
  resourceNotFound: -32002,
  /** The session is unknown (sent with HTTP 404). */
  unknownSession: -32001,
  /** The service exists but does not serve now; `data` names service, state and reason. */
  unavailable: -32010,
  /** The caller may not do this; `data.reason` says why. */
  denied: -32011,
  /** Too many calls; `data.retry_after_s`. */
  limited: -32012,
  /** A required header is missing or says other than the body (2026-07-28, Streamable HTTP; sent with HTTP 400). */
  headerMismatch: -32020,
  /** The request needs a capability that the client did not declare (2026-07-28; sent with HTTP 400). */
  missingCapability: -32021,
  /** `data.supported` lists the versions that are (2026-07-28, versioning; sent with HTTP 400). */
  unsupportedVersion: -32022,
} as const;

export class RpcError extends Error {
  constructor(
    readonly code: number,
    message: string,
    readonly data?: unknown,
    /** HTTP status that carries it. */
    readonly httpStatus = 200,
  ) {
    super(message);
    this.name = 'RpcError';
  }
}
