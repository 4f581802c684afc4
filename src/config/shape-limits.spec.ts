import { describe, expect, it } from '@jest/globals';
import { jsonBytes, MAX_DEPTH, shapeErrors } from './shape-limits.js';

const nested = (levels: number): unknown =>
  JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`) as unknown;

describe('shapeErrors', () => {
  it('allows nesting up to the limit and refuses one level more', () => {
    expect(shapeErrors(nested(MAX_DEPTH), '')).toEqual([]);
    expect(shapeErrors(nested(MAX_DEPTH + 1), '')).toHaveLength(1);
  });

  it('escapes names in pointers', () => {
    const value: unknown = JSON.parse('{"a/b~c":{"__proto__":1}}');
    expect(shapeErrors(value, '/x')[0]?.pointer).toBe('/x/a~1b~0c/__proto__');
  });

  it('looks at values of any kind', () => {
    for (const value of [null, 1, 'constructor', true, undefined]) {
      expect(shapeErrors(value, '')).toEqual([]);
    }
  });
});

describe('jsonBytes', () => {
  it('counts bytes, not characters', () => {
    expect(jsonBytes('ä')).toBe(4);
    expect(jsonBytes(undefined)).toBe(0);
  });
});
