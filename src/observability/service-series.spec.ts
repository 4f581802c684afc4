import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import type { CallLoadReading, ServiceReading } from './metric-sources.js';
import { ServiceSeries } from './service-series.js';

/** The lines of one series, as somebody who asks for the metrics gets them. */
async function textOf(registry: Registry, name = ''): Promise<string[]> {
  return (await registry.metrics()).split('\n').filter((line) => line.startsWith(name));
}

class Bench {
  readonly registry = new Registry();
  readonly series = new ServiceSeries(this.registry);
  services: ServiceReading[] = [];
  readonly loads = new Map<string, CallLoadReading>();

  lines(name = ''): Promise<string[]> {
    this.series.refresh({ services: () => this.services, callLoads: () => this.loads });
    return textOf(this.registry, name);
  }
}

function reading(service: string, over: Partial<ServiceReading> = {}): ServiceReading {
  const usual = { health: 'healthy', crash_looping: false, instances: { ready: 1 } };
  return { service, ...usual, memory_bytes: null, ...over };
}

describe('the series of services', () => {
  it('are read anew each time', async () => {
    const bench = new Bench();
    bench.services = [
      reading('a', { crash_looping: true, health: 'unhealthy', memory_bytes: 5_000 }),
      reading('b', { instances: { ready: 2, draining: 1 } }),
    ];
    bench.loads.set('a', { in_flight: 0, queued: 0, circuit: 'open' });
    bench.loads.set('b', { in_flight: 3, queued: 2, circuit: 'closed' });
    expect(await bench.lines()).toEqual(
      expect.arrayContaining([
        'switchyard_calls_in_flight{service="b"} 3',
        'switchyard_calls_queued{service="b"} 2',
        'switchyard_circuit_state{service="a",state="open"} 1',
        'switchyard_circuits_open 1',
        'switchyard_service_health{service="a",level="unhealthy"} 1',
        'switchyard_crash_looping{service="a"} 1',
        'switchyard_service_instances{service="b",state="draining"} 1',
        'switchyard_service_memory_bytes{service="a"} 5000',
      ]),
    );
    bench.services = [reading('a'), reading('b')];
    bench.loads.set('a', { in_flight: 0, queued: 0, circuit: 'closed' });
    expect(await bench.lines('switchyard_crash_looping')).toEqual([]);
    expect(await bench.lines('switchyard_circuit')).toEqual(['switchyard_circuits_open 0']);
    expect(await bench.lines('switchyard_service_health{service="a"')).toEqual([
      'switchyard_service_health{service="a",level="healthy"} 1',
    ]);
  });

  it('count what the instances did', async () => {
    const bench = new Bench();
    bench.services = [reading('a')];
    bench.series.recordCpu('a', 1_500);
    bench.series.recordCpu('a', 500);
    bench.series.recordFailure('a');
    bench.series.recordEjection('a');
    expect(await bench.lines('switchyard_service_cpu')).toEqual([
      'switchyard_service_cpu_seconds_total{service="a"} 2',
    ]);
    expect(await bench.lines('switchyard_instance_')).toEqual([
      'switchyard_instance_failures_total{service="a"} 1',
      'switchyard_instance_ejections_total{service="a"} 1',
    ]);
  });

  it('disappear with a service that was renamed or removed, whoever tells', async () => {
    const bench = new Bench();
    bench.services = [reading('old', { memory_bytes: 1 })];
    bench.loads.set('old', { in_flight: 1, queued: 0, circuit: 'open' });
    bench.series.recordCall('old', 'ok', 1);
    bench.series.recordCpu('old', 1);
    bench.series.recordFailure('old');
    bench.series.recordEjection('old');
    expect((await bench.lines()).join()).toContain('service="old"');
    bench.services = [reading('new')];
    bench.loads.clear();
    const text = (await bench.lines()).join();
    expect(text).not.toContain('service="old"');
    expect(text).toContain('service="new"');
  });
});
