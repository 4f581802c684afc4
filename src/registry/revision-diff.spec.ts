import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { applyPatch, type Operation } from 'rfc6902';
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

  it('is a JSON Patch, but that it also says what was there', () => {
    const value = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<JsonValue>;
    const twins = fc.tuple(value, value).chain(([one, other]) => {
      const shared = { kept: one, list: [one, other, one] };
      return fc.constantFrom<[JsonValue, JsonValue]>(
        [one, other],
        [shared, { ...shared, 'a/b~c': other }],
        [shared, { kept: other, list: [other, one] }],
      );
    });
    fc.assert(
      fc.property(twins, ([from, to]) => {
        const steps = diffJson(from, to);
        const document = { root: copied(from) };
        expect(applyPatch(document, steps.map(asPatch)).every((error) => error === null)).toBe(
          true,
        );
        expect(equalJson(document.root, to)).toBe(true);
        const back = { root: copied(to) };
        applyPatch(back, [...steps].reverse().map(asUndo));
        expect(equalJson(back.root, from)).toBe(true);
      }),
      { numRuns: 2000, seed: 12 },
    );
  }, 30_000);
});

/** RFC 6902 knows no value of before: there `from` is a place. */
function asPatch({ op, path, value = null }: DiffStep): Operation {
  const at = `/root${path}`;
  return op === 'remove' ? { op, path: at } : { op, path: at, value };
}

/** The step that takes this one back. */
function asUndo({ op, path, from = null }: DiffStep): Operation {
  const at = `/root${path}`;
  if (op === 'add') return { op: 'remove', path: at };
  return { op: op === 'remove' ? 'add' : 'replace', path: at, value: from };
}

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

/** Without a part in two places: a patch of one would be one of the other. */
function copied(value: JsonValue): JsonValue {
  return JSON.parse(JSON.stringify(value)) as JsonValue;
}
