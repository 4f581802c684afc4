import { isJsonObject, type JsonObject, type JsonValue } from '../kernel/json.js';
import type { FieldError } from '../kernel/problem.js';
import { validateFragment } from './config-schema.js';
import type { ConfigFault } from './config.errors.js';
import type { ConfigPolicy } from './config-policy.js';
import { fragmentFaults } from './fragment-rules.js';
import { compileCheck } from './schema-check.js';
import { jsonBytes, MAX_CONFIG_BYTES, shapeErrors } from './shape-limits.js';
import type { TemplateContent } from './template.js';
import { OBSERVED_TEMPLATE_FIELDS, TEMPLATE_FIELDS_SCHEMA } from './template.schema.js';

const checkFields = compileCheck(TEMPLATE_FIELDS_SCHEMA);
const IGNORED: ReadonlySet<string> = new Set(OBSERVED_TEMPLATE_FIELDS);

/**
 * Everything wrong with the body of a write by itself: its members, and its layer and overlays as those of a service are
 * judged, whichever environment they are for. Pointers are into the body. Templates below it are not looked at.
 */
export function templateBodyFaults(input: unknown, policy: ConfigPolicy): ConfigFault[] {
  if (!isJsonObject(input)) return [invalid({ pointer: '', detail: 'must be an object.' })];
  const { config, overlays, ...fields } = withoutObserved(input);
  const shape = shapeErrors(fields, '');
  if (shape.length > 0) return shape.map(invalid);
  return [
    ...checkFields(fields, '').map(invalid),
    ...notObjects({ config, overlays }),
    ...layerFaults(config, overlays, policy),
  ];
}

/** The content that a body without faults stands for. */
export function templateContentOf(input: JsonObject): TemplateContent {
  const { template_id, title, description, extends: below, config, overlays } = input;
  const id = String(template_id);
  return {
    template_id: id,
    title: typeof title === 'string' ? title : id,
    description: typeof description === 'string' ? description : '',
    extends: typeof below === 'string' ? below : null,
    config: isJsonObject(config) ? structuredClone(config) : {},
    overlays: isJsonObject(overlays) ? overlaysOf(overlays) : {},
  };
}

/** An overlay that is `null` says nothing, and is not kept. */
function overlaysOf(overlays: JsonObject): Record<string, JsonObject> {
  return Object.fromEntries(
    Object.entries(overlays).flatMap(([name, one]) =>
      isJsonObject(one) ? [[name, structuredClone(one)]] : [],
    ),
  );
}

function layerFaults(
  config: JsonValue | undefined,
  overlays: JsonValue | undefined,
  policy: ConfigPolicy,
): ConfigFault[] {
  const own = isJsonObject(config) ? config : {};
  const fragment = isJsonObject(overlays) ? { ...own, overlays } : own;
  // First of all: what is nested too deep cannot even be measured.
  const deep = shapeErrors(fragment, '/config').map(invalid);
  if (deep.length > 0) return deep.map(inBody);
  const bytes = jsonBytes({ config: own, overlays });
  if (bytes > MAX_CONFIG_BYTES) {
    const detail = `is ${bytes} bytes with its overlays; at most ${MAX_CONFIG_BYTES} are kept.`;
    return [{ problem: 'too-large', pointer: '/config', detail }];
  }
  if (Object.hasOwn(own, 'overlays')) {
    const detail = 'is not a field here: the overlays of a template stand beside its `config`.';
    return [invalid({ pointer: '/config/overlays', detail })];
  }
  const form = validateFragment(fragment, '/config');
  const faults = form.length > 0 ? form.map(invalid) : fragmentFaults(fragment, '/config', policy);
  return faults.map(inBody);
}

function inBody(fault: ConfigFault): ConfigFault {
  return { ...fault, pointer: bodyPointer(fault.pointer) };
}

/** A fragment holds its overlays, a template has them beside its fragment. */
function bodyPointer(pointer: string): string {
  return /^\/config\/overlays(\/|$)/.test(pointer) ? pointer.slice('/config'.length) : pointer;
}

function notObjects(members: Readonly<Record<string, JsonValue | undefined>>): ConfigFault[] {
  return Object.entries(members).flatMap(([name, value]) =>
    value === undefined || value === null || isJsonObject(value)
      ? []
      : [invalid({ pointer: `/${name}`, detail: 'must be an object.' })],
  );
}

function withoutObserved(input: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(input).filter(([name]) => !IGNORED.has(name)));
}

function invalid(error: FieldError): ConfigFault {
  return { ...error, problem: 'invalid' };
}
