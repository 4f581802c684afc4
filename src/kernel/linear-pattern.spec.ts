import { describe, expect, it } from '@jest/globals';
import { compileLinearPatterns, type LinearPattern } from './linear-pattern.js';

function compileLinearPattern(source: string): LinearPattern | null {
  return compileLinearPatterns([source])?.get(source) ?? null;
}

describe('compileLinearPatterns', () => {
  it.each([
    ['^\\d{3}$', '123', true],
    ['^\\d{3}$', '1234', false],
    ['b', 'abc', true],
    ['^\\u{1F600}$', '😀', true],
    ['^[^\\s@]+@[^\\s@]+$', 'a@b', true],
    ['^a\\/b$', 'a/b', true],
  ])('matches %s like ECMA-262', (pattern, text, expected) => {
    expect(compileLinearPattern(pattern)?.test(text, () => undefined)).toBe(expected);
  });

  it.each(['(?=a)', '(?<!a)b', '(a)\\1', 'a'.repeat(513), '(a{1000})'.repeat(5), '('])(
    'has no form of %s',
    (pattern) => {
      expect(compileLinearPattern(pattern)).toBeNull();
    },
  );

  it('refuses sets whose compilation would take long', () => {
    const large = Array.from({ length: 100 }, (_, at) => `(a{1000})(b{${String(at)}})`);
    const many = Array.from({ length: 1_001 }, (_, at) => String(at));
    expect(compileLinearPatterns(large)).toBeNull();
    expect(compileLinearPatterns(many)).toBeNull();
  });

  it('states its work before it is done', () => {
    const spent: number[] = [];
    compileLinearPattern('^a+$')?.test('a'.repeat(1_000_000), (steps) => spent.push(steps));
    expect(spent).toHaveLength(1);
    expect(spent[0]).toBeGreaterThan(200);
  });
});
