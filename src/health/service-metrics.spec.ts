import { describe, expect, it } from '@jest/globals';
import { serviceDocument } from '../../test/support/service-fixture.js';
import { EventBus } from '../kernel/event-bus.js';
import { SilentLogger } from '../kernel/logger.js';
import type { InstanceView } from '../lifecycle/instance.js';
import { InstanceFailed } from '../lifecycle/lifecycle.events.js';
import type { Condition, ServiceStatusDocument } from '../lifecycle/service-status.js';
import type { MetricSources } from '../observability/metric-sources.js';
import { ServiceArchived } from '../registry/registry.events.js';
import { ServiceMetrics } from './service-metrics.js';

const STATES: Readonly<Record<string, string>> = { a: 'active', b: 'active', c: 'error' };

class Bench {
  readonly bus = new EventBus(new SilentLogger());
  readonly told: string[] = [];
  sources: MetricSources = {};
  instances: Partial<InstanceView>[] = [];
  conditions: Partial<Condition>[] = [];
  private readonly docs = Object.keys(STATES).map((name) => serviceDocument(name));
  readonly service = new ServiceMetrics(
    {
      readFrom: (given) => {
        this.sources = { ...this.sources, ...given };
      },
      forgetService: (name) => this.told.push(`forget ${name}`),
      recordFailure: (name) => this.told.push(`failure ${name}`),
      recordEjection: (name) => this.told.push(`ejection ${name}`),
      recordProbeStart: (latenessMs) => this.told.push(`late by ${String(latenessMs)}`),
      recordProbeEnd: (kind, result, ms) => this.told.push(`${kind} ${result} ${String(ms)}`),
    },
    {
      list: () => this.docs,
      find: (id) => this.docs.find(({ service_id }) => service_id === id),
    },
    {
      statusOf: (id) =>
        ({
          state: STATES[id],
          health: { level: id === 'c' ? 'unhealthy' : 'healthy' },
          conditions: id === 'c' ? this.conditions : [],
        }) as unknown as ServiceStatusDocument,
      instances: (id) => (id === 'a' ? (this.instances as InstanceView[]) : []),
      runningCount: () => 5,
    },
    this.bus,
  );
}

describe('ServiceMetrics', () => {
  it('counts services by state and by health, and drops the series of a service that goes', () => {
    const bench = new Bench();
    bench.service.start();
    expect(bench.sources.servicesByState?.()).toEqual({ active: 2, error: 1 });
    expect(bench.sources.servicesByHealth?.()).toEqual({ healthy: 2, unhealthy: 1 });
    expect(bench.sources.instances?.()).toBe(5);
    bench.bus.publish(new ServiceArchived('id', 'a', false));
    bench.service.stop();
    bench.bus.publish(new ServiceArchived('id', 'b', false));
    expect(bench.told).toEqual(['forget a']);
  });

  it('tells of each service how it is, what runs of it and what that uses', () => {
    const bench = new Bench();
    bench.service.start();
    bench.instances = [
      { state: 'ready', memory_bytes: 1_000 },
      { state: 'ready', memory_bytes: 500 },
      { state: 'draining', memory_bytes: null },
    ];
    bench.conditions = [{ type: 'CrashLoopBackOff', status: 'true' }];
    const [a, b, c] = bench.sources.services?.() ?? [];
    expect(a).toEqual({
      service: 'a',
      health: 'healthy',
      crash_looping: false,
      instances: { ready: 2, draining: 1 },
      memory_bytes: 1_500,
      labels: {},
    });
    expect(b).toMatchObject({ instances: {}, memory_bytes: null });
    expect(c).toMatchObject({ crash_looping: true, health: 'unhealthy' });
  });

  it('counts instances that end, of services that are known', () => {
    const bench = new Bench();
    bench.service.start();
    bench.bus.publish(new InstanceFailed('a', 'i1', 'exited', 'It ended'));
    bench.bus.publish(new InstanceFailed('gone', 'i2', 'exited', 'It ended'));
    expect(bench.told).toEqual(['failure a']);
  });

  it('counts ejections that came about', () => {
    const bench = new Bench();
    const pardoned: string[] = [];
    const rotation = bench.service.counting({
      ejectInstance: (_service, instance) => instance === 'i1',
      pardonInstance: (_service, instance) => pardoned.push(instance),
    });
    expect(rotation.ejectInstance('a', 'i1', 1)).toBe(true);
    expect(rotation.ejectInstance('a', 'i2', 1)).toBe(false);
    rotation.pardonInstance('a', 'i1');
    expect([bench.told, pardoned]).toEqual([['ejection a'], ['i1']]);
  });

  it('counts checks', () => {
    const bench = new Bench();
    bench.service.countProbes(() => ({ planned: 3, running: 1 }));
    bench.service.recordProbeStart(5);
    bench.service.recordProbeEnd('basic', 'pass', 7);
    expect(bench.sources.probes?.()).toEqual({ planned: 3, running: 1 });
    expect(bench.told).toEqual(['late by 5', 'basic pass 7']);
  });
});
