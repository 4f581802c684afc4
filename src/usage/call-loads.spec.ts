import { describe, expect, it } from '@jest/globals';
import { EndpointLoad } from '../gateway/endpoint-load.js';
import type { Endpoint } from '../gateway/endpoint.js';
import { callLoadOf, callLoads } from './call-loads.js';

const NOW_MS = 1_000;

function load(over: Partial<EndpointLoad>): EndpointLoad {
  return Object.assign(new EndpointLoad(), over);
}

function endpoint(serviceName: string, of: EndpointLoad, over: Partial<Endpoint> = {}): Endpoint {
  return { serviceName, serviceId: `id-${serviceName}`, load: of, ...over } as Endpoint;
}

describe('the loads of services', () => {
  it('count a load once, however many routes lead to it, and add up those of several revisions', () => {
    const shared = load({ inFlight: 2, waiting: 1 });
    const older = load({ inFlight: 3 });
    const endpoints = [
      endpoint('a', shared),
      endpoint('a', shared),
      endpoint('a', older),
      endpoint('b', load({})),
      endpoint('all', load({ inFlight: 9 }), { aggregate: true }),
    ];
    expect([...callLoads(endpoints, NOW_MS)]).toEqual([
      ['a', { in_flight: 5, queued: 1, circuit: 'closed' }],
      ['b', { in_flight: 0, queued: 0, circuit: 'closed' }],
    ]);
    expect(callLoadOf(endpoints, 'id-a', NOW_MS).in_flight).toBe(5);
    expect(callLoadOf(endpoints, 'id-none', NOW_MS)).toEqual({
      in_flight: 0,
      queued: 0,
      circuit: 'closed',
    });
  });

  it.each([
    ['closed', [{}]],
    ['open', [{ openUntilMs: NOW_MS + 1 }]],
    ['half-open', [{ openUntilMs: NOW_MS }]],
    ['half-open', [{ openUntilMs: NOW_MS + 1, trial: true }]],
    ['open', [{}, { openUntilMs: NOW_MS + 1 }]],
    ['half-open', [{ openUntilMs: NOW_MS }, {}]],
  ] as const)('say that the circuit is %s', (expected, loads) => {
    const endpoints = loads.map((over) => endpoint('a', load(over)));
    expect(callLoadOf(endpoints, 'id-a', NOW_MS).circuit).toBe(expected);
  });
});
