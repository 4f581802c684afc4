import type { TemplateDocument } from '../config/template.js';
import type { BatchChange, BatchOptions, BatchResult } from '../registry/batch-change.js';
import type { BatchFault } from '../registry/batch-rules.js';
import type { PreparedSpec } from '../registry/prepared-spec.js';
import type { ChangeContext, ServiceDocument, ServiceSpec } from '../registry/service.js';
import type { Settlement } from '../lifecycle/settling.js';
import type { RouteDocument } from '../routes/route-claims.js';
import type { RouteConflict } from '../routes/route-conflict.js';
import type { ServiceClaims } from '../routes/route-judgement.js';
import type { StoredRecord } from '../storage/record-store.js';
import type { TemplateSide } from './import-templates.js';

/**
 * What importing asks of the modules below, as narrow as it uses them. Why not their classes: a property test imports into
 * thousands of gateways that are a registry over a store in memory.
 */
export interface ImportPorts {
  readonly registry: RegistrySide;
  readonly templates: TemplateSide;
  readonly routes: RouteSide;
  readonly lifecycle: LifecycleSide;
  /** Which of the references in a text lead nowhere now; `null` when none. */
  missingSecret(text: string): Promise<string | null>;
  uuid(): string;
  timestamp(): string;
}

export interface RegistrySide {
  find(idOrName: string): ServiceDocument | undefined;
  list(): readonly ServiceDocument[];
  version(id: string): number;
  validate(input: unknown): ServiceSpec;
  prepare(spec: ServiceSpec, pending?: readonly TemplateDocument[]): Promise<PreparedSpec>;
  archived(idOrName: string): Promise<object | undefined>;
  judgeBatch(changes: readonly BatchChange[]): Promise<readonly BatchFault[]>;
  applyBatch(
    changes: readonly BatchChange[],
    ctx: ChangeContext,
    options: BatchOptions,
  ): Promise<BatchResult>;
}

export interface RouteSide {
  extraRoutesOf(serviceId: string): readonly StoredRecord<RouteDocument>[];
  isRoute(routeId: string): boolean;
  checkTogether(changed: readonly ServiceClaims[]): readonly RouteConflict[];
  exclusively<T>(claim: () => Promise<T>): Promise<T>;
  publish(serviceIds: Iterable<string>): Promise<unknown>;
}

export interface LifecycleSide {
  settled(id: string, revision: number | null, timeoutMs: number): Promise<Settlement>;
}
