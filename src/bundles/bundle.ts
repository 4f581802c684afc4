import type { JsonObject } from '../kernel/json.js';
import type { DesiredState } from '../registry/service.js';

/**
 * The form in which services leave one gateway and enter another. Stable: the readers of `1.x` accept every `1.y`. Nothing in
 * it varies between two exports of the same configuration: no times, no store versions, no names of machines.
 */
export const BUNDLE_VERSION = '1.0';

/** A bundle holds what a node holds at most. */
export const MAX_BUNDLE_SERVICES = 10_000;
export const MAX_BUNDLE_TEMPLATES = 1000;

export interface Bundle {
  readonly bundle_version: string;
  readonly services: readonly BundleService[];
  readonly templates: readonly BundleTemplate[];
}

/** Members that are absent say nothing: what is there stays, and a new service gets its default. */
export interface BundleService {
  readonly service_id?: string;
  /** Default of a new service: `active`. */
  readonly desired?: Exclude<DesiredState, 'archived'>;
  readonly former_names?: readonly string[];
  /** Its extra routes, all of them. */
  readonly routes?: readonly BundleRoute[];
  /** As `PUT /api/v1/services/{id}` takes it. */
  readonly spec: JsonObject;
}

export interface BundleRoute {
  readonly route_id?: string;
  readonly path: string;
  readonly priority: number;
  readonly version: string | null;
  readonly description: string | null;
}

/** One revision of a template that is not shipped with the product. */
export interface BundleTemplate {
  readonly template_id: string;
  readonly revision: number;
  readonly title: string;
  readonly description: string;
  readonly extends: string | null;
  readonly config: JsonObject;
  readonly overlays: JsonObject;
}
