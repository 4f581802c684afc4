import { isJsonObject, type JsonObject, type JsonValue } from '../kernel/json.js';

/**
 * What an effective configuration of form 1.0 may lack, as 1.1 has it. Written out and not taken from the defaults in
 * force: a step between two forms means the same for ever.
 */
const ADDED: JsonObject = {
  runtime: {
    stream_timeout_ms: null,
    exclusive: false,
    queue: { size: 256, timeout_ms: 5000 },
    limits: { cpu_percent: null },
  },
  network: {
    circuit: { failures: 5, open_ms: 5000 },
    cors: { origins: [], methods: ['GET', 'POST', 'DELETE'], headers: [] },
    keep_alive: { idle_ms: null, connections: 256 },
  },
  security: { env_allow: [], tool_pinning: 'warn' },
  integration: { webhooks: [], external: [] },
  monitoring: {
    log_level: 'info',
    alerts: { enabled: true, hold_intervals: 2, repeat_ms: 14_400_000 },
    metrics: { labels: {} },
  },
};

const UNNAMED: JsonObject = {
  name: null,
  enabled: true,
  tool: null,
  arguments: null,
  assert: [],
};

/** The kinds of check that 1.0 did not have; each is there in every complete configuration. */
const ADDED_CHECKS: readonly JsonObject[] = [
  {
    ...UNNAMED,
    pass_after: 2,
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
  {
    ...UNNAMED,
    kind: 'dependency',
    interval_ms: 60_000,
    fail_after: 2,
    pass_after: 1,
    critical: false,
  },
  {
    ...UNNAMED,
    kind: 'security',
    interval_ms: 86_400_000,
    fail_after: 1,
    pass_after: 1,
    critical: false,
  },
];

/** An effective configuration of form 1.0 with every member of 1.1; what it says already stays. Pure. */
export function completeEffective(effective: JsonValue | undefined): JsonObject {
  const whole = withMissing(isJsonObject(effective) ? effective : {}, ADDED);
  const monitoring = isJsonObject(whole['monitoring']) ? whole['monitoring'] : {};
  const checks = Array.isArray(monitoring['checks']) ? monitoring['checks'] : [];
  const kinds = new Set(checks.map((check) => (isJsonObject(check) ? check['kind'] : null)));
  const missing = ADDED_CHECKS.filter(({ kind }) => !kinds.has(kind ?? null));
  return { ...whole, monitoring: { ...monitoring, checks: [...checks, ...missing] } };
}

function withMissing(given: JsonObject, added: JsonObject): JsonObject {
  const whole: JsonObject = { ...given };
  for (const [name, value] of Object.entries(added)) {
    const present = whole[name];
    if (present === undefined) whole[name] = structuredClone(value);
    else if (isJsonObject(present) && isJsonObject(value))
      whole[name] = withMissing(present, value);
  }
  return whole;
}
