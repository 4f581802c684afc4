import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { equalJson, isJsonObject, type JsonObject, type JsonValue } from '../kernel/json.js';
import { diffJson, type DiffStep } from './revision-diff.js';

describe('diffJson', () => {
  it('says what was there and what is there now', () => {
    const from = { a: 1, b: { c: [1, 2, 3], d: 'x' }, gone: null };
    const to = { a: 2, b: { c: [1, 9], d: 'x' }, new: true };
    expect(diffJson(from, to)).toEqual([
      { op: 'replace', path: '/a', from: 1, value: 2 },
      { op: 'replace', path: '/b/c/1', from: 2, value: 9 },
      { op: 'remove', path: '/b/c/2', from: 3 },
      { op: 'remove', path: '/gone', from: null },
      { op: 'add', path: '/new', value: true },
    ]);
  });

  it('escapes names, and starts at the given path', () => {
    expect(diffJson({}, { 'a/b~': 1 }, '/x')).toEqual([{ op: 'add', path: '/x/a~1b~0', value: 1 }]);
  });

  it('is empty for equal documents, whatever the order of their names', () => {
    expect(diffJson({ a: 1, b: 2 }, { b: 2, a: 1 })).toEqual([]);
  });

  it('turns one document into the other when it is applied', () => {
    const value = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<JsonValue>;
    fc.assert(
      fc.property(value, value, (from, to) => {
        expect(equalJson(applied(from, diffJson(from, to)), to)).toBe(true);
      }),
      { numRuns: 300, seed: 11 },
    );
  });
});

function applied(from: JsonValue, steps: readonly DiffStep[]): JsonValue {
  const root: JsonObject = { root: structuredClone(from) };
  for (const { op, path, value } of steps) {
    const tokens = `/root${path}`.split('/').slice(1);
    const names = tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = names.pop() ?? '';
    let parent: JsonValue = root;
    for (const name of names) parent = memberOf(parent, name);
    if (Array.isArray(parent))
      parent.splice(
        Number(last),
        op === 'add' ? 0 : 1,
        ...(op === 'remove' ? [] : [value ?? null]),
      );
    else if (isJsonObject(parent)) {
      if (op === 'remove') delete parent[last];
      else
        Object.defineProperty(parent, last, {
          value: value ?? null,
          enumerable: true,
          configurable: true,
          writable: true,
        });
    }
  }
  return root['root'] ?? null;
}

function memberOf(value: JsonValue, name: string): JsonValue {
  if (Array.isArray(value)) return value[Number(name)] ?? null;
  return isJsonObject(value)
    ? (Object.getOwnPropertyDescriptor(value, name)?.value as JsonValue)
    : null;
}
