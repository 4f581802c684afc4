import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { DeadlineSweep, type Expiring } from './deadline-sweep.js';

describe('DeadlineSweep', () => {
  it('expires what is overdue, at most 100 ms late, and rests when nothing is left', async () => {
    const clock = new ManualClock();
    const entries = new Set<Expiring>();
    const expired: number[] = [];
    const sweep = new DeadlineSweep(clock, entries);
    const add = (deadlineMs: number): Expiring => {
      const entry: Expiring = {
        deadlineMs,
        expire() {
          expired.push(deadlineMs);
          entries.delete(entry);
        },
      };
      entries.add(entry);
      sweep.arm();
      return entry;
    };
    add(150);
    const later = add(250);
    await clock.advance(140);
    expect(expired).toEqual([]);
    await clock.advance(60);
    expect(expired).toEqual([150]);
    later.deadlineMs = 1000;
    await clock.advance(200);
    expect(expired).toEqual([150]);
    await clock.advance(700);
    expect(expired).toEqual([150, 250]);
    expect(clock.pendingTimers).toBe(0);
  });
});
