import { expect, it } from '@jest/globals';
import { serviceDocument } from '../../test/support/service-fixture.js';
import { EventBus } from '../kernel/event-bus.js';
import { SilentLogger } from '../kernel/logger.js';
import type { ServiceStatusDocument } from '../lifecycle/service-status.js';
import type { MetricSources } from '../observability/metrics.js';
import { ServiceArchived } from '../registry/registry.events.js';
import { ServiceMetrics } from './service-metrics.js';

it('counts services by state and by health, and drops the series of a service that goes', () => {
  const bus = new EventBus(new SilentLogger());
  const forgotten: string[] = [];
  let sources: MetricSources = {};
  const metrics = {
    readFrom: (given: MetricSources) => {
      sources = given;
    },
    forgetService: (name: string) => forgotten.push(name),
  };
  const states: Readonly<Record<string, string>> = { a: 'active', b: 'active', c: 'error' };
  const registry = { list: () => Object.keys(states).map((name) => serviceDocument(name)) };
  const lifecycle = {
    statusOf: (id: string) =>
      ({
        state: states[id],
        health: { level: id === 'c' ? 'unhealthy' : 'healthy' },
      }) as ServiceStatusDocument,
    runningCount: () => 5,
  };
  const service = new ServiceMetrics(metrics, registry, lifecycle, bus);
  service.start();
  expect(sources.servicesByState?.()).toEqual({ active: 2, error: 1 });
  expect(sources.servicesByHealth?.()).toEqual({ healthy: 2, unhealthy: 1 });
  expect(sources.instances?.()).toBe(5);
  bus.publish(new ServiceArchived('id', 'a', false));
  service.stop();
  bus.publish(new ServiceArchived('id', 'b', false));
  expect(forgotten).toEqual(['a']);
});
