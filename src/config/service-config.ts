import type { JsonObject } from '../kernel/json.js';

/**
 * The effective configuration of a service: every default filled in. `config-schema` validates fragments of it, `merge`
 * makes it from the layers. Units are in the names; meanings and defaults are in `docs/reference/configuration.md`.
 */
export interface ServiceConfig {
  readonly runtime: RuntimeConfig;
  readonly network: NetworkConfig;
  readonly security: SecurityConfig;
  readonly integration: IntegrationConfig;
  readonly monitoring: MonitoringConfig;
  /** Owners' own fields, keyed by owner; never read by us. */
  readonly extensions: JsonObject;
}

/** Some of a configuration, as a client, a template or an overlay writes it. `null` deletes (RFC 7396). */
export type ConfigFragment = JsonObject;

export interface RuntimeConfig {
  readonly command: string | null;
  readonly args: readonly string[];
  /** Values may be secret references. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | null;
  readonly isolation: 'session' | 'shared';
  /** Children of a shared service. */
  readonly replicas: number;
  /** Children kept started ahead of use. */
  readonly warm: number;
  readonly max_instances: number;
  readonly start_timeout_ms: number;
  readonly call_timeout_ms: number;
  /** Silence allowed once the upstream has said something about a call; `null` = `call_timeout_ms`. */
  readonly stream_timeout_ms: number | null;
  /** Calls under way at once over all callers. */
  readonly max_in_flight: number;
  /** As `max_in_flight` 1. */
  readonly exclusive: boolean;
  /** Calls that wait for their turn. */
  readonly queue: { readonly size: number; readonly timeout_ms: number };
  readonly idle_stop_ms: number;
  readonly limits: {
    readonly memory_mb: number | null;
    readonly open_files: number | null;
    readonly processes: number | null;
    /** Of one instance, on average; 100 = one core. */
    readonly cpu_percent: number | null;
    readonly output_line_bytes: number;
  };
  readonly restart: {
    readonly first_ms: number;
    readonly factor: number;
    readonly cap_ms: number;
    readonly reset_after_ms: number;
    /** More restarts than this within `window_ms` is a crash loop. */
    readonly crash_loop_after: number;
    readonly window_ms: number;
  };
  readonly drain_ms: number;
  readonly session_drain_ms: number;
}

export interface NetworkConfig {
  readonly url: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** Of a command that listens: 0 = a free loopback port. */
  readonly port: number;
  /** Of a command that listens: default `/mcp`, or `/sse` for hosting mode `sse`. */
  readonly path: string | null;
  readonly tls: {
    readonly ca: string | null;
    readonly cert: string | null;
    readonly key: string | null;
    readonly reject_unauthorized: boolean;
  };
  readonly connect_timeout_ms: number;
  readonly max_body_bytes: number;
  readonly max_sessions: number;
  /** Transport failures in a row that keep calls away, and for how long the first time. */
  readonly circuit: { readonly failures: number; readonly open_ms: number };
  readonly cors: CorsConfig;
  readonly keep_alive: {
    /** 0 = a connection for each request; `null` = as the upstream asks. */
    readonly idle_ms: number | null;
    readonly connections: number;
  };
  /** Besides `/mcp/<name>`. `version` pins the route to a semver or revision number of the service. */
  readonly routes: readonly {
    readonly path: string;
    readonly priority: number;
    readonly version: string | null;
  }[];
}

/** Web pages that may use the endpoints of one service. */
export interface CorsConfig {
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
}

/** What follows when an upstream lists other tool definitions than the approved ones. */
export type ToolPinning = 'off' | 'warn' | 'block';

export interface SecurityConfig {
  readonly authentication: { readonly required: boolean };
  /** Our own variables that the command inherits besides the few. */
  readonly env_allow: readonly string[];
  readonly allowed_scopes: readonly string[];
  readonly tools: {
    readonly allow: readonly string[] | null;
    readonly deny: readonly string[];
    readonly read_only: boolean;
  };
  /** Absent in configurations that were stored before there was any; then as the default. */
  readonly tool_pinning?: ToolPinning;
  readonly rate_limit: { readonly requests: number; readonly window_ms: number } | null;
}

export interface IntegrationConfig {
  readonly dependencies: readonly ServiceDependency[];
  readonly webhooks: readonly WebhookConfig[];
  /** Absent in configurations that were stored before there were any. */
  readonly external?: readonly ExternalResource[];
}

/** Something outside the gateway that a service needs; reached by exactly one of `url` and `tcp`. */
export interface ExternalResource {
  readonly name: string;
  readonly url: string | null;
  /** `host:port`. */
  readonly tcp: string | null;
  readonly timeout_ms: number;
  /** Whether calls are refused while it cannot be reached. */
  readonly required: boolean;
}

/** A receiver of the service's alerts. */
export interface WebhookConfig {
  readonly url: string;
  /** A secret reference. */
  readonly secret: string;
  readonly min_severity: 'warning' | 'critical';
}

export interface ServiceDependency {
  /** Name or id of the service needed. */
  readonly service: string;
  /** Semver range its `version` must satisfy, or `null`. */
  readonly version: string | null;
  /** Tools it must offer. */
  readonly tools: readonly string[];
  readonly required: boolean;
}

/** The least grave line that is logged of a service. */
export type ServiceLogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface MonitoringConfig {
  readonly log_level: ServiceLogLevel;
  readonly checks: readonly HealthCheckConfig[];
  readonly alerts: AlertConfig;
  readonly metrics: { readonly labels: Readonly<Record<string, string>> };
}

export interface AlertConfig {
  readonly enabled: boolean;
  /** Check intervals that a fault lasts before its alert fires. */
  readonly hold_intervals: number;
  readonly repeat_ms: number;
}

export type CheckKind = 'basic' | 'functional' | 'performance' | 'dependency' | 'security';

export interface HealthCheckConfig {
  readonly kind: CheckKind;
  readonly name: string | null;
  readonly enabled: boolean;
  readonly tool: string | null;
  readonly arguments: JsonObject | null;
  readonly assert: readonly CheckAssertion[];
  readonly interval_ms: number;
  /** Absent for kinds that wait for nothing. */
  readonly timeout_ms?: number;
  readonly fail_after: number;
  readonly pass_after: number;
  /** A failing critical check takes the service out of rotation. */
  readonly critical: boolean;
  /** Performance only; of each limit `null` = none. */
  readonly max_p95_ms?: number | null;
  /** 0 to 1. */
  readonly max_error_rate?: number | null;
  /** Calls within the last minute without which neither of the two above is judged. */
  readonly min_samples?: number;
  readonly max_memory_mb?: number | null;
  /** 100 = one core. */
  readonly max_cpu_percent?: number | null;
}

/** One of the members is set; with `pointer`, `equals` or `contains` or `schema` applies to the value it names. */
export interface CheckAssertion {
  readonly pointer?: string;
  readonly contains?: string;
  readonly equals?: unknown;
  readonly schema?: JsonObject;
  readonly max_ms?: number;
}
