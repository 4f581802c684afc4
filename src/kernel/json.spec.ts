import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonValue } from './json.js';
import {
  canonicalJson,
  deepFreeze,
  equalJson,
  isDeeperThan,
  isJsonObject,
  mergePatch,
  pointerTo,
  valueAt,
} from './json.js';

describe('canonicalJson', () => {
  it('sorts keys at every depth and leaves undefined members out', () => {
    expect(canonicalJson({ b: [{ d: 1, c: undefined, a: null }], a: 'x' })).toBe(
      '{"a":"x","b":[{"a":null,"d":1}]}',
    );
  });

  it('gives JSON that parses back to an equal value, whatever the value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const plain = JSON.parse(JSON.stringify(value)) as JsonValue;
        expect(equalJson(JSON.parse(canonicalJson(plain)), plain)).toBe(true);
      }),
    );
  });
});

// RFC 7396, appendix A.
describe('mergePatch', () => {
  it.each<[JsonValue, JsonValue, JsonValue]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('of %j and %j is %j', (target, patch, expected) => {
    expect(mergePatch(target, patch)).toEqual(expected);
  });

  it('changes neither argument', () => {
    const target = deepFreeze({ a: { b: 1 } });
    const patch = deepFreeze({ a: { c: 2 } });
    expect(mergePatch(target, patch)).toEqual({ a: { b: 1, c: 2 } });
  });

  it('gives no prototype to a patch that asks for one', () => {
    const merged = mergePatch({}, JSON.parse('{"__proto__":{"polluted":true}}') as JsonValue);
    expect((merged as { polluted?: boolean }).polluted).toBeUndefined();
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe('JSON pointers', () => {
  it('escape and read back the two special characters', () => {
    const pointer = pointerTo(pointerTo('', 'a/b'), 'c~d');
    expect(pointer).toBe('/a~1b/c~0d');
    expect(valueAt({ 'a/b': { 'c~d': 7 } }, pointer)).toBe(7);
  });

  it('read own members and elements only', () => {
    expect(valueAt({ list: ['x'] }, '/list/0')).toBe('x');
    expect(valueAt({}, '/constructor')).toBeUndefined();
    expect(valueAt('text', '/0')).toBeUndefined();
  });
});

describe('isDeeperThan', () => {
  it.each<[unknown, number, boolean]>([
    ['text', 0, false],
    [null, 0, false],
    [{}, 0, true],
    [{ a: 1 }, 1, false],
    [{ a: [{ b: 1 }] }, 3, false],
    [{ a: [{ b: 1 }] }, 2, true],
  ])('of %j and %d levels is %s', (value, levels, expected) => {
    expect(isDeeperThan(value, levels)).toBe(expected);
  });

  it('judges what no recursion could walk', () => {
    let value: unknown = 1;
    for (let depth = 0; depth < 100_000; depth += 1) value = [value];
    expect(isDeeperThan(value, 200)).toBe(true);
  });
});

describe('deepFreeze', () => {
  it('freezes every level and answers the same value', () => {
    const value = { a: { b: [1] } };
    expect(deepFreeze(value)).toBe(value);
    expect(Object.isFrozen(value.a.b)).toBe(true);
  });
});

describe('isJsonObject', () => {
  it.each([
    [{}, true],
    [[], false],
    [null, false],
    ['x', false],
  ])('says of %j: %p', (value, expected) => {
    expect(isJsonObject(value)).toBe(expected);
  });
});
