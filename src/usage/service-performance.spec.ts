import { describe, expect, it } from '@jest/globals';
import { MAX_TOOLS, OTHER_TOOLS, ServicePerformance } from './service-performance.js';

const call = (tool: string | null, duration_ms = 10) => ({ tool, end: 'ok' as const, duration_ms });
const QUARTER_MS = 900_000;

describe('ServicePerformance', () => {
  it('has a window of a minute and one of a quarter of an hour', () => {
    const performance = new ServicePerformance(() => true);
    performance.record(call('a'), 0);
    performance.record(call('a', 200), 120_000);
    const [minute, quarter] = performance.report(120_000, 10);
    expect([minute?.window_s, minute?.calls, quarter?.window_s, quarter?.calls]).toEqual([
      60, 1, 900, 2,
    ]);
    expect(minute?.p50_ms).toBeGreaterThanOrEqual(200);
    expect(quarter?.p50_ms).toBeLessThan(11);
  });

  it('lists the tools that were called most, and counts other methods for the whole only', () => {
    const performance = new ServicePerformance(() => true);
    for (const tool of ['a', 'b', 'b', 'c', 'c', 'c']) performance.record(call(tool), 1);
    performance.record(call(null), 1);
    const [minute] = performance.report(1, 2);
    expect(minute?.tools.map(({ tool, calls }) => [tool, calls])).toEqual([
      ['c', 3],
      ['b', 2],
    ]);
    expect(minute?.calls).toBe(7);
  });

  it('counts names that the service does not list together', () => {
    const performance = new ServicePerformance((tool) => tool === 'real');
    for (const tool of ['invented-1', 'invented-2', 'real']) performance.record(call(tool), 1);
    const [minute] = performance.report(1, 10);
    expect(minute?.tools.map(({ tool, calls }) => [tool, calls])).toEqual([
      [OTHER_TOOLS, 2],
      ['real', 1],
    ]);
  });

  it('counts a bounded number of tools by themselves, and gives room back when one rests', () => {
    const performance = new ServicePerformance(() => true);
    for (let n = 0; n < MAX_TOOLS + 5; n += 1) performance.record(call(`t${String(n)}`), 1);
    expect(performance.report(1, 1)[0]?.tools).toMatchObject([{ tool: OTHER_TOOLS, calls: 5 }]);
    const later = QUARTER_MS + 1;
    expect(performance.isOver(later)).toBe(true);
    performance.record(call('new'), later);
    expect(performance.report(later, 10)[1]?.tools).toMatchObject([{ tool: 'new', calls: 1 }]);
  });
});
