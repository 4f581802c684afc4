import { describe, expect, it } from '@jest/globals';
import { backoffDelayMs } from './backoff.js';

const policy = { first_ms: 1000, factor: 2, cap_ms: 300_000, jitter: 0.2 };

describe('backoffDelayMs', () => {
  it.each([
    [0, 1000],
    [1, 2000],
    [4, 16_000],
    [9, 300_000],
    [100_000, 300_000],
  ])('waits for try %i about %i ms when chance is in the middle', (attempt, expected) => {
    expect(backoffDelayMs(policy, attempt, 0.5)).toBe(expected);
  });

  it('stays within the jitter on both sides', () => {
    expect(backoffDelayMs(policy, 0, 0)).toBe(800);
    expect(backoffDelayMs(policy, 0, 0.999999)).toBe(1200);
  });
});
