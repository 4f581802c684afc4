import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { serviceConfig } from '../../test/support/service-fixture.js';
import { DEFAULT_CHECKS } from '../config/defaults.js';
import type { InstanceView } from '../lifecycle/instance.js';
import {
  PerformanceProbe,
  judgePerformance,
  type PerformanceReading,
} from './performance.probe.js';
import { PerformanceWatch } from './performance-watch.js';
import type { ProbeTarget } from './probe.js';

const MIB = 1_048_576;
const LIMITS = { ...DEFAULT_CHECKS.performance, max_p95_ms: 100, max_cpu_percent: 80 };
const load = { instance_id: 'i1', memory_bytes: 10 * MIB, cpu: 0.1 };
const good: PerformanceReading = { calls: { calls: 50, errors: 0, p95_ms: 100 }, loads: [] };

describe('judgePerformance', () => {
  it.each<[string, Partial<PerformanceReading>, string | null, boolean]>([
    ['calls within the limits', {}, null, false],
    [
      'half of them failed, which is the limit',
      { calls: { ...good.calls, errors: 25 } },
      null,
      false,
    ],
    ['more than the limit failed', { calls: { ...good.calls, errors: 26 } }, 'ErrorRate', false],
    ['slow calls', { calls: { ...good.calls, p95_ms: 100.1 } }, 'Slow', false],
    ['too few calls, all failed', { calls: { calls: 49, errors: 49, p95_ms: 9e5 } }, null, true],
    ['no calls at all', { calls: { calls: 0, errors: 0, p95_ms: null } }, null, true],
    ['a busy instance', { loads: [load, { ...load, cpu: 0.81 }] }, 'CpuHigh', false],
    ['memory without a limit', { loads: [{ ...load, memory_bytes: 9e12 }] }, null, false],
  ])('%s', (_name, over, reason, skipped) => {
    const found = judgePerformance(LIMITS, { ...good, ...over });
    expect(found.failure?.reason ?? null).toBe(reason);
    expect(found.skipped).toBe(skipped);
  });

  it('judges what the instances use where there are too few calls', () => {
    const calls = { calls: 1, errors: 1, p95_ms: 1 };
    expect(judgePerformance(LIMITS, { calls, loads: [load] })).toMatchObject({
      failure: null,
      skipped: false,
      evidence: '1 calls within a minute, too few to judge; 10 % of a core',
    });
  });
});

describe('the performance probe', () => {
  it('takes 90 % of the memory limit of the service for its own', async () => {
    const { limits } = serviceConfig().runtime;
    const config = serviceConfig({ runtime: { limits: { ...limits, memory_mb: 100 } } });
    const using = (mib: number): ProbeTarget => {
      const instances = [{ instance_id: 'i1', memory_bytes: mib * MIB } as InstanceView];
      return { service_id: 's', config, instances } as unknown as ProbeTarget;
    };
    const probe = new PerformanceProbe(new PerformanceWatch(new ManualClock()));
    expect((await probe.run(using(90), DEFAULT_CHECKS.performance)).failure).toBeNull();
    const found = await probe.run(using(91), DEFAULT_CHECKS.performance);
    expect(found.failure?.reason).toBe('MemoryHigh');
  });

  it('takes the CPU limit of the service where the check has none of its own', async () => {
    const { limits } = serviceConfig().runtime;
    const config = serviceConfig({ runtime: { limits: { ...limits, cpu_percent: 50 } } });
    const clock = new ManualClock();
    const probe = new PerformanceProbe(new PerformanceWatch(clock));
    let cpu_ms = 0;
    const judge = async (max_cpu_percent: number | null): Promise<string | null> => {
      const instances = [{ instance_id: 'i1', memory_bytes: 1, cpu_ms } as InstanceView];
      const target = { service_id: 's', config, instances } as unknown as ProbeTarget;
      const found = await probe.run(target, { ...DEFAULT_CHECKS.performance, max_cpu_percent });
      await clock.advance(60_000);
      return found.failure?.reason ?? null;
    };
    expect(await judge(null)).toBeNull();
    cpu_ms += 30_000;
    expect(await judge(null)).toBeNull();
    cpu_ms += 31_000;
    expect(await judge(null)).toBe('CpuHigh');
    cpu_ms += 31_000;
    expect(await judge(80)).toBeNull();
  });
});
