import { isJsonObject, pointerTo } from '../kernel/json.js';
import type { FieldError } from '../kernel/problem.js';

/** Of one service's own configuration, as canonical UTF-8 JSON. */
export const MAX_CONFIG_BYTES = 256 * 1024;
/** Objects and arrays within one another. */
export const MAX_DEPTH = 32;

const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * What makes a document dangerous to walk, whatever it means: names that reach an object's prototype, and nesting deeper
 * than `MAX_DEPTH`. Nothing below an offending place is looked at. Iterative, so depth cannot exhaust the stack.
 */
export function shapeErrors(root: unknown, base: string): FieldError[] {
  const errors: FieldError[] = [];
  const open: { value: unknown; pointer: string; depth: number }[] = [
    { value: root, pointer: base, depth: 0 },
  ];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, pointer, depth } = next;
    if (!Array.isArray(value) && !isJsonObject(value)) continue;
    if (depth >= MAX_DEPTH) {
      errors.push({ pointer, detail: `is nested more than ${MAX_DEPTH} levels deep.` });
      continue;
    }
    for (const [name, member] of Object.entries(value)) {
      const at = pointerTo(pointer, name);
      if (FORBIDDEN_NAMES.has(name)) {
        errors.push({ pointer: at, detail: 'is not allowed as the name of a field.' });
      } else {
        open.push({ value: member, pointer: at, depth: depth + 1 });
      }
    }
  }
  return errors;
}

/** Bytes of a JSON value as UTF-8 text. */
export function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '', 'utf8');
}
