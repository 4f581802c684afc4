import { describe, expect, it } from '@jest/globals';
import type { Principal } from './principal.js';
import { hasScope, matchesPattern, maySeeService } from './principal.js';

const principal = (scopes: string[], services: string[] | null = null): Principal => ({
  id: 'k',
  kind: 'key',
  scopes: new Set(scopes),
  services,
});

describe('hasScope', () => {
  it('needs the very scope, and admin has them all', () => {
    expect(hasScope(principal(['write']), 'exec')).toBe(false);
    expect(hasScope(principal(['write', 'exec']), 'exec')).toBe(true);
    expect(hasScope(principal(['admin']), 'exec')).toBe(true);
  });
});

describe('maySeeService', () => {
  it('follows the patterns of the principal', () => {
    expect(maySeeService(principal([]), 'anything')).toBe(true);
    expect(maySeeService(principal([], ['geo-*']), 'geo-maps')).toBe(true);
    expect(maySeeService(principal([], ['geo-*']), 'weather')).toBe(false);
    expect(maySeeService(principal([], []), 'weather')).toBe(false);
  });
});

describe('matchesPattern', () => {
  it.each([
    ['a', 'a', true],
    ['a', 'ab', false],
    ['*', '', true],
    ['a*', 'abc', true],
    ['*c', 'abc', true],
    ['a*c', 'ac', true],
    ['ab*bc', 'abc', false],
    ['a*b*c', 'aXbYc', true],
    ['a*b*c', 'acb', false],
    ['*b*', 'abc', true],
    ['*bb*', 'abc', false],
    ['a.c', 'abc', false],
  ])('%p against %p is %p', (pattern, text, expected) => {
    expect(matchesPattern(pattern, text)).toBe(expected);
  });

  it('takes linear time on a hostile pattern', () => {
    const started = performance.now();
    expect(matchesPattern(`${'a*'.repeat(5000)}b`, 'a'.repeat(20_000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
