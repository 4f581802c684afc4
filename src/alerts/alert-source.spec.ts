import { describe, expect, it } from '@jest/globals';
import { receiver } from '../../test/support/alert-fixture.js';
import { serviceConfig, serviceDocument } from '../../test/support/service-fixture.js';
import type { HealthRecord, ServiceStatusDocument } from '../lifecycle/service-status.js';
import { DependencyGraph } from '../registry/dependency-graph.js';
import type { ServiceDocument } from '../registry/service.js';
import type { StoreStatus } from '../storage/record-store.js';
import { AlertSource } from './alert-source.js';

const SICK: HealthRecord = {
  level: 'unhealthy',
  summary: 'It does not answer.',
  reason: 'PingFailed',
  action: null,
  checked_at: null,
};

function needs(service: string, required: boolean) {
  return { service, version: null, tools: [], required };
}

const a = serviceDocument('a', {
  effective: serviceConfig({
    integration: {
      dependencies: [needs('b', true), needs('c', false), needs('missing', true)],
      webhooks: [{ url: 'https://a.example', secret: '${env:A}', min_severity: 'critical' }],
    },
  }),
});
const services: readonly ServiceDocument[] = [a, serviceDocument('b'), serviceDocument('c')];
const gatewayReceivers = [receiver()];

function source(status: object = {}): AlertSource {
  const nodes = services.map(({ service_id, spec, effective }) => ({
    service_id,
    name: spec.name,
    dependencies: effective.integration.dependencies,
  }));
  return new AlertSource({
    registry: {
      find: (id) => services.find(({ service_id }) => service_id === id),
      list: () => services,
      graph: () => new DependencyGraph(nodes),
    },
    lifecycle: {
      statusOf: () =>
        ({
          state: 'error',
          conditions: [],
          last_failure: null,
          stable_revision: 1,
          ...status,
        }) as unknown as ServiceStatusDocument,
    },
    health: { recordOf: () => SICK },
    store: { status: () => ({ read_only: true, reason: 'x' }) as unknown as StoreStatus },
    gatewayReceivers: () => gatewayReceivers,
  });
}

describe('what is known of a subject', () => {
  it('is the record of its health, and whether its revision has served before', () => {
    expect(source().reportOf('a')).toMatchObject({
      name: 'a',
      status: 'known',
      observations: [{ rule: 'ServiceUnhealthy', summary: 'It does not answer.' }],
    });
    expect(source({ stable_revision: null }).reportOf('a').observations[0]?.rule).toBe(
      'ServiceError',
    );
  });

  it('is that of the store for the gateway, and nothing for what is removed', () => {
    expect(
      source()
        .reportOf(null)
        .observations.map(({ rule }) => rule),
    ).toEqual(['StorageReadOnly']);
    expect(source().reportOf('gone').status).toBe('gone');
  });
});

it('knows what a service cannot do without', () => {
  expect(source().requiredBy('a')).toEqual(['b']);
  expect(source().requiredBy('b')).toEqual([]);
});

describe('receivers', () => {
  const nameOf = ({ name }: { readonly name: string }): string => name;

  it('are those of the gateway and of the service, by severity', () => {
    const alert = { service_id: 'a', name: 'a' };
    expect(source().receiversFor(alert, 'critical').map(nameOf)).toEqual(['on-call', 'a#0']);
    expect(source().receiversFor(alert, 'warning').map(nameOf)).toEqual(['on-call']);
    const gateway = { service_id: null, name: 'gateway' };
    expect(source().receiversFor(gateway, 'critical').map(nameOf)).toEqual(['on-call']);
  });

  it('are found by their id', () => {
    const made = source();
    for (const one of made.receivers()) expect(made.receiver(one.receiver_id)).toEqual(one);
    expect(made.receiver('gateway:nobody')).toBeUndefined();
    expect(made.receiver('service:a:00000000')).toBeUndefined();
    expect(made.receiver('service:gone:00000000')).toBeUndefined();
  });
});
