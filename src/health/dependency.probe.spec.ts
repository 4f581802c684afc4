import { describe, expect, it } from '@jest/globals';
import { FakeHealthLifecycle } from '../../test/support/fake-health-lifecycle.js';
import { serviceConfig, serviceDocument } from '../../test/support/service-fixture.js';
import type { ServiceStatusDocument } from '../lifecycle/service-status.js';
import {
  DependencyProbe,
  judgeDependencies,
  type NeededResource,
  type NeededService,
} from './dependency.probe.js';
import type { ProbeTarget } from './probe.js';

function needed(status: NeededService['status'], required = true): NeededService {
  return { dependency: { service: 'store', required }, status, summary: 'It is ill.' };
}

function resource(fault: string | null, required = false): NeededResource {
  return { resource: { name: 'database', required }, fault };
}

describe('judgeDependencies', () => {
  it.each<[string, NeededService[], NeededResource[], string | null]>([
    ['nothing that is not there', [needed('healthy')], [resource(null)], null],
    ['what nobody knows', [needed('unknown')], [], null],
    ['a missing service', [needed('missing')], [], 'DependencyMissing'],
    ['a service that does not work', [needed('unhealthy')], [], 'DependencyUnhealthy'],
    ['a degraded service', [needed('degraded')], [], 'DependencyDegraded'],
    ['a resource', [], [resource('refused')], 'ExternalUnreachable'],
    ['a required resource', [], [resource('refused', true)], 'ExternalRequired'],
    [
      'the worst of several: what is required',
      [needed('degraded'), needed('missing', false), needed('unhealthy')],
      [resource('refused', true)],
      'DependencyUnhealthy',
    ],
    [
      'a required resource before an optional service',
      [needed('missing', false)],
      [resource('refused', true)],
      'ExternalRequired',
    ],
  ])('finds %s', (_name, services, resources, reason) => {
    expect(judgeDependencies(services, resources).failure?.reason ?? null).toBe(reason);
  });

  it('counts a service at once, and tries a resource again first', () => {
    expect(judgeDependencies([needed('unhealthy')], []).failure?.definite).toBe(true);
    expect(judgeDependencies([], [resource('x', true)]).failure?.definite).toBe(false);
  });

  it('says who is ill and how many are', () => {
    const found = judgeDependencies([needed('unhealthy')], [resource('refused'), resource(null)]);
    expect(found.evidence).toBe(
      '2 of 3 needed not well: The service "store" that this one needs does not work: It is ill',
    );
  });
});

describe('the dependency probe', () => {
  const dependency = { service: 'store', version: null, tools: [], required: true };
  const external = { name: 'db', url: null, tcp: 'db:1', timeout_ms: 10, required: false };
  const config = serviceConfig({
    integration: { dependencies: [dependency], external: [external] },
  });
  const target = { config } as ProbeTarget;

  class Seen extends FakeHealthLifecycle {
    level: ServiceStatusDocument['health']['level'] = 'healthy';
    override statusOf(): ServiceStatusDocument {
      const health = { level: this.level, summary: 'so' };
      return { ...super.statusOf(), health } as ServiceStatusDocument;
    }
  }

  it('reads the health of services and reaches for resources', async () => {
    const lifecycle = new Seen();
    const reached: string[] = [];
    let registered = true;
    const probe = new DependencyProbe(
      { find: () => (registered ? serviceDocument('store') : undefined) },
      lifecycle,
      (resource) => Promise.resolve(reached.push(resource.name) > 2 ? 'gone' : null),
    );
    const reasonNow = async (): Promise<string | undefined> =>
      (await probe.run(target)).failure?.reason;
    expect(await reasonNow()).toBeUndefined();
    lifecycle.level = 'degraded';
    expect(await reasonNow()).toBe('DependencyDegraded');
    lifecycle.serving = false;
    expect(await reasonNow()).toBe('DependencyUnhealthy');
    registered = false;
    expect(await reasonNow()).toBe('DependencyMissing');
    registered = lifecycle.serving = true;
    lifecycle.level = 'healthy';
    expect(await reasonNow()).toBe('ExternalUnreachable');
    expect(reached).toHaveLength(5);
  });
});
