import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { ProbeSeries } from './probe-series.js';

/** The lines of one series, as somebody who asks for the metrics gets them. */
async function textOf(registry: Registry, name = ''): Promise<string[]> {
  return (await registry.metrics()).split('\n').filter((line) => line.startsWith(name));
}

describe('the series of health checks', () => {
  it('tell what was run, how long it took and whether it was late', async () => {
    const registry = new Registry();
    const series = new ProbeSeries(registry);
    series.recordStart(300);
    series.recordEnd('basic', 'pass', 20);
    series.recordEnd('basic', 'fail', 40);
    series.refresh({ probes: () => ({ planned: 8, running: 2 }) });
    expect(await textOf(registry, 'switchyard_probes_')).toEqual([
      'switchyard_probes_total{kind="basic",result="pass"} 1',
      'switchyard_probes_total{kind="basic",result="fail"} 1',
      'switchyard_probes_planned 8',
      'switchyard_probes_running 2',
    ]);
    expect(await textOf(registry, 'switchyard_probe_lateness_seconds_sum')).toEqual([
      'switchyard_probe_lateness_seconds_sum 0.3',
    ]);
    expect(await textOf(registry, 'switchyard_probe_duration_seconds_count')).toEqual([
      'switchyard_probe_duration_seconds_count{kind="basic"} 2',
    ]);
  });

  it('are there before anything was run', async () => {
    const registry = new Registry();
    new ProbeSeries(registry).refresh({});
    expect(await textOf(registry, 'switchyard_probes_')).toEqual([
      'switchyard_probes_planned 0',
      'switchyard_probes_running 0',
    ]);
  });
});
