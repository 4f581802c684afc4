import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { RateWindows } from './rate-windows.js';

const LIMIT = { requests: 3, window_ms: 6_000 };

describe('a rate window', () => {
  it('lets the whole allowance through at once, then one per refill', async () => {
    const clock = new ManualClock();
    const rates = new RateWindows(clock);
    const take = (): number => rates.take('s', 'p', LIMIT);
    expect([take(), take(), take(), take()]).toEqual([0, 0, 0, 2]);
    await clock.advance(1_999);
    expect(take()).toBe(1);
    await clock.advance(1);
    expect([take(), take()]).toEqual([0, 2]);
  });

  it('never holds more than the allowance', async () => {
    const clock = new ManualClock();
    const rates = new RateWindows(clock);
    await clock.advance(1_000_000);
    const taken = Array.from({ length: 5 }, () => rates.take('s', 'p', LIMIT));
    expect(taken.filter((wait) => wait === 0)).toHaveLength(3);
  });

  it('counts principals and services apart, and forgets a removed service', () => {
    const rates = new RateWindows(new ManualClock());
    const one = { requests: 1, window_ms: 60_000 };
    expect([
      rates.take('s', 'p', one),
      rates.take('s', 'q', one),
      rates.take('t', 'p', one),
    ]).toEqual([0, 0, 0]);
    expect(rates.take('s', 'p', one)).toBe(60);
    rates.forget('s');
    expect(rates.take('s', 'p', one)).toBe(0);
  });
});
