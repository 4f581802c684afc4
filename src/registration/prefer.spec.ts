import { describe, expect, it } from '@jest/globals';
import { readPrefer } from './prefer.js';

describe('readPrefer', () => {
  it.each([
    [undefined, 30_000, null],
    ['', 30_000, null],
    ['wait=5', 5_000, 'wait=5'],
    ['wait="7"', 7_000, 'wait=7'],
    ['Wait = 2; strict', 2_000, 'wait=2'],
    ['wait=0', 0, 'wait=0'],
    ['wait=100000', 300_000, 'wait=300'],
    ['return=minimal, wait=3, wait=9', 3_000, 'wait=3'],
    ['respond-async', 0, 'respond-async'],
    ['respond-async, wait=4', 4_000, 'wait=4'],
    ['wait=-1', 30_000, null],
    ['wait=soon', 30_000, null],
  ])('reads %p as %p ms, applied %p', (header, wait_ms, applied) => {
    expect(readPrefer(header)).toEqual({ wait_ms, applied });
  });

  it('reads several header lines as one list', () => {
    expect(readPrefer(['handling=strict', 'wait=6'])).toEqual({
      wait_ms: 6_000,
      applied: 'wait=6',
    });
  });
});
