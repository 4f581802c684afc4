import { describe, expect, it } from '@jest/globals';
import type { ServiceDependency } from '../config/service-config.js';
import {
  DependencyGraph,
  unmetDependencies,
  type DependencyNode,
  type ObservedService,
} from './dependency-graph.js';

const on = (service: string, more: Partial<ServiceDependency> = {}): ServiceDependency => ({
  service,
  version: null,
  tools: [],
  required: true,
  ...more,
});
const node = (name: string, ...services: string[]): DependencyNode => ({
  service_id: `id-${name}`,
  name,
  dependencies: services.map((service) => on(service)),
});

describe('DependencyGraph', () => {
  it('resolves names and ids, and leaves what is missing open', () => {
    const graph = new DependencyGraph([node('a', 'b', 'id-c', 'none'), node('b'), node('c')]);
    expect(graph.dependenciesOf('id-a').map(({ to }) => to)).toEqual(['id-b', 'id-c', null]);
    expect(graph.dependentsOf('id-c').map(({ from }) => from)).toEqual(['id-a']);
    expect(graph.dependentsOf('id-a')).toEqual([]);
    expect(graph.dependenciesOf('unknown')).toEqual([]);
    expect(graph.node('id-b')?.name).toBe('b');
  });

  it.each<[string, DependencyNode[], string[] | null]>([
    ['none', [node('a', 'b'), node('b')], null],
    ['a diamond', [node('a', 'b', 'c'), node('b', 'd'), node('c', 'd'), node('d')], null],
    ['itself', [node('a', 'a')], ['a', 'a']],
    ['two', [node('a', 'b'), node('b', 'a')], ['a', 'b', 'a']],
    ['three', [node('a', 'b'), node('b', 'c'), node('c', 'a')], ['a', 'b', 'c', 'a']],
    ['the shortest of two', [node('a', 'b', 'c'), node('b', 'c'), node('c', 'a')], ['a', 'c', 'a']],
    [
      'a circle it leads to but is not part of',
      [node('a', 'b'), node('b', 'c'), node('c', 'b')],
      null,
    ],
  ])('finds the cycle: %s', (_what, nodes, cycle) => {
    expect(new DependencyGraph(nodes).cycleThrough('id-a')).toEqual(cycle);
  });

  it('searches a long chain without a deep recursion', () => {
    const chain = Array.from({ length: 20_000 }, (_, n) => node(`s${n}`, `s${n + 1}`));
    expect(new DependencyGraph(chain).cycleThrough('id-s0')).toBeNull();
  });
});

describe('unmetDependencies', () => {
  const weather: ObservedService = {
    service_id: 'id-weather',
    name: 'weather',
    version: '1.4.0',
    serving: true,
    tools: ['forecast'],
  };

  it.each<[string, ServiceDependency, Partial<ObservedService>, string | null]>([
    ['met by name', on('weather'), {}, null],
    ['met by id', on('id-weather', { version: '^1.2.0', tools: ['forecast'] }), {}, null],
    ['missing', on('other'), {}, 'missing'],
    ['not serving', on('weather'), { serving: false, tools: [] }, 'inactive'],
    [
      'not serving, and of another version',
      on('weather', { version: '^2' }),
      { serving: false },
      'inactive',
    ],
    ['of another version', on('weather', { version: '^2.0.0' }), {}, 'version-mismatch'],
    [
      'a pre-release',
      on('weather', { version: '^1.0.0' }),
      { version: '1.5.0-rc.1' },
      'version-mismatch',
    ],
    ['without the tool', on('weather', { tools: ['forecast', 'alerts'] }), {}, 'tool-missing'],
  ])('%s', (_what, dependency, facts, reason) => {
    const unmet = unmetDependencies([dependency], [{ ...weather, ...facts }]);
    expect(unmet.map((one) => one.reason)).toEqual(reason === null ? [] : [reason]);
  });

  it('names what is missing', () => {
    const [unmet] = unmetDependencies([on('weather', { tools: ['alerts'] })], [weather]);
    expect(unmet).toMatchObject({
      service_id: 'id-weather',
      message: '"weather" does not offer "alerts".',
    });
  });
});
