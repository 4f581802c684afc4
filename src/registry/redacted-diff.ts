import { scanReferences } from '../config/secret-reference.js';
import { isJsonObject, pointerTo, type JsonObject, type JsonValue } from '../kernel/json.js';
import { diffJson, type DiffStep } from './revision-diff.js';

/** Steps kept in an audit entry. */
export const MAX_DIFF_STEPS = 200;
/** Characters of the longest text kept in an audit entry. */
const MAX_TEXT_CHARS = 512;
const REDACTED = '[redacted]';

const SECRET_PLACE =
  /^\/config(?:\/overlays\/[^/]+)?\/(?:runtime\/env|network\/headers|network\/tls)\/[^/]+$/;

/**
 * What changed between two specs, or other documents with a `config`, for the audit entry: values of `runtime.env`,
 * `network.headers` and `network.tls` are shown as their references, or as `[redacted]`. `null` = there was, or will be,
 * none.
 */
export function redactedDiff(
  from: object | null,
  to: object | null,
): readonly (DiffStep | { readonly op: 'omitted'; readonly steps: number })[] {
  const steps = diffJson(asJson(from), asJson(to)).map(redactStep);
  if (steps.length <= MAX_DIFF_STEPS) return steps;
  const omitted = { op: 'omitted' as const, steps: steps.length - MAX_DIFF_STEPS };
  return [...steps.slice(0, MAX_DIFF_STEPS), omitted];
}

function redactStep(step: DiffStep): DiffStep {
  const { op, path, from, value } = step;
  return {
    op,
    path,
    ...(from === undefined ? {} : { from: redacted(from, path) }),
    ...(value === undefined ? {} : { value: redacted(value, path) }),
  };
}

function redacted(value: JsonValue, path: string): JsonValue {
  if (SECRET_PLACE.test(path)) return typeof value === 'string' ? referencesOf(value) : value;
  if (Array.isArray(value))
    return value.map((item, index) => redacted(item, pointerTo(path, index)));
  if (isJsonObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [
        name,
        redacted(member, pointerTo(path, name)),
      ]),
    );
  }
  if (typeof value !== 'string' || value.length <= MAX_TEXT_CHARS) return value;
  return `${value.slice(0, MAX_TEXT_CHARS)}…`;
}

function referencesOf(text: string): string {
  const { references } = scanReferences(text);
  return references.length === 0 ? REDACTED : references.map((one) => one.text).join(' ');
}

function asJson(spec: object | null): JsonValue {
  return spec as unknown as JsonObject | null;
}
