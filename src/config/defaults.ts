import { deepFreeze, type JsonObject, type JsonValue } from '../kernel/json.js';
import type { CheckKind, HealthCheckConfig, ServiceConfig } from './service-config.js';

/** The lowest layer of every configuration. */
export const DEFAULT_CONFIG: ServiceConfig = deepFreeze<ServiceConfig>({
  runtime: {
    command: null,
    args: [],
    env: {},
    cwd: null,
    isolation: 'session',
    replicas: 1,
    warm: 0,
    max_instances: 16,
    start_timeout_ms: 30_000,
    call_timeout_ms: 60_000,
    stream_timeout_ms: null,
    max_in_flight: 64,
    exclusive: false,
    queue: { size: 256, timeout_ms: 5000 },
    idle_stop_ms: 300_000,
    limits: {
      memory_mb: null,
      open_files: null,
      processes: null,
      cpu_percent: null,
      output_line_bytes: 16 * 1024 * 1024,
    },
    restart: {
      first_ms: 1000,
      factor: 2,
      cap_ms: 300_000,
      reset_after_ms: 600_000,
      crash_loop_after: 5,
      window_ms: 600_000,
    },
    drain_ms: 30_000,
    session_drain_ms: 3_600_000,
  },
  network: {
    url: null,
    headers: {},
    port: 0,
    path: null,
    tls: { ca: null, cert: null, key: null, reject_unauthorized: true },
    connect_timeout_ms: 5000,
    max_body_bytes: 4 * 1024 * 1024,
    max_sessions: 1000,
    circuit: { failures: 5, open_ms: 5000 },
    cors: { origins: [], methods: ['GET', 'POST', 'DELETE'], headers: [] },
    keep_alive: { idle_ms: null, connections: 256 },
    routes: [],
  },
  security: {
    authentication: { required: false },
    env_allow: [],
    allowed_scopes: [],
    tools: { allow: null, deny: [], read_only: false },
    tool_pinning: 'warn',
    rate_limit: null,
  },
  integration: { dependencies: [], webhooks: [], external: [] },
  monitoring: {
    log_level: 'info',
    checks: [],
    alerts: { enabled: true, hold_intervals: 2, repeat_ms: 14_400_000 },
    metrics: { labels: {} },
  },
  extensions: {},
});

/** Calls of a rate limit are counted over this long when the limit does not say. */
const DEFAULT_RATE_WINDOW_MS = 60_000;

const UNNAMED_CHECK = {
  name: null,
  enabled: true,
  tool: null,
  arguments: null,
  assert: [],
  pass_after: 2,
} as const;

/** What a health check of each kind does unless it says otherwise. */
export const DEFAULT_CHECKS: Readonly<Record<HealthCheckConfig['kind'], HealthCheckConfig>> =
  deepFreeze({
    basic: {
      ...UNNAMED_CHECK,
      kind: 'basic',
      interval_ms: 10_000,
      timeout_ms: 2000,
      fail_after: 3,
      critical: true,
    },
    functional: {
      ...UNNAMED_CHECK,
      kind: 'functional',
      interval_ms: 60_000,
      timeout_ms: 10_000,
      fail_after: 2,
      critical: false,
    },
    performance: {
      ...UNNAMED_CHECK,
      kind: 'performance',
      interval_ms: 60_000,
      fail_after: 3,
      critical: false,
      max_p95_ms: null,
      max_error_rate: 0.5,
      min_samples: 50,
      max_memory_mb: null,
      max_cpu_percent: null,
    },
    dependency: {
      ...UNNAMED_CHECK,
      kind: 'dependency',
      interval_ms: 60_000,
      fail_after: 2,
      pass_after: 1,
      critical: false,
    },
    security: {
      ...UNNAMED_CHECK,
      kind: 'security',
      interval_ms: 86_400_000,
      fail_after: 1,
      pass_after: 1,
      critical: false,
    },
  } as Record<HealthCheckConfig['kind'], HealthCheckConfig>);

export const CHECK_KINDS = Object.keys(DEFAULT_CHECKS) as readonly CheckKind[];

const DEFAULT_ROUTE: JsonObject = { priority: 0, version: null };
const DEFAULT_DEPENDENCY: JsonObject = { version: null, tools: [], required: true };
const DEFAULT_EXTERNAL: JsonObject = { url: null, tcp: null, timeout_ms: 2000, required: false };
const DEFAULT_WEBHOOK: JsonObject = { min_severity: 'warning' };

/**
 * Fills in what the members of the lists leave out, on a document whose categories are complete. Kinds of check that are
 * not listed are added with their defaults; answers their places.
 */
export function completeMembers(config: JsonObject): { added: string[] } {
  const network = config['network'] as JsonObject;
  network['routes'] = filled(network['routes'], () => DEFAULT_ROUTE);
  const integration = config['integration'] as JsonObject;
  integration['dependencies'] = filled(integration['dependencies'], () => DEFAULT_DEPENDENCY);
  integration['webhooks'] = filled(integration['webhooks'], () => DEFAULT_WEBHOOK);
  integration['external'] = filled(integration['external'] ?? [], () => DEFAULT_EXTERNAL);
  const security = config['security'] as JsonObject;
  if (security['rate_limit'] !== null) {
    const limit = security['rate_limit'] as JsonObject;
    security['rate_limit'] = { ...limit, window_ms: limit['window_ms'] ?? DEFAULT_RATE_WINDOW_MS };
  }
  const monitoring = config['monitoring'] as JsonObject;
  const checks = filled(monitoring['checks'], defaultsOfCheck);
  const added: string[] = [];
  for (const check of Object.values(DEFAULT_CHECKS)) {
    if (checks.some((one) => one['kind'] === check.kind)) continue;
    added.push(`/monitoring/checks/${checks.length}`);
    checks.push({ ...(check as unknown as JsonObject) });
  }
  monitoring['checks'] = checks;
  return { added };
}

/** Milliseconds that a run of the check may wait for answers. */
export function checkTimeoutMs({ kind, timeout_ms }: HealthCheckConfig): number {
  return timeout_ms ?? DEFAULT_CHECKS[kind].timeout_ms ?? 0;
}

function defaultsOfCheck(check: JsonObject): JsonObject {
  const known: Readonly<Record<string, HealthCheckConfig>> = DEFAULT_CHECKS;
  const kind = String(check['kind']);
  const found = Object.hasOwn(known, kind) ? known[kind] : DEFAULT_CHECKS.basic;
  const defaults = found as unknown as JsonObject;
  // A tool that is named without arguments takes none; arguments are derived only when the tool is chosen for it.
  return typeof check['tool'] === 'string' ? { ...defaults, arguments: {} } : defaults;
}

function filled(
  members: JsonValue | undefined,
  defaultsOf: (member: JsonObject) => JsonObject,
): JsonObject[] {
  return (members as JsonObject[]).map((member) => {
    const complete: JsonObject = { ...defaultsOf(member) };
    for (const [name, value] of Object.entries(member)) {
      if (value !== null) complete[name] = value;
    }
    return complete;
  });
}
