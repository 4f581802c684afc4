import { describe, expect, it } from '@jest/globals';
import type { InstanceView } from '../lifecycle/instance.js';
import { InstanceLoads } from './instance-loads.js';

function instance(cpu_ms: number | null, uptime_s = 100, instance_id = 'i'): InstanceView {
  return { instance_id, cpu_ms, uptime_s } as InstanceView;
}

describe('InstanceLoads', () => {
  it('tells the share of a core since the last reading', () => {
    const loads = new InstanceLoads();
    loads.read('s', [instance(1_000)], 10_000);
    expect(loads.cpuOf('s', instance(1_500), 12_000)).toBeCloseTo(0.25);
  });

  it('tells that of an instance that was never read since its start', () => {
    expect(new InstanceLoads().cpuOf('s', instance(5_000, 10), 60_000)).toBeCloseTo(0.5);
    expect(new InstanceLoads().cpuOf('s', instance(100, 0), 60_000)).toBeNull();
  });

  it('tells what the last reading found where that was just now', () => {
    const loads = new InstanceLoads();
    loads.read('s', [instance(0)], 0);
    loads.read('s', [instance(1_000)], 2_000);
    expect(loads.cpuOf('s', instance(1_010), 2_100)).toBeCloseTo(0.5);
  });

  it('knows nothing of a remote connection', () => {
    const loads = new InstanceLoads();
    expect(loads.read('s', [instance(null)], 0)).toBe(0);
    expect(loads.cpuOf('s', instance(null), 5_000)).toBeNull();
    expect(loads.size).toBe(0);
  });

  it('adds up what was used in between, and never counts back', () => {
    const loads = new InstanceLoads();
    expect(loads.read('s', [instance(300, 1), instance(200, 1, 'j')], 1_000)).toBe(500);
    expect(loads.read('s', [instance(400), instance(100, 1, 'j')], 2_000)).toBe(100);
    expect(loads.read('s', [instance(450)], 3_000)).toBe(50);
  });

  it('forgets instances and services that are gone', () => {
    const loads = new InstanceLoads();
    loads.read('s', [instance(1)], 0);
    loads.read('t', [instance(1)], 0);
    loads.read('t', [], 1);
    expect(loads.size).toBe(1);
    loads.keepOnly(new Set());
    expect(loads.size).toBe(0);
  });
});
