import type { JsonObject } from '../kernel/json.js';
import type { FieldError } from '../kernel/problem.js';

export type ServiceState =
  | 'draft'
  | 'validating'
  | 'deploying'
  | 'active'
  | 'updating'
  | 'deactivating'
  | 'inactive'
  | 'error';

export type ConditionType =
  | 'Validated'
  | 'Deployed'
  | 'RouteAccepted'
  | 'Ready'
  | 'DependenciesReady'
  | 'Secure'
  | 'Progressing'
  | 'Degraded'
  | 'Drifted'
  | 'StorageCorrupt'
  | 'CrashLoopBackOff';

export interface Condition {
  readonly type: ConditionType;
  readonly status: 'true' | 'false' | 'unknown';
  /** One CamelCase word. */
  readonly reason: string;
  readonly message: string;
  readonly since: string;
}

/** Where an activation stopped. */
export type ActivationStage =
  'validate' | 'dependencies' | 'start' | 'handshake' | 'list' | 'prove' | 'contract' | 'mount';

/** Why an activation did not succeed, for the answer, the document and the log. Secrets are scrubbed. */
export interface ActivationFailure {
  readonly stage: ActivationStage;
  /** `upstream.<UpstreamErrorCode>`, `health.<probe code>`, `lifecycle.<…>`. */
  readonly code: string;
  readonly reason: string;
  readonly message: string;
  /** What to do next. */
  readonly action: string;
  readonly stderr: readonly string[];
  /** What breaks callers, tool by tool, where the stage is `contract`; at most 50. */
  readonly errors?: readonly FieldError[];
  readonly revision: number;
  readonly at: string;
}

/** The record of a real tool execution, or of the most that could be shown without one. */
export interface Proof {
  readonly level: 'executed' | 'listed' | 'connected';
  readonly tool: string | null;
  /** `null` when the probe was derived (a result and its input may hold what should not be kept). */
  readonly arguments: JsonObject | null;
  readonly duration_ms: number;
  readonly assertions: readonly string[];
  readonly result_bytes: number | null;
  readonly result_sha256: string | null;
  readonly at: string;
  readonly revision: number;
  /** For a level below `executed`: CamelCase reason and what to do about it. */
  readonly reason: string | null;
  readonly action: string | null;
}

export interface HealthRecord {
  readonly level: 'healthy' | 'degraded' | 'unhealthy' | 'unknown';
  readonly summary: string;
  readonly reason: string;
  readonly action: string | null;
  readonly checked_at: string | null;
}

/** What the upstream said of itself at its handshake. */
export interface ServerIdentity {
  readonly protocol_version: string;
  readonly server_info: JsonObject;
  readonly capabilities: JsonObject;
  readonly instructions: string | null;
}

/** Record kind `service_status`, id = `service_id`. Written by `lifecycle.service` alone. */
export interface ServiceStatusDocument {
  readonly schema_version: string;
  readonly service_id: string;
  readonly state: ServiceState;
  readonly conditions: readonly Condition[];
  /** MCP Tool objects as last listed, verbatim. */
  readonly tools: readonly JsonObject[];
  readonly server: ServerIdentity | null;
  readonly proof: Proof | null;
  readonly health: HealthRecord;
  /** The last revision that was proven and published. */
  readonly stable_revision: number | null;
  readonly last_failure: ActivationFailure | null;
  readonly changed_at: string;
}

/** The simple answer (02): what `status` shows for a state. */
export function simpleStatus(state: ServiceState): 'active' | 'inactive' | 'error' {
  switch (state) {
    case 'active':
    case 'updating':
      return 'active';
    case 'error':
      return 'error';
    case 'draft':
    case 'validating':
    case 'deploying':
    case 'deactivating':
    case 'inactive':
      return 'inactive';
  }
}
