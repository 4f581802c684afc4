import { expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { serviceDocument } from '../../test/support/service-fixture.js';
import type { InstanceView } from '../lifecycle/instance.js';
import { InstanceSampler } from './instance-sampler.js';

it('counts the CPU time of each service, and forgets services that go', async () => {
  const clock = new ManualClock();
  const told: [string, number][] = [];
  let docs = [serviceDocument('a'), serviceDocument('remote')];
  let cpu_ms = 200;
  const sampler = new InstanceSampler({
    registry: { list: () => docs },
    lifecycle: {
      instances: (id) =>
        [
          { instance_id: 'i', uptime_s: 1, cpu_ms: id === 'remote' ? null : cpu_ms },
        ] as InstanceView[],
    },
    metrics: { recordCpu: (service, usedMs) => told.push([service, usedMs]) },
    clock,
  });
  sampler.sample();
  await clock.advance(10_000);
  cpu_ms = 5_200;
  const view = { instance_id: 'i', uptime_s: 11, cpu_ms } as InstanceView;
  expect(sampler.cpuOf('a', view)).toBeCloseTo(0.5);
  sampler.sample();
  expect(told).toEqual([
    ['a', 200],
    ['a', 5_000],
  ]);
  docs = [];
  sampler.sample();
  expect(sampler.size).toBe(0);
});
