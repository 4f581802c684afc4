import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { SystemClock } from './clock.js';

describe('a clock', () => {
  it('tells the time as an RFC 3339 string in UTC', () => {
    expect(new ManualClock().timestamp()).toBe('2026-01-01T00:00:00.000Z');
  });

  it('ends a sleep when its time has come, not before', async () => {
    const clock = new ManualClock();
    let awake = false;
    void clock.sleep(1000).then(() => (awake = true));
    await clock.advance(999);
    expect(awake).toBe(false);
    await clock.advance(1);
    expect(awake).toBe(true);
  });

  it('ends a sleep at once when its signal is aborted, and forgets the timer', async () => {
    const clock = new ManualClock();
    const abort = new AbortController();
    const slept = clock.sleep(1000, abort.signal);
    abort.abort();
    await slept;
    expect(clock.pendingTimers).toBe(0);
    await clock.sleep(1000, abort.signal);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('the system clock', () => {
  it('never goes backwards in monotonic time', () => {
    const clock = new SystemClock();
    const first = clock.monotonicMs();
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(first);
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1000);
  });

  it('runs a scheduled callback, and none that was cancelled', async () => {
    const clock = new SystemClock();
    const ran: string[] = [];
    clock.schedule(0, () => ran.push('kept'));
    clock.schedule(0, () => ran.push('cancelled'))();
    const alive = setTimeout(() => undefined, 50);
    await clock.sleep(5);
    clearTimeout(alive);
    expect(ran).toEqual(['kept']);
  });
});
