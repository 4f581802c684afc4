import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PageGrant } from '../auth/page-grant.js';
import type { JsonObject } from '../kernel/json.js';
import type { InstanceSource } from '../upstream/instance-source.js';
import type { UpstreamTransport } from '../upstream/upstream.js';
import type { EndpointLoad } from './endpoint-load.js';

/** Why a mounted service does not serve now; sent as 503 with `Retry-After`. */
export interface Unavailability {
  readonly state: string;
  readonly reason: string;
  readonly message: string;
  /** What to do about it, where it is known. */
  readonly action?: string;
  /** A security finding keeps callers away: what it lists is not to be passed on either. */
  readonly blocked?: true;
  readonly retry_after_s: number;
}

/** Who may call what on an endpoint. Compiled from `security`; `null` in the endpoint when nothing is restricted. */
export interface EndpointPolicy {
  /** A caller without credentials is refused with 401. */
  readonly authenticationRequired: boolean;
  /** The caller needs one of these besides `invoke`; empty = none. */
  readonly allowedScopes: readonly string[];
  /** Exact tool names or `*` patterns; `null` = all. */
  readonly allowTools: readonly string[] | null;
  readonly denyTools: readonly string[];
  /** Only tools with `readOnlyHint: true` may be called. */
  readonly readOnlyTools: boolean;
  /** Calls of one principal per window, or `null`. */
  readonly rateLimit: { readonly requests: number; readonly window_ms: number } | null;
}

/** What becomes of calls that cannot go at once, do not end, or fail. */
export interface FlowLimits {
  /** Calls that may wait for their turn once `maxInFlight` are under way; 0 = none. */
  readonly queueSize: number;
  readonly queueTimeoutMs: number;
  /** Silence allowed once the upstream has said something about a call; `null` = as `callTimeoutMs`. */
  readonly streamTimeoutMs: number | null;
  /** Transport failures in a row that open the circuit; 0 = none do. */
  readonly circuitFailures: number;
  /** How long it is open the first time. */
  readonly circuitOpenMs: number;
}

/** The limits of an endpoint that nobody configured. */
export const DEFAULT_FLOW: FlowLimits = Object.freeze({
  queueSize: 256,
  queueTimeoutMs: 5_000,
  streamTimeoutMs: null,
  circuitFailures: 5,
  circuitOpenMs: 5_000,
});

/** A handler compiled by Nest (guards, interceptors) around a method of the service's dynamic controller. */
export interface CompiledHandler {
  (request: IncomingMessage, response: ServerResponse): Promise<unknown>;
  /** Set where it refuses nobody whom `Dispatcher.admitCaller` lets pass: ways in without a request need not run it. */
  readonly judgesCallerOnly?: true;
}

/** What a service says of itself; the aggregate endpoint reads it. */
export interface EndpointProfile {
  readonly title: string | null;
  readonly description: string | null;
  readonly tags: readonly string[];
  /** Of its server at the last handshake that was proven; `null` = not known. */
  readonly capabilities: JsonObject | null;
}

/** The compiled, immutable form of a route that a request runs through. Fixed shape; what is not used is `null`. */
export interface Endpoint {
  readonly serviceId: string;
  readonly serviceName: string;
  readonly revision: number;
  /** `null` while it serves. */
  readonly unavailable: Unavailability | null;
  readonly transport: UpstreamTransport;
  /** `session`: each client's session has an upstream of its own and stays with it over an update. */
  readonly isolation: 'session' | 'shared';
  readonly source: InstanceSource;
  readonly policy: EndpointPolicy | null;
  /** Runs the service's guards and interceptors before the door; `null` when it has none. */
  readonly guarded: CompiledHandler | null;
  readonly maxBodyBytes: number;
  readonly callTimeoutMs: number;
  /** Most calls under way at once over all callers, or `null`. */
  readonly maxInFlight: number | null;
  readonly flow: FlowLimits;
  readonly maxSessions: number;
  /** Tools as last proven: policy (`readOnlyHint`), REST validation and Swagger read them. */
  readonly tools: readonly JsonObject[];
  /** What goes on at the source, the one mutable thing here; shared by the endpoints of one source. */
  readonly load: EndpointLoad;
  readonly profile?: EndpointProfile;
  /** Web pages that may use it besides the gateway's own; `null` = none. Read for requests with an Origin only. */
  readonly pages?: PageGrant | null;
  /** Set for several services as one: its calls are told of by the services that serve them. */
  readonly aggregate?: true;
}

export interface RouteMatch {
  readonly endpoint: Endpoint;
  /** What of the path is left after the route: `''`, `'/sse'` or `'/message'`. */
  readonly rest: string;
}

/** A complete, immutable set of endpoints. Replaced by one pointer assignment, never changed. */
export interface RouteTable {
  /** Grows by one with each swap. */
  readonly version: number;
  /** `path` has no query and starts with `/mcp/`. */
  match(path: string): RouteMatch | null;
  /** The default endpoint of a service, for calls that come by name rather than path. */
  ofService(serviceId: string): Endpoint | null;
  readonly endpoints: readonly Endpoint[];
}
