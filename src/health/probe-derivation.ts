import { matchesPattern } from '../auth/principal.js';
import type { SecurityConfig } from '../config/service-config.js';
import { isJsonObject, valueAt, type JsonObject, type JsonValue } from '../kernel/json.js';
import { compileSchema } from '../kernel/tool-schema.js';

/** A tool that may be called without asking anybody, and with what. */
export interface DerivedProbe {
  readonly tool: string;
  readonly arguments: JsonObject;
  readonly outputSchema: JsonObject | null;
}

const MAX_DEPTH = 4;
const MAX_REFERENCES = 8;

/**
 * The tools that are safe to execute unasked, best first: `readOnlyHint` is true, and the arguments follow from the
 * schema (none needed, or each required one has a constant, default, example or enumeration). Never a guess: what is
 * derived must also fit the schema. Tools that `security.tools` hides are not probed either.
 */
export function deriveProbes(
  tools: readonly JsonObject[],
  policy: SecurityConfig['tools'],
): DerivedProbe[] {
  const found: { readonly probe: DerivedProbe; readonly rank: number }[] = [];
  for (const tool of tools) {
    const { name, inputSchema, outputSchema } = tool;
    if (typeof name !== 'string' || !isSafe(tool) || isHidden(name, policy)) continue;
    const derived = deriveArguments(inputSchema);
    if (derived === null) continue;
    const probe: DerivedProbe = {
      tool: name,
      arguments: derived,
      outputSchema: isJsonObject(outputSchema) ? outputSchema : null,
    };
    found.push({ probe, rank: rankOf(tool, probe) });
  }
  // The sort is stable: among equals the order of the listing decides.
  return found.sort((left, right) => left.rank - right.rank).map(({ probe }) => probe);
}

/** Arguments that follow from an `inputSchema`, or `null`. */
export function deriveArguments(inputSchema: unknown): JsonObject | null {
  if (!isJsonObject(inputSchema)) return null;
  const derived = deriveValue(inputSchema, inputSchema, 0);
  if (!isJsonObject(derived)) return null;
  const compiled = compileSchema(inputSchema);
  return compiled.ok && compiled.validate(derived).length === 0 ? derived : null;
}

function isSafe(tool: JsonObject): boolean {
  const { annotations, execution } = tool;
  if (!isJsonObject(annotations) || annotations.readOnlyHint !== true) return false;
  if (annotations.destructiveHint === true) return false;
  return !isJsonObject(execution) || execution.taskSupport !== 'required';
}

function isHidden(name: string, policy: SecurityConfig['tools']): boolean {
  if (policy.deny.some((pattern) => matchesPattern(pattern, name))) return true;
  return policy.allow !== null && !policy.allow.some((pattern) => matchesPattern(pattern, name));
}

/** Smaller is better: one whose result can be checked, then one that stays at home, then one without arguments. */
function rankOf(tool: JsonObject, probe: DerivedProbe): number {
  const annotations = isJsonObject(tool.annotations) ? tool.annotations : {};
  return (
    (probe.outputSchema === null ? 4 : 0) +
    (annotations.openWorldHint === true ? 2 : 0) +
    (Object.keys(probe.arguments).length === 0 ? 0 : 1)
  );
}

/** `undefined` when nothing in the schema says what the value could be. */
function deriveValue(schema: JsonObject, root: JsonObject, depth: number): JsonValue | undefined {
  const resolved = resolve(schema, root);
  if (resolved === null || depth > MAX_DEPTH) return undefined;
  const { const: constant, examples, enum: values } = resolved;
  if (constant !== undefined) return constant;
  if (resolved.default !== undefined) return resolved.default;
  if (Array.isArray(examples) && examples[0] !== undefined) return examples[0];
  if (Array.isArray(values) && values[0] !== undefined) return values[0];
  const isObject = resolved.type === 'object' || (depth === 0 && resolved.type === undefined);
  return isObject ? deriveObject(resolved, root, depth) : undefined;
}

function deriveObject(schema: JsonObject, root: JsonObject, depth: number): JsonObject | undefined {
  const { properties, required } = schema;
  const derived: JsonObject = {};
  for (const name of Array.isArray(required) ? required : []) {
    const property: unknown =
      typeof name === 'string' && isJsonObject(properties) && Object.hasOwn(properties, name)
        ? properties[name]
        : undefined;
    if (typeof name !== 'string' || !isJsonObject(property)) return undefined;
    const value = deriveValue(property, root, depth + 1);
    if (value === undefined) return undefined;
    Object.defineProperty(derived, name, { value, enumerable: true });
  }
  return derived;
}

/** Follows references within the schema; `null` for others and for chains without end. */
function resolve(schema: JsonObject, root: JsonObject): JsonObject | null {
  let current: unknown = schema;
  for (let step = 0; step < MAX_REFERENCES; step += 1) {
    if (!isJsonObject(current)) return null;
    const reference: JsonValue | undefined = current.$ref;
    if (reference === undefined) return current;
    if (typeof reference !== 'string' || !reference.startsWith('#')) return null;
    current = valueAt(root, reference.slice(1));
  }
  return null;
}
