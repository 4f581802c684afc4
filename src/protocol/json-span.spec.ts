import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { endOfValue } from './json-span.js';

describe('endOfValue', () => {
  it('ends where the value ends, whatever follows', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('', ',', ' x', ']', '}'), (value, behind) => {
        const text = JSON.stringify(value, null, 1);
        expect(endOfValue(Buffer.from(text + behind), 0)).toBe(Buffer.byteLength(text));
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    '',
    '{',
    '[',
    '[1',
    '{"a"',
    '{"a":',
    '{"a":1',
    '"a',
    '-',
    '1.',
    '1e',
    '.5',
    '+1',
    'tru',
    '{1:2}',
    '[1 2]',
    "'a'",
    '[}',
    '{]',
    '\u2028',
  ])('refuses %j', (text) => {
    expect(endOfValue(Buffer.from(text), 0)).toBe(-1);
  });
});
