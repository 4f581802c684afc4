import { compileCheck } from '../config/schema-check.js';
import { TEMPLATE_ID, TEMPLATE_REFERENCE } from '../config/template.js';
import { isJsonObject, type JsonObject } from '../kernel/json.js';
import type { FieldError } from '../kernel/problem.js';
import { SERVICE_NAME } from '../registry/service-name.js';
import { MAX_BUNDLE_SERVICES, MAX_BUNDLE_TEMPLATES, type Bundle } from './bundle.js';

const UUID = '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$';

const ROUTE_SCHEMA = {
  type: 'object',
  description: 'A route made through the API.',
  required: ['path'],
  additionalProperties: false,
  properties: {
    route_id: { type: 'string', pattern: UUID },
    path: { type: 'string', maxLength: 1024 },
    priority: { type: 'integer', minimum: -1000, maximum: 1000, default: 0 },
    version: { type: ['string', 'null'], maxLength: 64 },
    description: { type: ['string', 'null'], maxLength: 1024 },
  },
} as const;

const SERVICE_SCHEMA = {
  type: 'object',
  required: ['spec'],
  additionalProperties: false,
  properties: {
    service_id: { type: 'string', pattern: UUID },
    desired: { type: 'string', enum: ['draft', 'active', 'inactive'] },
    former_names: {
      type: 'array',
      description: 'Names that still lead to the service.',
      maxItems: 256,
      items: { type: 'string', pattern: SERVICE_NAME },
    },
    routes: { type: 'array', maxItems: 256, items: ROUTE_SCHEMA },
    spec: {
      type: 'object',
      description: 'As PUT /api/v1/services/{id} takes it.',
    },
  },
} as const;

const TEMPLATE_SCHEMA = {
  type: 'object',
  required: ['template_id', 'revision'],
  additionalProperties: false,
  properties: {
    template_id: { type: 'string', pattern: TEMPLATE_ID },
    revision: { type: 'integer', minimum: 1, maximum: 999_999_999 },
    title: { type: ['string', 'null'] },
    description: { type: ['string', 'null'] },
    extends: { type: ['string', 'null'], pattern: TEMPLATE_REFERENCE },
    config: { type: ['object', 'null'] },
    overlays: { type: ['object', 'null'] },
  },
} as const;

/** The form of a bundle; what `spec` and `config` may hold is judged by those who own them. */
export const BUNDLE_SCHEMA = {
  type: 'object',
  required: ['bundle_version'],
  additionalProperties: false,
  properties: {
    bundle_version: { type: 'string', pattern: '^1\\.[0-9]{1,4}$' },
    services: { type: 'array', maxItems: MAX_BUNDLE_SERVICES, items: SERVICE_SCHEMA },
    templates: { type: 'array', maxItems: MAX_BUNDLE_TEMPLATES, items: TEMPLATE_SCHEMA },
  },
} as const;

const checkForm = compileCheck(BUNDLE_SCHEMA as unknown as JsonObject);

/** Everything wrong with the form of a bundle, the same template twice and the same service twice among it. */
export function bundleErrors(input: JsonObject): FieldError[] {
  const errors = checkForm(input, '');
  if (errors.length > 0) return errors;
  const { services, templates } = filledBundle(input);
  const seen = new Map<string, string>();
  const once = (key: string, pointer: string, what: string): void => {
    const first = seen.get(key);
    if (first === undefined) seen.set(key, pointer);
    else errors.push({ pointer, detail: `is the ${what} of ${first} again.` });
  };
  for (const [index, service] of services.entries()) {
    const at = `/services/${String(index)}`;
    const { name } = service.spec;
    if (service.service_id !== undefined) {
      once(`id ${service.service_id}`, `${at}/service_id`, 'id');
    }
    if (typeof name === 'string') once(`name ${name}`, `${at}/spec/name`, 'name');
  }
  for (const [index, { template_id: id, revision }] of templates.entries()) {
    once(`template ${id}@${String(revision)}`, `/templates/${String(index)}`, 'revision');
  }
  return errors;
}

/** The bundle that a document without errors stands for, what may be left out filled in. */
export function filledBundle(input: JsonObject): Bundle {
  const services = objectsIn(input['services']).map((service) => ({
    ...service,
    ...(typeof service['service_id'] === 'string'
      ? { service_id: service['service_id'].toLowerCase() }
      : {}),
    ...(Array.isArray(service['routes'])
      ? { routes: objectsIn(service['routes']).map(filledRoute) }
      : {}),
  }));
  const templates = objectsIn(input['templates']).map((template) => ({
    ...template,
    title: template['title'] ?? template['template_id'],
    description: template['description'] ?? '',
    extends: template['extends'] ?? null,
    config: template['config'] ?? {},
    overlays: template['overlays'] ?? {},
  }));
  const { bundle_version } = input;
  return { bundle_version, services, templates } as unknown as Bundle;
}

function filledRoute(route: JsonObject): JsonObject {
  return {
    ...(typeof route['route_id'] === 'string' ? { route_id: route['route_id'].toLowerCase() } : {}),
    path: route['path'] ?? '',
    priority: route['priority'] ?? 0,
    version: route['version'] ?? null,
    description: route['description'] ?? null,
  };
}

function objectsIn(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}
