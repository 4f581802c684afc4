import semver from 'semver';
import { isJsonObject, pointerTo, valueAt, type JsonObject } from '../kernel/json.js';
import type { FieldError } from '../kernel/problem.js';
import { CHECK_KINDS } from './defaults.js';
import { urlFault } from './url-rules.js';
import type { CheckKind } from './service-config.js';
import { foreignSchemaFault } from './foreign-schema.js';

/** Fields that mean something to some kinds only. */
const KINDS_OF_FIELD: Readonly<Record<string, readonly CheckKind[]>> = {
  tool: ['functional'],
  arguments: ['functional'],
  assert: ['functional'],
  timeout_ms: ['basic', 'functional'],
  critical: ['basic', 'functional', 'performance'],
  max_p95_ms: ['performance'],
  max_error_rate: ['performance'],
  min_samples: ['performance'],
  max_memory_mb: ['performance'],
  max_cpu_percent: ['performance'],
};
const JUDGEMENTS = ['contains', 'equals', 'schema', 'max_ms'] as const;

/**
 * Rules between the fields of one fragment that a schema of single fields does not express. Tolerates any shape: what is
 * not of the expected type has been reported already.
 */
export function checkRuleErrors(fragment: JsonObject, base: string): FieldError[] {
  return [
    ...itemsAt(fragment, '/monitoring/checks').flatMap((check, index) =>
      checkErrors(check, pointerTo(`${base}/monitoring/checks`, index)),
    ),
    ...repeatedNames(fragment, base),
    ...itemsAt(fragment, '/integration/dependencies').flatMap((dependency, index) =>
      rangeErrors(dependency['version'], `${base}/integration/dependencies/${index}/version`),
    ),
    ...itemsAt(fragment, '/integration/external').flatMap((resource, index) =>
      externalErrors(resource, `${base}/integration/external/${index}`),
    ),
    ...itemsAt(fragment, '/network/routes').flatMap((route, index) =>
      reservedErrors(route['path'], `${base}/network/routes/${index}/path`),
    ),
  ];
}

function checkErrors(check: JsonObject, at: string): FieldError[] {
  const errors: FieldError[] = [];
  const hasTool = typeof check['tool'] === 'string';
  const known = CHECK_KINDS.some((kind) => kind === check['kind']);
  for (const [name, kinds] of known ? Object.entries(KINDS_OF_FIELD) : []) {
    const value = check[name];
    if (
      value === undefined ||
      value === null ||
      value === false ||
      (Array.isArray(value) && !value.length)
    )
      continue;
    if (kinds.some((kind) => kind === check['kind'])) continue;
    const detail = `belongs to checks of kind ${kinds.join(' and ')}.`;
    errors.push({ pointer: pointerTo(at, name), detail });
  }
  if (check['kind'] === 'functional' && isJsonObject(check['arguments']) && !hasTool) {
    errors.push({
      pointer: `${at}/arguments`,
      detail: 'needs tool: without one the arguments are derived.',
    });
  }
  const assertions = Array.isArray(check['assert']) ? check['assert'] : [];
  assertions.forEach((assertion, index) => {
    if (isJsonObject(assertion))
      errors.push(...assertionErrors(assertion, `${at}/assert/${index}`));
  });
  return errors;
}

function assertionErrors(assertion: JsonObject, at: string): FieldError[] {
  const judgements = JUDGEMENTS.filter((name) => Object.hasOwn(assertion, name));
  if (judgements.length !== 1) {
    const found = judgements.length === 0 ? 'none' : judgements.join(', ');
    return [
      {
        pointer: at,
        detail: `must have exactly one of ${JUDGEMENTS.join(', ')}; it has ${found}.`,
      },
    ];
  }
  if (judgements[0] === 'max_ms' && Object.hasOwn(assertion, 'pointer')) {
    return [{ pointer: `${at}/pointer`, detail: 'goes with contains, equals or schema.' }];
  }
  const schema = assertion['schema'];
  if (!isJsonObject(schema)) return [];
  const fault = foreignSchemaFault(schema);
  return fault === null ? [] : [{ pointer: `${at}/schema`, detail: fault }];
}

function repeatedNames(fragment: JsonObject, base: string): FieldError[] {
  const seen = new Set<string>();
  const errors: FieldError[] = [];
  itemsAt(fragment, '/monitoring/checks').forEach((check, index) => {
    const name = check['name'];
    if (typeof name !== 'string') return;
    if (seen.has(name)) {
      errors.push({
        pointer: `${base}/monitoring/checks/${index}/name`,
        detail: `repeats the name "${name}" of another check.`,
      });
    }
    seen.add(name);
  });
  return errors;
}

function rangeErrors(range: unknown, pointer: string): FieldError[] {
  if (typeof range !== 'string' || semver.validRange(range) !== null) return [];
  return [{ pointer, detail: 'must be a semver range, such as ^1.2.0.' }];
}

function externalErrors({ url, tcp }: JsonObject, at: string): FieldError[] {
  const given = [url, tcp].filter((way) => way !== undefined && way !== null);
  if (given.length !== 1) return [{ pointer: at, detail: 'must have exactly one of url and tcp.' }];
  if (typeof url === 'string') {
    const fault = urlFault(url);
    return fault === null ? [] : [{ pointer: `${at}/url`, detail: fault }];
  }
  const port = typeof tcp === 'string' ? Number(tcp.slice(tcp.lastIndexOf(':') + 1)) : 1;
  return port >= 1 && port <= 65_535
    ? []
    : [{ pointer: `${at}/tcp`, detail: 'must have a port of 1 to 65535.' }];
}

function reservedErrors(path: unknown, pointer: string): FieldError[] {
  if (path !== '/mcp/sse' && path !== '/mcp/message') return [];
  return [{ pointer, detail: 'is reserved.' }];
}

/** The objects of an array; other members keep their place as empty ones, so that indexes stay true. */
function itemsAt(fragment: JsonObject, pointer: string): JsonObject[] {
  const items = valueAt(fragment, pointer);
  if (!Array.isArray(items)) return [];
  return items.map((item: unknown) => (isJsonObject(item) ? item : {}));
}
