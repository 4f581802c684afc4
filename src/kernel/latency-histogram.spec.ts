import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LatencyHistogram } from './latency-histogram.js';

/** A ninth of a doubling, and the rounding to two places of what is small. */
const WITHIN = 1.091;
const ROUNDING_MS = 0.1;
const FRACTIONS = [0.01, 0.5, 0.9, 0.95, 0.99, 1];

function histogramOf(durations: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const duration of durations) histogram.add(duration);
  return histogram;
}

function exact(durations: readonly number[], fraction: number): number {
  const sorted = [...durations].sort((one, other) => one - other);
  const rank = Math.max(1, Math.ceil(sorted.length * fraction));
  return Math.max(0.1, sorted[rank - 1] ?? NaN);
}

/** Durations of every size: the exponent is what is uniform. */
const duration = fc.double({ min: -2, max: 6.8, noNaN: true }).map((exponent) => 10 ** exponent);
const durations = fc.array(duration, { minLength: 1, maxLength: 200 });

describe('LatencyHistogram', () => {
  it('knows no quantile of nothing', () => {
    expect(new LatencyHistogram().quantile(0.5)).toBeNull();
  });

  it('answers quantiles that are never below the exact ones, and at most a tenth above', () => {
    fc.assert(
      fc.property(durations, (list) => {
        const histogram = histogramOf(list);
        expect(histogram.total).toBe(list.length);
        for (const fraction of FRACTIONS) {
          const truth = exact(list, fraction);
          const found = histogram.quantile(fraction) ?? NaN;
          expect(found).toBeGreaterThanOrEqual(truth * (1 - 1e-12));
          expect(found).toBeLessThanOrEqual(truth * WITHIN + ROUNDING_MS);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is the same whether it was filled or merged', () => {
    fc.assert(
      fc.property(durations, durations, (one, other) => {
        const merged = histogramOf(one);
        merged.merge(histogramOf(other));
        const filled = histogramOf([...one, ...other]);
        expect(merged.total).toBe(filled.total);
        for (const fraction of FRACTIONS) {
          expect(merged.quantile(fraction)).toBe(filled.quantile(fraction));
        }
      }),
    );
  });

  it.each([
    ['nothing', 0, 0.1],
    ['less than nothing', -5, 0.1],
    ['what is no number', NaN, 0.1],
    ['longer than the longest', 1e12, 0.1 * 2 ** 26],
    ['for ever', Infinity, 0.1 * 2 ** 26],
  ])('takes %s', (_name, given, expected) => {
    expect(histogramOf([given]).quantile(0.5)).toBeCloseTo(expected, 0);
  });

  it('begins anew after it was cleared', () => {
    const histogram = histogramOf([1, 1_000]);
    histogram.clear();
    expect([histogram.total, histogram.quantile(0.5)]).toEqual([0, null]);
    histogram.add(5);
    expect(histogram.quantile(1)).toBeLessThan(6);
  });
});
