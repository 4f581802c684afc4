import type { CheckAssertion } from '../config/service-config.js';
import {
  equalJson,
  isJsonObject,
  valueAt,
  type JsonObject,
  type JsonValue,
} from '../kernel/json.js';
import { compileSchema } from '../kernel/tool-schema.js';
import { probeFailure, type ProbeFailure } from './probe-failure.js';

/** What was asserted of a tool's result; `failure` is the first that does not hold. */
export interface ResultVerdict {
  /** What held, in words, for the proof. */
  readonly held: readonly string[];
  readonly failure: ProbeFailure | null;
}

const MAX_SHOWN_CHARS = 120;
const MAX_ERROR_CHARS = 1_024;

/**
 * Judges a `CallToolResult`: well-formed, not an error, fits the tool's `outputSchema` when there is one (2025-06-18,
 * "Structured Content"), and every assertion of the check. Pure.
 */
export function judgeResult(
  result: unknown,
  durationMs: number,
  outputSchema: JsonObject | null,
  assertions: readonly CheckAssertion[],
): ResultVerdict {
  if (!isJsonObject(result)) return failed([], 'result-malformed', 'The result is no object');
  const { structuredContent } = result;
  if (!Array.isArray(result.content) && structuredContent === undefined) {
    return failed([], 'result-malformed', 'The result has neither content nor structuredContent');
  }
  if (result.isError === true) {
    const said = textOf(result).slice(0, MAX_ERROR_CHARS);
    return failed([], 'tool-error', `The tool answered an error: ${said || 'without a text'}`);
  }
  const held = ['is not an error'];
  if (outputSchema !== null) {
    const fault = outputFault(structuredContent, outputSchema);
    if (fault !== null) return failed(held, 'output-mismatch', fault);
    held.push('fits outputSchema');
  }
  for (const assertion of assertions) {
    const words = describeAssertion(assertion);
    const fault = assertionFault(assertion, result, durationMs);
    if (fault !== null) return failed(held, 'assertion-failed', `Not so: ${words}. ${fault}`);
    held.push(words);
  }
  return { held, failure: null };
}

/** An assertion in words, without the values of the result. */
export function describeAssertion(assertion: CheckAssertion): string {
  const subject = assertion.pointer === undefined ? '' : `${assertion.pointer} `;
  if (assertion.contains !== undefined) return `${subject}contains ${shown(assertion.contains)}`;
  if (assertion.schema !== undefined) return `${subject}fits the schema`;
  if (assertion.max_ms !== undefined) return `took at most ${String(assertion.max_ms)} ms`;
  return `${subject}equals ${shown(assertion.equals)}`;
}

function outputFault(structured: JsonValue | undefined, schema: JsonObject): string | null {
  if (structured === undefined) {
    return 'The tool declares an outputSchema, and its result has no structuredContent';
  }
  const compiled = compileSchema(schema);
  if (!compiled.ok) return `The outputSchema is not usable: ${compiled.reason}`;
  const violations = compiled.validate(structured);
  return violations.length === 0
    ? null
    : `structuredContent does not fit: ${violations.join('; ')}`;
}

/** `null`: it holds. */
function assertionFault(
  assertion: CheckAssertion,
  result: JsonObject,
  durationMs: number,
): string | null {
  const { pointer, contains, schema, max_ms } = assertion;
  if (max_ms !== undefined) {
    return durationMs <= max_ms ? null : `It took ${String(Math.round(durationMs))} ms.`;
  }
  const named = pointer === undefined ? undefined : valueAt(result, pointer);
  if (pointer !== undefined && named === undefined) return `There is nothing at ${pointer}.`;
  if (contains !== undefined) {
    const isIn = pointer === undefined ? textOf(result).includes(contains) : holds(named, contains);
    return isIn ? null : `Found ${shown(pointer === undefined ? textOf(result) : named)}.`;
  }
  if (schema !== undefined)
    return schemaFault(schema, pointer === undefined ? bodyOf(result) : named);
  const candidates = pointer === undefined ? readings(result) : [named];
  if (candidates.some((candidate) => equalJson(candidate, assertion.equals))) return null;
  return `Found ${shown(candidates[0])}.`;
}

function schemaFault(schema: JsonObject, value: unknown): string | null {
  const compiled = compileSchema(schema);
  if (!compiled.ok) return `The schema is not usable: ${compiled.reason}.`;
  if (compiled.unchecked.length > 0) {
    return `The schema has patterns that cannot be checked: ${compiled.unchecked.join(', ')}.`;
  }
  const violations = compiled.validate(value);
  return violations.length === 0 ? null : `${violations.join('; ')}.`;
}

function holds(value: unknown, wanted: string): boolean {
  if (typeof value === 'string') return value.includes(wanted);
  if (Array.isArray(value)) return value.includes(wanted);
  return JSON.stringify(value).includes(wanted);
}

/** All text of a result: its text blocks, embedded text resources, and structuredContent as JSON. */
function textOf(result: JsonObject): string {
  const parts: string[] = [];
  for (const block of Array.isArray(result.content) ? result.content : []) {
    if (!isJsonObject(block)) continue;
    const resource = isJsonObject(block.resource) ? block.resource : block;
    if (typeof resource.text === 'string') parts.push(resource.text);
  }
  if (result.structuredContent !== undefined) parts.push(JSON.stringify(result.structuredContent));
  return parts.join('\n');
}

function bodyOf(result: JsonObject): JsonValue {
  return result.structuredContent ?? result;
}

/** The values that a result without pointer may be taken for: structured, its text, its text as JSON, the whole. */
function readings(result: JsonObject): JsonValue[] {
  const { structuredContent, content } = result;
  const values: JsonValue[] = structuredContent === undefined ? [] : [structuredContent];
  const first = Array.isArray(content) && content.length === 1 ? content[0] : undefined;
  if (isJsonObject(first) && typeof first.text === 'string') {
    values.push(first.text);
    try {
      values.push(JSON.parse(first.text) as JsonValue);
    } catch {
      // A text that is no JSON stands for itself.
    }
  }
  return [...values, result];
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= MAX_SHOWN_CHARS ? text : `${text.slice(0, MAX_SHOWN_CHARS)}…`;
}

function failed(
  held: readonly string[],
  name: Parameters<typeof probeFailure>[0],
  message: string,
): ResultVerdict {
  return { held, failure: probeFailure(name, message) };
}
