import { describe, expect, it } from '@jest/globals';
import { serviceDocument, serviceSpec } from '../../test/support/service-fixture.js';
import type { ServiceDocument } from '../registry/service.js';
import { fitsQuery, servicePage, type ObservedFacts, type ServiceQuery } from './service-filter.js';

const FACTS: ObservedFacts = { stateOf: () => 'updating', healthOf: () => 'degraded' };

const WEATHER = serviceDocument('weather', {
  created_at: '2026-01-02T00:00:00.000Z',
  spec: serviceSpec({
    name: 'weather',
    type: 'function',
    tags: ['geo', 'demo'],
    owner: 'team-a',
    script_id: 's-1',
  }),
});

function names(
  documents: ServiceDocument[],
  query: ServiceQuery,
  scores?: Record<string, number>,
): string[] {
  const page = servicePage(
    documents,
    query,
    scores === undefined ? null : new Map(Object.entries(scores)),
  );
  return page?.items.map(({ spec }) => spec.name) ?? ['refused'];
}

describe('fitsQuery', () => {
  it.each<[ServiceQuery, boolean]>([
    [{}, true],
    [{ type: 'function' }, true],
    [{ type: 'executable' }, false],
    [{ tag: 'geo' }, true],
    [{ tag: 'ge' }, false],
    [{ owner: 'team-a', script_id: 's-1' }, true],
    [{ owner: 'team-b' }, false],
    [{ hosting_mode: 'sse' }, false],
    [{ state: 'updating' }, true],
    [{ state: 'active' }, false],
    [{ status: 'active' }, true],
    [{ status: 'error' }, false],
    [{ health: 'degraded' }, true],
    [{ health: 'healthy' }, false],
    [{ type: 'function', health: 'healthy' }, false],
  ])('%j is %s', (query, answer) => {
    expect(fitsQuery(WEATHER, query, FACTS)).toBe(answer);
  });
});

describe('servicePage', () => {
  const documents = [
    WEATHER,
    serviceDocument('alpha', { created_at: '2026-01-03T00:00:00.000Z' }),
    serviceDocument('omega', { created_at: '2026-01-01T00:00:00.000Z' }),
  ];

  it.each([
    [undefined, ['alpha', 'omega', 'weather']],
    ['-name', ['weather', 'omega', 'alpha']],
    ['created_at', ['omega', 'weather', 'alpha']],
    ['-created_at', ['alpha', 'weather', 'omega']],
  ])('sorts by %s', (sort, wanted) => {
    expect(names(documents, { sort })).toEqual(wanted);
  });

  it('puts the best match first, unless another order is asked for', () => {
    const scores = { weather: 2, alpha: 30, omega: 4.5 };
    expect(names(documents, { q: 'x' }, scores)).toEqual(['alpha', 'omega', 'weather']);
    expect(names(documents, { q: 'x', sort: '-name' }, scores)).toEqual([
      'weather',
      'omega',
      'alpha',
    ]);
  });

  it('refuses the cursor of another order', () => {
    const first = servicePage(documents, { limit: 1 }, null);
    const cursor = first?.next_cursor ?? '';
    expect(names(documents, { limit: 1, cursor })).toEqual(['omega']);
    expect(names(documents, { limit: 1, cursor, sort: '-name' })).toEqual(['refused']);
  });
});
