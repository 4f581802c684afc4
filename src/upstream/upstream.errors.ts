/**
 * Why an upstream did not do what was asked. Local: never serialised; one mapping to `ProblemError`
 * (`registration/activation-problem`, `gateway/…`) and one to JSON-RPC (`gateway/reply`).
 */
export type UpstreamErrorCode =
  // starting
  | 'command-missing'
  | 'command-denied'
  | 'spawn-failed'
  | 'exited-early'
  | 'start-timeout'
  | 'port-not-opened'
  | 'secret-missing'
  // connecting
  | 'bad-url'
  | 'dns-failed'
  | 'connect-refused'
  | 'connect-timeout'
  | 'tls-failed'
  | 'egress-denied'
  | 'hop-limit'
  | 'redirected'
  // handshake
  | 'handshake-timeout'
  | 'handshake-refused'
  | 'not-mcp'
  | 'protocol-version'
  | 'unauthorized'
  | 'http-status'
  // running
  | 'exited'
  | 'disconnected'
  | 'line-too-long'
  | 'not-json'
  | 'memory-limit'
  | 'process-limit'
  | 'call-timeout'
  | 'session-expired'
  | 'body-too-large'
  | 'rpc-error'
  // ours
  | 'capacity'
  | 'retired'
  | 'stopped'
  | 'aborted'
  | 'crash-loop';

export interface UpstreamErrorFacts {
  /** Last stderr lines, scrubbed. */
  readonly stderr?: readonly string[];
  readonly exitCode?: number | null;
  readonly signal?: string | null;
  readonly httpStatus?: number;
  readonly retryAfterS?: number;
  /** The JSON-RPC error of the upstream, for `rpc-error` and `handshake-refused`. */
  readonly rpc?: { readonly code: number; readonly message: string; readonly data?: unknown };
  /** Whether the upstream may have begun to execute the call. */
  readonly mayHaveRun?: boolean;
  readonly cause?: unknown;
}

export class UpstreamError extends Error {
  constructor(
    readonly code: UpstreamErrorCode,
    message: string,
    readonly facts: UpstreamErrorFacts = {},
  ) {
    super(message, { cause: facts.cause });
    this.name = 'UpstreamError';
  }
}
