import type { UpstreamTransport } from './upstream.js';

/** Everything needed to start one upstream; secrets are resolved already and exist only in memory. */
export interface UpstreamSpec {
  readonly instanceId: string;
  readonly serviceName: string;
  readonly transport: UpstreamTransport;
  /** Stdio: one child serves many clients. Ignored for the HTTP transports, which always do. */
  readonly shared: boolean;
  readonly command: CommandSpec | null;
  readonly remote: RemoteSpec | null;
  readonly limits: UpstreamLimits;
  readonly startTimeoutMs: number;
  /** Values to replace by `[secret]` in whatever the upstream says before it is kept or shown. */
  readonly secrets: readonly string[];
  /** Whether what it writes to stderr is also logged by us. */
  readonly tellsOutput?: boolean;
  /** No second child of the command may run beside it, not even to ask it something. */
  readonly alone?: boolean;
}

export interface CommandSpec {
  /** Real, absolute path. */
  readonly file: string;
  readonly args: readonly string[];
  /** The complete environment of the child (allow-list and `runtime.env` already merged). */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | null;
  /** Set for a command that listens (`sse`, `streamable_http`): 0 = a free loopback port is chosen. */
  readonly listen: { readonly port: number; readonly path: string } | null;
}

export interface RemoteSpec {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connectTimeoutMs: number;
  readonly tls: {
    readonly ca: string | null;
    readonly cert: string | null;
    readonly key: string | null;
    readonly rejectUnauthorized: boolean;
  } | null;
  /** Connections between two requests. Default: as the server asks, and 256 of them for calls. */
  readonly keepAlive?: {
    /** How long one is kept without a request; 0 = one for each request, `null` = as the server asks. */
    readonly idleMs: number | null;
    readonly connections: number;
  };
}

export interface UpstreamLimits {
  /** Resident set of the process group; `null` = no limit. */
  readonly memoryBytes: number | null;
  readonly processes: number | null;
  readonly openFiles: number | null;
  /** Longest line (or SSE event) the upstream may send. */
  readonly lineBytes: number;
}
