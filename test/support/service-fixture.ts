import type { ServiceConfig } from '../../src/config/service-config.js';
import type { ServiceDocument, ServiceSpec } from '../../src/registry/service.js';

type Parts<T> = { [K in keyof T]?: Partial<T[K]> };

/** A whole effective configuration; `over` replaces members of its categories. */
export function serviceConfig(over: Parts<ServiceConfig> = {}): ServiceConfig {
  return {
    runtime: {
      command: 'node',
      args: [],
      env: {},
      cwd: null,
      isolation: 'session',
      replicas: 1,
      warm: 0,
      max_instances: 8,
      start_timeout_ms: 30_000,
      call_timeout_ms: 60_000,
      stream_timeout_ms: null,
      max_in_flight: 64,
      exclusive: false,
      queue: { size: 256, timeout_ms: 5_000 },
      idle_stop_ms: 300_000,
      limits: {
        memory_mb: null,
        open_files: null,
        processes: null,
        cpu_percent: null,
        output_line_bytes: 1_048_576,
      },
      restart: {
        first_ms: 500,
        factor: 2,
        cap_ms: 30_000,
        reset_after_ms: 60_000,
        crash_loop_after: 5,
        window_ms: 60_000,
      },
      drain_ms: 10_000,
      session_drain_ms: 3_600_000,
      ...over.runtime,
    },
    network: {
      url: null,
      headers: {},
      port: 0,
      path: null,
      tls: { ca: null, cert: null, key: null, reject_unauthorized: true },
      connect_timeout_ms: 5_000,
      max_body_bytes: 4_194_304,
      max_sessions: 100,
      circuit: { failures: 5, open_ms: 5000 },
      cors: { origins: [], methods: ['GET', 'POST', 'DELETE'], headers: [] },
      keep_alive: { idle_ms: null, connections: 256 },
      routes: [],
      ...over.network,
    },
    security: {
      authentication: { required: false },
      env_allow: [],
      allowed_scopes: [],
      tools: { allow: null, deny: [], read_only: false },
      rate_limit: null,
      ...over.security,
    },
    integration: { dependencies: [], webhooks: [], ...over.integration },
    monitoring: {
      checks: [],
      log_level: 'info',
      alerts: { enabled: true, hold_intervals: 2, repeat_ms: 14_400_000 },
      metrics: { labels: {} },
      ...over.monitoring,
    },
    extensions: {},
  };
}

export function serviceSpec(over: Partial<ServiceSpec> = {}): ServiceSpec {
  return {
    name: 'weather',
    title: null,
    description: null,
    type: 'executable',
    hosting_mode: 'stdio',
    script_id: null,
    version: '1.0.0',
    tags: [],
    owner: null,
    extends: 'executable_service@1',
    config: {},
    ...over,
  };
}

/** A stored service that is wanted active. `name` is its id as well, unless `over` says otherwise. */
export function serviceDocument(
  name: string,
  over: Partial<ServiceDocument> = {},
): ServiceDocument {
  return {
    schema_version: '1.0',
    service_id: name,
    spec: serviceSpec({ name }),
    effective: serviceConfig(),
    command_file: '/usr/bin/node',
    revision: 1,
    candidate: null,
    desired: 'active',
    generation: 1,
    former_names: [],
    created_at: '2026-01-01T00:00:00.000Z',
    updated_at: '2026-01-01T00:00:00.000Z',
    ...over,
  };
}
