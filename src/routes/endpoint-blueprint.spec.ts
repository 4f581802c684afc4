import { describe, expect, it } from '@jest/globals';
import { serviceConfig } from '../../test/support/service-fixture.js';
import type { InstanceSource } from '../upstream/instance-source.js';
import { endpointOf, NO_INSTANCES, type EndpointBlueprint } from './endpoint-blueprint.js';

const SOURCE: InstanceSource = { acquire: () => Promise.reject(new Error('not used')) };
const BROKEN = { state: 'error', reason: 'CrashLoop', message: 'It ends', retry_after_s: 30 };

const CIRCUIT = { failures: 0, open_ms: 30_000 };

const PROFILE = { title: null, description: null, tags: ['x'], capabilities: null };

function blueprint(over: Partial<EndpointBlueprint> = {}): EndpointBlueprint {
  return {
    serviceId: 'id',
    serviceName: 'weather',
    revision: 1,
    hostingMode: 'stdio',
    effective: serviceConfig(),
    security: serviceConfig().security,
    cors: serviceConfig().network.cors,
    source: SOURCE,
    unavailable: null,
    tools: [{ name: 'now' }],
    guarded: null,
    ...over,
  };
}

describe('endpointOf', () => {
  it('is the same object while nothing of it changes, equal copies included', () => {
    const first = endpointOf(blueprint(), []);
    const copy = blueprint({ effective: serviceConfig(), tools: [{ name: 'now' }] });
    expect(endpointOf(copy, [first])).toBe(first);
  });

  it.each<[string, Partial<EndpointBlueprint>]>([
    ['the revision', { revision: 2 }],
    ['the source', { source: { ...SOURCE } }],
    ['the tools', { tools: [] }],
    ['the name', { serviceName: 'climate' }],
    ['what it says of itself', { profile: PROFILE }],
    ['the guard', { guarded: () => Promise.resolve(true) }],
    ['availability', { unavailable: BROKEN }],
    ['a limit', { effective: serviceConfig({ runtime: { call_timeout_ms: 1 } }) }],
    ['the queue', { effective: serviceConfig({ runtime: { queue: { size: 1, timeout_ms: 9 } } }) }],
    ['the circuit', { effective: serviceConfig({ network: { circuit: CIRCUIT } }) }],
    ['the pages', { cors: { origins: ['https://a.example'], methods: ['GET'], headers: [] } }],
    ['the policy', { security: serviceConfig({ security: { allowed_scopes: ['a'] } }).security }],
  ])('is another one when %s changes', (_what, over) => {
    const first = endpointOf(blueprint(), []);
    expect(endpointOf(blueprint(over), [first])).not.toBe(first);
  });

  it('counts calls on with the instances it shares, and from zero with others', () => {
    const first = endpointOf(blueprint(), []);
    expect(endpointOf(blueprint({ tools: [] }), [first]).load).toBe(first.load);
    expect(endpointOf(blueprint({ source: { ...SOURCE } }), [first]).load).not.toBe(first.load);
  });

  it('is unavailable and gives nothing out where there are no instances', async () => {
    const endpoint = endpointOf(blueprint({ source: null }), []);
    expect(endpoint.source).toBe(NO_INSTANCES);
    expect(endpoint.unavailable).toMatchObject({ reason: 'RevisionNotRunning' });
    await expect(endpoint.source.acquire({ purpose: 'call' })).rejects.toMatchObject({
      code: 'retired',
    });
  });

  it('takes one call at a time where the service is exclusive', () => {
    const of = (exclusive: boolean): number | null =>
      endpointOf(blueprint({ effective: serviceConfig({ runtime: { exclusive } }) }), [])
        .maxInFlight;
    expect([of(true), of(false)]).toEqual([1, 64]);
  });

  it('isolates sessions only where a child can belong to one', () => {
    expect(endpointOf(blueprint(), []).isolation).toBe('session');
    expect(endpointOf(blueprint({ hostingMode: 'sse' }), []).isolation).toBe('shared');
  });
});
