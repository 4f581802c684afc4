import semver from 'semver';
import { compileCheck } from '../config/schema-check.js';
import type { ConfigFragment } from '../config/service-config.js';
import { shapeErrors } from '../config/shape-limits.js';
import { isJsonObject, valueAt, type JsonObject, type JsonValue } from '../kernel/json.js';
import type { FieldError } from '../kernel/problem.js';
import { nameFault } from './service-name.js';
import { OBSERVED_FIELDS, SPEC_FIELDS_SCHEMA } from './service-spec.schema.js';
import type { HostingMode, ServiceSpec, ServiceType } from './service.js';

const checkFields = compileCheck(SPEC_FIELDS_SCHEMA);
const IGNORED: ReadonlySet<string> = new Set(OBSERVED_FIELDS);
const DEFAULT_VERSION = '1.0.0';

/** Everything wrong with the body of a write but its `config`. Observed fields are not looked at. */
export function specErrors(input: unknown): FieldError[] {
  if (!isJsonObject(input)) return [{ pointer: '', detail: 'must be an object.' }];
  const { config, ...fields } = withoutObserved(input);
  const shape = shapeErrors(fields, '');
  if (shape.length > 0) return shape;
  const errors = checkFields(fields, '');
  if (config !== undefined && config !== null && !isJsonObject(config)) {
    errors.push({ pointer: '/config', detail: 'must be an object.' });
  }
  const { name, version } = fields;
  const fault = typeof name === 'string' ? nameFault(name) : null;
  if (fault !== null) errors.push({ pointer: '/name', detail: fault });
  if (typeof version === 'string' && !isSemver(version)) {
    errors.push({ pointer: '/version', detail: 'must be a semantic version, such as 1.4.0.' });
  }
  return errors;
}

/** The spec that a valid body stands for, every default filled in but `extends`, which resolving pins. */
export function normaliseSpec(input: JsonObject): ServiceSpec {
  const config = isJsonObject(input['config']) ? (input['config'] satisfies ConfigFragment) : {};
  const scriptId = textOf(input['script_id']);
  return {
    name: String(input['name']),
    title: textOf(input['title']),
    description: textOf(input['description']),
    type: (textOf(input['type']) ?? 'executable') as ServiceType,
    hosting_mode: (textOf(input['hosting_mode']) ?? impliedHosting(input, config)) as HostingMode,
    script_id: scriptId?.toLowerCase() ?? null,
    version: textOf(input['version']) ?? DEFAULT_VERSION,
    tags: Array.isArray(input['tags']) ? input['tags'].map(String) : [],
    owner: textOf(input['owner']),
    extends: textOf(input['extends']),
    config: structuredClone(config),
  };
}

/** With neither command nor URL of its own, the service has what its template gives it. */
function impliedHosting(input: JsonObject, config: ConfigFragment): HostingMode {
  if (typeof valueAt(config, '/runtime/command') === 'string') return 'stdio';
  const url = valueAt(config, '/network/url');
  if (typeof url === 'string') return endsInSse(url) ? 'sse' : 'streamable_http';
  const template = textOf(input['extends']) ?? '';
  if (/^remote_sse_service(@|$)/.test(template)) return 'sse';
  return /^remote_http_service(@|$)/.test(template) ? 'streamable_http' : 'stdio';
}

function endsInSse(url: string): boolean {
  return URL.canParse(url) && /\/sse\/?$/.test(new URL(url).pathname);
}

function isSemver(version: string): boolean {
  return /^\d/.test(version) && semver.valid(version) !== null;
}

function withoutObserved(input: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(input).filter(([name]) => !IGNORED.has(name)));
}

function textOf(value: JsonValue | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
