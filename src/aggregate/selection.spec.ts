import { describe, expect, it } from '@jest/globals';
import { ProblemError } from '../kernel/problem.js';
import { parseSelection, selectionKey, type Selection } from './selection.js';

const parsed = (query: string): Selection => {
  const selection = parseSelection(query);
  if (selection instanceof ProblemError) throw selection;
  return selection;
};

describe('parseSelection', () => {
  it.each<[string, Selection]>([
    ['', { services: null, tags: null, search: false }],
    ['sessionId=1&token=x', { services: null, tags: null, search: false }],
    ['services=b,a', { services: ['a', 'b'], tags: null, search: false }],
    ['services=b&services=a,,b', { services: ['a', 'b'], tags: null, search: false }],
    ['services=%20a%2Cb', { services: ['a', 'b'], tags: null, search: false }],
    ['tags=x&mode=search', { services: null, tags: ['x'], search: true }],
  ])('reads %j', (query, expected) => {
    expect(parsed(query)).toEqual(expected);
  });

  it.each([
    ['services=', 'names nothing'],
    ['tags=,,', 'names nothing'],
    ['mode=all', 'mode'],
    [`tags=${'x'.repeat(101)}`, 'longer than 100'],
    [`services=${Array.from({ length: 101 }, (_, i) => `s${i}`).join(',')}`, 'more than 100'],
  ])('refuses %.20j', (query, words) => {
    const refusal = parseSelection(query);
    expect(refusal).toBeInstanceOf(ProblemError);
    expect((refusal as ProblemError).message).toContain(words);
  });
});

describe('selectionKey', () => {
  it('is equal for equal selections and different for others', () => {
    const key = (query: string): string => selectionKey(parsed(query));
    expect(key('')).toBe('');
    expect(key('services=a,b')).toBe(key('services=b&services=a'));
    const keys = [
      '',
      'services=a',
      'tags=a',
      'mode=search',
      'services=a&mode=search',
      'tags=a%2Cb',
    ];
    expect(new Set(keys.map(key)).size).toBe(6);
    expect(key('tags=a%26mode%3Dsearch')).not.toBe(key('tags=a&mode=search'));
  });

  it('stays short, and tells long selections apart', () => {
    const long = (last: string): string =>
      selectionKey(parsed(`services=${'service-name-'.repeat(6)},${last}`));
    expect(long('a').length).toBeLessThanOrEqual(64);
    expect(long('a')).not.toBe(long('b'));
  });
});
