import { describe, expect, it } from '@jest/globals';
import { fault, listed, shown, undecided, withoutRepeats } from './schema-fault.js';
import { SchemaSource } from './schema-source.js';

const { place } = new SchemaSource({}, '/inputSchema');

describe('a fault', () => {
  it('points at its keyword and speaks to both sides', () => {
    expect(fault(place, 'type', 'gone', 'new')).toEqual({
      pointer: '/inputSchema/type',
      isCertain: true,
      toSenders: 'gone',
      toReaders: 'new',
    });
    expect(fault(place, null, 'gone', 'new').pointer).toBe('/inputSchema');
    expect(undecided(place, 'not', 'why').isCertain).toBe(false);
  });

  it('is told once', () => {
    const one = fault(place, 'type', 'gone', 'new');
    const other = fault(place, 'type', 'else', 'new');
    expect(withoutRepeats([one, { ...one }, other])).toEqual([one, other]);
  });

  it('shows foreign values shortened', () => {
    expect(shown('a"b')).toBe('"a\\"b"');
    expect(shown('x'.repeat(100))).toHaveLength(61);
    expect(listed([1, 2, 3, 4, 5, 6, 7])).toBe('1, 2, 3, 4, 5 and 2 more');
  });
});
