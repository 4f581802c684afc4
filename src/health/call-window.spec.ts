import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CallWindow, WINDOW_MS } from './call-window.js';

const SLICE_MS = 5_000;

describe('CallWindow', () => {
  it('knows nothing of a service that nobody calls', () => {
    expect(new CallWindow().summary(0)).toEqual({ calls: 0, errors: 0, p95_ms: null });
  });

  it('counts calls and failures, and names the time within which 95 % were answered', () => {
    const window = new CallWindow();
    for (let at = 1; at <= 100; at += 1) {
      window.record({ failed: at % 4 === 0, duration_ms: at <= 95 ? 10 : 4_000 }, at);
    }
    const { calls, errors, p95_ms } = window.summary(200);
    expect([calls, errors]).toEqual([100, 25]);
    expect(p95_ms).toBeGreaterThanOrEqual(10);
    expect(p95_ms).toBeLessThan(12);
  });

  it('forgets what is more than a minute ago', () => {
    const window = new CallWindow();
    window.record({ failed: true, duration_ms: 5 }, 0);
    expect(window.summary(WINDOW_MS - 1).calls).toBe(1);
    expect(window.summary(WINDOW_MS).calls).toBe(0);
  });

  it('takes a call of any length', () => {
    const window = new CallWindow();
    for (const duration_ms of [0, 1e12]) window.record({ failed: false, duration_ms }, 1);
    expect(window.summary(1).p95_ms).toBeGreaterThan(1_000_000);
  });

  it('agrees with a list of every call, whatever the times', () => {
    const step = fc.record({
      afterMs: fc.integer({ min: 0, max: 40_000 }),
      failed: fc.boolean(),
      duration_ms: fc.integer({ min: 0, max: 100_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const window = new CallWindow();
        const all: { slice: number; failed: boolean; duration_ms: number }[] = [];
        let nowMs = 1_000;
        for (const { afterMs, failed, duration_ms } of steps) {
          nowMs += afterMs;
          window.record({ failed, duration_ms }, nowMs);
          all.push({ slice: Math.floor(nowMs / SLICE_MS), failed, duration_ms });
          const oldest = Math.floor(nowMs / SLICE_MS) - WINDOW_MS / SLICE_MS;
          const live = all.filter(({ slice }) => slice > oldest);
          const found = window.summary(nowMs);
          expect(found.calls).toBe(live.length);
          expect(found.errors).toBe(live.filter((one) => one.failed).length);
          const sorted = live.map((one) => one.duration_ms).sort((a, b) => a - b);
          const exact = Math.max(0.1, sorted[Math.ceil(sorted.length * 0.95) - 1] ?? 0);
          expect(found.p95_ms).toBeGreaterThanOrEqual(exact - 1e-9);
          expect(found.p95_ms).toBeLessThanOrEqual(exact * 1.1 + 0.1);
        }
      }),
      { numRuns: 300 },
    );
  });
});
