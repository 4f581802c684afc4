import type { JsonObject } from '../kernel/json.js';
import type { RouteConflict } from '../routes/route-conflict.js';
import type { ServiceState } from '../lifecycle/service-status.js';
import type { Settlement } from '../lifecycle/settling.js';
import type { ServiceConfig } from '../config/service-config.js';
import type { DependencyNode } from '../registry/dependency-graph.js';
import type {
  ArchiveDocument,
  ChangeContext,
  DesiredState,
  RevisionDocument,
  ServiceDocument,
  ServiceSpec,
} from '../registry/service.js';

/**
 * What registration asks of the modules below it, as narrow as it uses them. Why not their classes: the flows are pure
 * decisions over these calls, and a test hands in a fake of ten lines.
 */
export interface ControlPlane {
  readonly registry: ServiceRegistry;
  readonly lifecycle: ServiceLifecycle;
  readonly routes: RouteChecks;
  readonly views: ServiceViews;
}

/** A specification that is valid and resolved: what `create` and `propose` store. */
export interface PreparedService {
  readonly spec: ServiceSpec;
  readonly effective: ServiceConfig;
  readonly command_file: string | null;
}

export interface ServiceRegistry {
  find(idOrName: string): ServiceDocument | undefined;
  /** Throws `registry.unknown` or `registry.archived`. */
  require(idOrName: string): ServiceDocument;
  list(): readonly ServiceDocument[];
  /** All errors at once, with pointers. */
  validate(input: unknown): ServiceSpec;
  prepare(spec: ServiceSpec): Promise<PreparedService>;
  create(
    prepared: PreparedService,
    ctx: ChangeContext,
    options: { service_id?: string; draft?: boolean },
  ): Promise<ServiceDocument>;
  propose(
    id: string,
    prepared: PreparedService,
    ctx: ChangeContext,
    options: { ifMatch?: string; allow_breaking?: boolean },
  ): Promise<{ outcome: 'proposed' | 'stored' | 'unchanged'; revision: number }>;
  setDesired(
    id: string,
    desired: DesiredState,
    ctx: ChangeContext,
    options?: { ifMatch?: string; allowDependents?: boolean },
  ): Promise<unknown>;
  erase(id: string, ctx: ChangeContext): Promise<unknown>;
  restore(id: string, ctx: ChangeContext): Promise<unknown>;
  archived(idOrName: string): Promise<ArchiveDocument | undefined>;
  revision(id: string, revision: number): Promise<RevisionDocument>;
  /** Throws `registry.revision-unknown` and `registry.too-many-pins`. */
  keepRevision(
    id: string,
    revision: number,
    isKept: boolean,
    ctx: ChangeContext,
  ): Promise<RevisionDocument>;
  /** The document as an edit by hand left it, or `null`. */
  driftOf(id: string): JsonObject | null;
  /** Writes the stored document over a file that was edited. */
  rewrite(id: string, ctx: ChangeContext): Promise<boolean>;
  /** Services that need this one; a deleted one is not among them. */
  dependentsOf(id: string): readonly DependentService[];
  graph(): { readonly nodes: readonly DependencyNode[] };
  etag(id: string, statusVersion: number): string;
  /** Answers what to pass on as `ifMatch`. Throws `registry.if-match-missing` (428) or `registry.etag-stale` (412). */
  checkIfMatch(header: string | undefined, id: string): string;
}

export interface DependentService {
  readonly service_id: string;
  readonly name: string;
  readonly desired: DesiredState;
  readonly dependency: { readonly required: boolean };
}

export interface ServiceLifecycle {
  statusOf(id: string): { readonly state: ServiceState };
  statusVersion(id: string): number;
  activate(id: string, ctx: ChangeContext): Promise<unknown>;
  deactivate(id: string, ctx: ChangeContext): Promise<unknown>;
  restart(id: string): void;
  /** What drains of the service is stopped at once. */
  expedite(id: string): void;
  settled(
    id: string,
    revision: number | null,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<Settlement>;
}

export interface RouteChecks {
  /** What stands against these routes: conflicts, and routes that would be shadowed. */
  check(
    service_id: string | null,
    name: string,
    routes: ServiceConfig['network']['routes'],
  ): Promise<readonly RouteConflict[]> | readonly RouteConflict[];
  /** Runs what judges and commits paths alone. */
  exclusively<T>(claim: () => Promise<T>): Promise<T>;
}

/** The composed document of a service, as `GET /api/v1/services/{id}` answers it. */
export interface ServiceViews {
  describe(idOrName: string): Promise<object>;
}
