import { describe, expect, it } from '@jest/globals';
import { channel } from 'node:diagnostics_channel';
import { ChannelSubscriber } from './channel.subscriber.js';
import { METRIC_NAMES } from './metric-names.js';
import { Metrics } from './metrics.js';

function make(): Metrics {
  return new Metrics({ processMetrics: false });
}

/** The lines of one series, without those that only say what it is. */
async function lines(metrics: Metrics, name: string): Promise<string[]> {
  const text = await metrics.text();
  return text.split('\n').filter((line) => line.startsWith(name));
}

describe('Metrics', () => {
  it('publishes exactly the series that it names', async () => {
    const text = await make().text();
    const published = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    expect(published.sort()).toEqual(Object.keys(METRIC_NAMES).sort());
  });

  it('counts calls by service and outcome', async () => {
    const metrics = make();
    metrics.recordCall('a', 'ok', 20);
    metrics.recordCall('a', 'ok', 30);
    metrics.recordCall('a', 'timeout', 60_000);
    expect(await lines(metrics, 'switchyard_calls_total')).toEqual([
      'switchyard_calls_total{service="a",outcome="ok"} 2',
      'switchyard_calls_total{service="a",outcome="timeout"} 1',
    ]);
    expect(await lines(metrics, 'switchyard_call_duration_seconds_sum')).toEqual([
      'switchyard_call_duration_seconds_sum{service="a"} 60.05',
    ]);
  });

  it('has a bounded set of outcomes', async () => {
    const metrics = make();
    for (const outcome of ['x', 'y', 'z']) metrics.recordCall('a', outcome, 1);
    expect(await lines(metrics, 'switchyard_calls_total')).toEqual([
      'switchyard_calls_total{service="a",outcome="other"} 3',
    ]);
  });

  it('has a bounded set of services', async () => {
    const metrics = make();
    for (let at = 0; at < 10_003; at += 1) metrics.recordCall(`s${String(at)}`, 'ok', 1);
    const counted = await lines(metrics, 'switchyard_calls_total');
    expect(counted).toHaveLength(10_001);
    expect(counted).toContain('switchyard_calls_total{service="other",outcome="ok"} 3');
  });

  it('drops every series of a service that goes', async () => {
    const metrics = make();
    metrics.recordCall('a', 'ok', 1);
    metrics.recordCall('b', 'failed', 1);
    metrics.forgetService('a');
    metrics.forgetService('unknown');
    expect(await metrics.text()).not.toContain('service="a"');
    expect(await lines(metrics, 'switchyard_calls_total')).toHaveLength(1);
  });

  it('reads what is sourced when it is asked, and forgets states that are empty', async () => {
    const metrics = make();
    let states: Record<string, number> = { active: 2, error: 1 };
    metrics.readFrom({ servicesByState: () => states, instances: () => 4 });
    metrics.readFrom({ routeTableVersion: () => 9, callsWaiting: () => 3 });
    expect(await lines(metrics, 'switchyard_services{')).toHaveLength(2);
    states = { active: 3 };
    expect(await lines(metrics, 'switchyard_services{')).toEqual([
      'switchyard_services{state="active"} 3',
    ]);
    expect(await lines(metrics, 'switchyard_instances')).toEqual(['switchyard_instances 4']);
    expect(await lines(metrics, 'switchyard_calls_waiting')).toEqual([
      'switchyard_calls_waiting 3',
    ]);
    expect(await lines(metrics, 'switchyard_route_table_version')).toEqual([
      'switchyard_route_table_version 9',
    ]);
  });
});

describe('alerts in the metrics', () => {
  it('are counted by severity as they fire, and by what came of telling', async () => {
    const metrics = make();
    metrics.readFrom({ alertsFiring: () => ({ critical: 2, warning: 0 }) });
    metrics.recordDelivery('delivered');
    metrics.recordDelivery('delivered');
    metrics.recordDelivery('dead');
    expect(await lines(metrics, 'switchyard_alert')).toEqual([
      'switchyard_alert_deliveries_total{outcome="delivered"} 2',
      'switchyard_alert_deliveries_total{outcome="dead"} 1',
      'switchyard_alerts_firing{severity="critical"} 2',
      'switchyard_alerts_firing{severity="warning"} 0',
    ]);
  });
});

describe('ChannelSubscriber', () => {
  it('turns messages of the channels into metrics, until it is stopped', async () => {
    const metrics = make();
    const subscriber = new ChannelSubscriber(metrics);
    subscriber.start();
    channel('switchyard:call').publish({ service: 'a', outcome: 'ok', duration_ms: 5 });
    channel('switchyard:commit').publish({ duration_ms: 2 });
    for (const event of ['opened', 'resumed', 'moved', 'closed']) {
      channel('switchyard:session').publish({ event });
    }
    subscriber.stop();
    channel('switchyard:call').publish({ service: 'a', outcome: 'ok', duration_ms: 5 });
    expect(await lines(metrics, 'switchyard_calls_total')).toEqual([
      'switchyard_calls_total{service="a",outcome="ok"} 1',
    ]);
    expect(await lines(metrics, 'switchyard_sessions')).toEqual(['switchyard_sessions 1']);
    expect(await lines(metrics, 'switchyard_store_commit_seconds_count')).toEqual([
      'switchyard_store_commit_seconds_count 1',
    ]);
  });

  it('takes no harm from messages of another shape', async () => {
    const metrics = make();
    const subscriber = new ChannelSubscriber(metrics);
    subscriber.start();
    for (const name of ['switchyard:call', 'switchyard:session', 'switchyard:commit']) {
      for (const message of [null, 'x', {}, { service: 1, outcome: 2, duration_ms: 'x' }]) {
        channel(name).publish(message);
      }
    }
    subscriber.stop();
    expect(await lines(metrics, 'switchyard_calls_total')).toEqual([]);
  });
});
