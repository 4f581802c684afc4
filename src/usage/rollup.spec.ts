import { describe, expect, it } from '@jest/globals';
import { BUCKET_MS, KEPT_BUCKETS, UsageRollup } from './rollup.js';

const NOON = Date.UTC(2026, 0, 1, 12);
const call = (duration_ms: number, failed = false, tool = 'echo') => ({
  tool,
  failed,
  duration_ms,
});

describe('a usage rollup', () => {
  it('counts calls and errors and bounds the percentiles from above, within 9 %', () => {
    const rollup = new UsageRollup();
    for (let ms = 1; ms <= 100; ms += 1) rollup.record(call(ms, ms > 95), NOON);
    const [echo] = rollup.report(NOON);
    expect(echo).toMatchObject({ tool: 'echo', calls: 100, errors: 5 });
    for (const [name, truth] of [
      ['p50_ms', 50],
      ['p95_ms', 95],
      ['p99_ms', 99],
    ] as const) {
      expect(echo?.[name]).toBeGreaterThanOrEqual(truth);
      expect(echo?.[name]).toBeLessThanOrEqual(truth * 1.1 + 0.1);
    }
  });

  it('keeps time buckets apart and forgets what is older than a day', () => {
    const rollup = new UsageRollup();
    rollup.record(call(5), NOON);
    rollup.record(call(5), NOON + BUCKET_MS);
    expect(rollup.report(NOON + BUCKET_MS)[0]?.buckets.map(({ at }) => at)).toEqual([
      '2026-01-01T12:00:00.000Z',
      '2026-01-01T12:05:00.000Z',
    ]);
    const later = NOON + KEPT_BUCKETS * BUCKET_MS;
    expect(rollup.report(later)[0]?.calls).toBe(1);
    expect(rollup.report(later + BUCKET_MS)).toEqual([]);
  });

  it('lists the most used tool first and puts tools past the bound together', () => {
    const rollup = new UsageRollup();
    for (let n = 0; n < 300; n += 1) rollup.record(call(1, false, `tool-${n}`), NOON);
    const report = rollup.report(NOON);
    expect(report[0]).toMatchObject({ tool: '(other tools)', calls: 44 });
    expect(report.length).toBe(257);
  });
});
