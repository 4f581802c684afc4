import { parseTemplateReference, type TemplateDocument } from '../config/template.js';
import type { JsonObject } from '../kernel/json.js';
import type { ServiceDocument } from '../registry/service.js';
import type { RouteDocument } from '../routes/route-claims.js';
import {
  BUNDLE_VERSION,
  type Bundle,
  type BundleRoute,
  type BundleService,
  type BundleTemplate,
} from './bundle.js';

export interface ExportSource {
  /** Live services that are to stay, in any order. */
  readonly services: readonly ServiceDocument[];
  extraRoutesOf(serviceId: string): readonly RouteDocument[];
  /** Templates that are exported whether anything names them or not. */
  readonly templates: readonly TemplateDocument[];
  /** A template that is not shipped with the product. */
  findTemplate(id: string, revision: number | null): TemplateDocument | undefined;
}

/**
 * The bundle of services by their current revisions, with the templates they and those templates name. Ordered by name and
 * number, so that equal configurations give equal bundles. Secrets are in it as the references that are stored.
 */
export function exportBundle(source: ExportSource): Bundle {
  const services = source.services
    .map((service) => exportService(service, source.extraRoutesOf(service.service_id)))
    .sort((left, right) => compare(String(left.spec['name']), String(right.spec['name'])));
  const templates = reachable(source)
    .map(exportTemplate)
    .sort((a, b) => compare(a.template_id, b.template_id) || a.revision - b.revision);
  return { bundle_version: BUNDLE_VERSION, services, templates };
}

function exportService(service: ServiceDocument, routes: readonly RouteDocument[]): BundleService {
  const { service_id, desired, former_names, spec } = service;
  return {
    service_id,
    // One that is being deleted is not exported.
    desired: desired === 'archived' ? 'inactive' : desired,
    former_names: [...former_names].sort(compare),
    routes: routes.map(exportRoute).sort(compareRoutes),
    spec: spec as unknown as JsonObject,
  };
}

function exportRoute(route: RouteDocument): BundleRoute {
  const { route_id, path, priority, version, description } = route;
  return { route_id, path, priority, version, description };
}

function exportTemplate(template: TemplateDocument): BundleTemplate {
  const { template_id, revision, title, description, config, overlays } = template;
  const below = template.extends;
  return { template_id, revision, title, description, extends: below, config, overlays };
}

/** The templates asked for, those that services name, and those that these stand on. */
function reachable({ services, templates, findTemplate }: ExportSource): TemplateDocument[] {
  const found = new Map<string, TemplateDocument>();
  const open = [...templates];
  const follow = (reference: string | null): void => {
    const parsed = reference === null ? null : parseTemplateReference(reference);
    const template =
      parsed === null ? undefined : findTemplate(parsed.template_id, parsed.revision);
    if (template !== undefined) open.push(template);
  };
  for (const { spec } of services) follow(spec.extends);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const key = `${next.template_id}@${String(next.revision)}`;
    if (found.has(key)) continue;
    found.set(key, next);
    follow(next.extends);
  }
  return [...found.values()];
}

function compareRoutes(left: BundleRoute, right: BundleRoute): number {
  return (
    compare(left.path, right.path) ||
    right.priority - left.priority ||
    compare(left.route_id ?? '', right.route_id ?? '')
  );
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
