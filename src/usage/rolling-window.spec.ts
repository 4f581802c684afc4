import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { CallEnd } from '../health/call-fault.js';
import { RollingWindow } from './rolling-window.js';
import { NO_FIGURES } from './service-performance.js';

const SLICE_MS = 5_000;
const SLICES = 12;
const ENDS: readonly CallEnd[] = [
  'ok',
  'transport',
  'tool',
  'rpc',
  'caller',
  'cancelled',
  'refused',
];

describe('RollingWindow', () => {
  it('knows nothing of what nobody called', () => {
    const window = new RollingWindow(SLICE_MS, SLICES);
    expect(window.figures(0)).toEqual(NO_FIGURES);
    expect(window.isOver(0)).toBe(true);
  });

  it('counts what the service answered or failed to, and beside it what never was its affair', () => {
    const window = new RollingWindow(SLICE_MS, SLICES);
    for (const end of ENDS) window.record(end, 100, 1);
    expect(window.figures(2)).toMatchObject({
      calls: 5,
      transport_errors: 1,
      tool_errors: 1,
      rpc_errors: 1,
      caller_errors: 1,
      cancelled: 1,
      refused: 1,
    });
  });

  it('takes no time from calls that were refused or given up', () => {
    const window = new RollingWindow(SLICE_MS, SLICES);
    window.record('refused', 0, 1);
    window.record('cancelled', 1e6, 1);
    expect(window.figures(1)).toMatchObject({ calls: 0, p50_ms: null, p99_ms: null });
  });

  it('agrees with a list of every call, whatever the times', () => {
    const step = fc.record({
      afterMs: fc.integer({ min: 0, max: 30_000 }),
      end: fc.constantFrom(...ENDS),
      duration: fc.integer({ min: 1, max: 100_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const window = new RollingWindow(SLICE_MS, SLICES);
        const all: { slice: number; end: CallEnd; duration: number }[] = [];
        let nowMs = 0;
        for (const { afterMs, end, duration } of steps) {
          nowMs += afterMs;
          window.record(end, duration, nowMs);
          all.push({ slice: Math.floor(nowMs / SLICE_MS), end, duration });
        }
        nowMs += 10_000;
        const live = all.filter(({ slice }) => slice > Math.floor(nowMs / SLICE_MS) - SLICES);
        const count = (wanted: CallEnd): number => live.filter(({ end }) => end === wanted).length;
        const found = window.figures(nowMs);
        expect(found).toMatchObject({
          transport_errors: count('transport'),
          tool_errors: count('tool'),
          rpc_errors: count('rpc'),
          caller_errors: count('caller'),
          cancelled: count('cancelled'),
          refused: count('refused'),
        });
        expect(window.isOver(nowMs)).toBe(live.length === 0);
        const answered = live.filter(({ end }) => end !== 'cancelled' && end !== 'refused');
        expect(found.calls).toBe(answered.length);
        if (answered.length === 0) return;
        const sorted = answered.map(({ duration }) => duration).sort((one, other) => one - other);
        const exact = sorted[Math.ceil(sorted.length * 0.95) - 1] ?? NaN;
        expect(found.p95_ms).toBeGreaterThanOrEqual(exact * (1 - 1e-12));
        expect(found.p95_ms).toBeLessThanOrEqual(exact * 1.1 + 0.1);
      }),
      { numRuns: 300 },
    );
  });
});
