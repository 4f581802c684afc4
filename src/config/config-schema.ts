import { isJsonObject, pointerTo, type JsonObject } from '../kernel/json.js';
import type { FieldError } from '../kernel/problem.js';
import { checkRuleErrors } from './check-rules.js';
import { asOpenApi, group, mandatory, map, type FieldSchema } from './field-schema.js';
import { INTEGRATION_SCHEMA } from './integration.schema.js';
import { MONITORING_SCHEMA } from './monitoring.schema.js';
import { NETWORK_SCHEMA } from './network.schema.js';
import { RUNTIME_SCHEMA } from './runtime.schema.js';
import { compileCheck } from './schema-check.js';
import { SECURITY_SCHEMA } from './security.schema.js';
import { jsonBytes, MAX_CONFIG_BYTES, shapeErrors } from './shape-limits.js';

const OWNER_NAME = {
  description: 'Owner of the fields.',
  maxLength: 64,
  pattern: '^[A-Za-z0-9][A-Za-z0-9._/-]*$',
  hint: 'letters, digits and any of . _ / -, starting with a letter or digit',
};

const ENVIRONMENT_NAME = {
  description: 'A value of SWITCHYARD_ENV.',
  maxLength: 64,
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$',
  hint: 'letters, digits and any of . _ -, starting with a letter or digit',
};

const CATEGORIES: Readonly<Record<string, FieldSchema>> = {
  runtime: RUNTIME_SCHEMA,
  network: NETWORK_SCHEMA,
  security: SECURITY_SCHEMA,
  integration: INTEGRATION_SCHEMA,
  monitoring: MONITORING_SCHEMA,
  extensions: map({
    description: "Owners' own fields, keyed by owner; never read by the gateway.",
    names: OWNER_NAME,
    values: { description: 'Any JSON value.' },
    maxProperties: 64,
    default: {},
  }),
};

const OVERLAYS = map({
  description: 'Further layers by environment: the one named by SWITCHYARD_ENV is merged last.',
  names: ENVIRONMENT_NAME,
  values: group('Configuration of one environment.', CATEGORIES),
  maxProperties: 16,
});

const FRAGMENT = mandatory(
  group('Configuration of a service: some of it, merged over its template and the defaults.', {
    ...CATEGORIES,
    overlays: OVERLAYS,
  }),
);

/** The configuration of a service as JSON Schema 2020-12: the one declaration of its fields. */
export const CONFIG_SCHEMA: JsonObject = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'urn:switchyard:schema:config',
  title: 'Service configuration',
  ...FRAGMENT,
};

/** The same in the dialect of OpenAPI 3.0. */
export const CONFIG_OPENAPI_SCHEMA: JsonObject = asOpenApi(FRAGMENT);

const checkFragment = compileCheck(FRAGMENT);

/**
 * Everything wrong with the form of a fragment, as pointers that start with `base`: unknown and forbidden names, types,
 * bounds, assertions, size. What settings forbid (commands, secrets, addresses) is `fragment-rules`'.
 */
export function validateFragment(fragment: unknown, base: string): FieldError[] {
  const bytes = jsonBytes(fragment);
  if (bytes > MAX_CONFIG_BYTES) {
    return [{ pointer: base, detail: `is ${bytes} bytes; at most ${MAX_CONFIG_BYTES} are kept.` }];
  }
  const shape = shapeErrors(fragment, base);
  // Why stop here: a document that is dangerous to walk is not walked further.
  if (shape.length > 0) return shape;
  const errors = checkFragment(fragment, base);
  return [
    ...errors,
    ...layersOf(fragment, base).flatMap((one) => checkRuleErrors(one.layer, one.base)),
  ];
}

/** A fragment and its overlays, each with its own pointer. */
export function layersOf(
  fragment: unknown,
  base: string,
): { readonly layer: JsonObject; readonly base: string }[] {
  if (!isJsonObject(fragment)) return [];
  const own = [{ layer: fragment, base }];
  const overlays = fragment['overlays'];
  if (!isJsonObject(overlays)) return own;
  const at = pointerTo(base, 'overlays');
  for (const [name, overlay] of Object.entries(overlays)) {
    if (isJsonObject(overlay)) own.push({ layer: overlay, base: pointerTo(at, name) });
  }
  return own;
}
