import type { JsonObject } from '../kernel/json.js';
import type { ConfigFragment, ServiceConfig } from '../config/service-config.js';

export type ServiceType = 'function' | 'executable';
export type HostingMode = 'stdio' | 'sse' | 'streamable_http';

/** What a client writes: exactly what PUT accepts and `GET ?view=spec` answers. */
export interface ServiceSpec {
  readonly name: string;
  readonly title: string | null;
  readonly description: string | null;
  readonly type: ServiceType;
  readonly hosting_mode: HostingMode;
  readonly script_id: string | null;
  /** Semver of the service, set by its author. */
  readonly version: string;
  readonly tags: readonly string[];
  readonly owner: string | null;
  /** Template; pinned as `template@revision` when stored. */
  readonly extends: string | null;
  /** The service's own layer, as written. */
  readonly config: ConfigFragment;
}

/** What is wanted of a service: lifecycle moves its state there. */
export type DesiredState = 'draft' | 'active' | 'inactive' | 'archived';

/** Record kind `service`, id = `service_id`. Written by `registry.service` alone. */
export interface ServiceDocument {
  readonly schema_version: string;
  readonly service_id: string;
  readonly spec: ServiceSpec;
  /** Merged from defaults, template chain, `spec.config` and overlay when the revision was made. */
  readonly effective: ServiceConfig;
  /** The real path `runtime.command` resolved to, pinned in the revision; `null` without a command. */
  readonly command_file: string | null;
  readonly revision: number;
  /** A revision on its way to replace the current one, or `null`. */
  readonly candidate: number | null;
  readonly desired: DesiredState;
  /** Grows with each change of the spec or of what is desired; the first part of the ETag. */
  readonly generation: number;
  /** Former names, kept as routes until deleted. */
  readonly former_names: readonly string[];
  readonly created_at: string;
  readonly updated_at: string;
}

/** Record kind `revision`, id = `<service_id>/<revision>`. Immutable but for `outcome`, `tools` and the two pins. */
export interface RevisionDocument {
  readonly schema_version: string;
  readonly service_id: string;
  readonly revision: number;
  readonly spec: ServiceSpec;
  readonly effective: ServiceConfig;
  readonly command_file: string | null;
  readonly created_at: string;
  readonly actor: string;
  readonly reason: string | null;
  /** `draft`: never promoted (a failed or abandoned candidate). */
  readonly outcome: 'current' | 'candidate' | 'superseded' | 'draft';
  /** A route names it. */
  readonly pinned: boolean;
  /** An operator keeps it, whatever its age. */
  readonly kept_by_operator?: boolean;
  /** Tools as proven on this revision; `null` before. Basis of the contract diff. */
  readonly tools: readonly JsonObject[] | null;
  /** Whoever asked for it takes it that callers of the current revision may break. Absent: they may not. */
  readonly allow_breaking?: boolean;
}

/** Record kind `archive`, id = `service_id`. */
export interface ArchiveDocument {
  readonly schema_version: string;
  readonly service: ServiceDocument;
  readonly deleted_at: string;
  readonly actor: string;
  readonly reason: string | null;
}

/** Who asks for a change, for the audit entry and for access decisions. */
export interface ChangeContext {
  readonly actor: string;
  readonly source: 'api' | 'hook' | 'inbox' | 'cli' | 'reconciler' | 'boot';
  readonly requestId: string | null;
  readonly reason: string | null;
  readonly scopes: ReadonlySet<string>;
  /** Name patterns of the services the caller may touch; `null` = all. */
  readonly services: readonly string[] | null;
}
