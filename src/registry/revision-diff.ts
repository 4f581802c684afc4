import {
  equalJson,
  isJsonObject,
  pointerTo,
  type JsonObject,
  type JsonValue,
} from '../kernel/json.js';

/**
 * One step of a JSON Patch (RFC 6902) that also says what was there before (`from`, which here is a value, not a pointer).
 * Applied in order, the steps turn one document into the other.
 */
export interface DiffStep {
  readonly op: 'add' | 'remove' | 'replace';
  readonly path: string;
  readonly from?: JsonValue;
  readonly value?: JsonValue;
}

/** The structural difference of two JSON values: members by name in sorted order, items of lists by place. */
export function diffJson(from: JsonValue, to: JsonValue, path = ''): DiffStep[] {
  if (isJsonObject(from) && isJsonObject(to)) return diffObjects(from, to, path);
  if (Array.isArray(from) && Array.isArray(to)) return diffLists(from, to, path);
  return equalJson(from, to) ? [] : [{ op: 'replace', path, from, value: to }];
}

function diffObjects(from: JsonObject, to: JsonObject, path: string): DiffStep[] {
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
  return names.flatMap((name): DiffStep[] => {
    const at = pointerTo(path, name);
    const before = Object.hasOwn(from, name) ? from[name] : undefined;
    const after = Object.hasOwn(to, name) ? to[name] : undefined;
    if (before === undefined)
      return after === undefined ? [] : [{ op: 'add', path: at, value: after }];
    if (after === undefined) return [{ op: 'remove', path: at, from: before }];
    return diffJson(before, after, at);
  });
}

function diffLists(from: readonly JsonValue[], to: readonly JsonValue[], path: string): DiffStep[] {
  const shared = Math.min(from.length, to.length);
  const steps: DiffStep[] = [];
  for (let index = 0; index < shared; index += 1) {
    steps.push(...diffJson(from[index] ?? null, to[index] ?? null, pointerTo(path, index)));
  }
  for (let index = shared; index < to.length; index += 1) {
    steps.push({ op: 'add', path: pointerTo(path, index), value: to[index] ?? null });
  }
  // From the end, so that each place still exists when its step is applied.
  for (let index = from.length - 1; index >= shared; index -= 1) {
    steps.push({ op: 'remove', path: pointerTo(path, index), from: from[index] ?? null });
  }
  return steps;
}
