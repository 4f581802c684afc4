import { describe, expect, it } from '@jest/globals';
import { etagOf, matchesSpecVersion, specVersionOf } from './etag.js';

describe('ETags', () => {
  it('have what is wanted first, the candidate included, and what is observed second', () => {
    expect(etagOf(specVersionOf({ generation: 5, candidate: null }), 17)).toBe('"5.17"');
    expect(etagOf(specVersionOf({ generation: 5, candidate: 6 }), 17)).toBe('"5c6.17"');
  });

  it.each<[string | number, string, boolean]>([
    ['"5.17"', '5', true],
    ['"5.99"', '5', true],
    ['"5"', '5', true],
    ['5', '5', true],
    [5, '5', true],
    ['*', '5c6', true],
    ['"4.1", "5.17"', '5', true],
    ['"5c6.17"', '5c6', true],
    ['5c6', '5c6', true],
    ['"5.17"', '5c6', false],
    [5, '5c6', false],
    ['"5c6.17"', '5', false],
    ['"55.17"', '5', false],
    ['W/"5.17"', '5', false],
    ['', '5', false],
    ['"5.17', '5', false],
    ['"x"', '5', false],
  ])('If-Match %s on %s: %s', (ifMatch, specVersion, expected) => {
    expect(matchesSpecVersion(ifMatch, specVersion)).toBe(expected);
  });
});
