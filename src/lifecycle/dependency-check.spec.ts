import { describe, expect, it } from '@jest/globals';
import type { ServiceDependency } from '../config/service-config.js';
import { checkDependencies, type DependencyTarget } from './dependency-check.js';

const GEO: DependencyTarget = {
  name: 'geo',
  version: '1.4.0',
  state: 'active',
  toolNames: ['locate'],
};
const NEEDS: ServiceDependency = { service: 'geo', version: null, tools: [], required: true };

describe('the dependencies of a service', () => {
  it.each<[string, Partial<ServiceDependency>, DependencyTarget | undefined, boolean]>([
    ['AllMet', {}, GEO, true],
    ['AllMet', {}, { ...GEO, state: 'updating' }, true],
    ['AllMet', { version: '^1.2.0', tools: ['locate'] }, GEO, true],
    ['DependencyMissing', {}, undefined, false],
    ['DependencyVersion', { version: '>=2' }, GEO, false],
    ['DependencyNotActive', {}, { ...GEO, state: 'error' }, false],
    ['DependencyTool', { tools: ['locate', 'route'] }, GEO, false],
    ['OptionalUnmet', { required: false }, undefined, true],
  ])('are judged %s', (reason, change, target, met) => {
    expect(checkDependencies([{ ...NEEDS, ...change }], () => target)).toMatchObject({
      reason,
      met,
    });
  });

  it('are judged by the first required one that is unmet, then by optional ones', () => {
    const optional = { ...NEEDS, service: 'nice', required: false };
    const target = (name: string) =>
      name === 'geo' ? { ...GEO, state: 'draft' as const } : undefined;
    expect(checkDependencies([optional, NEEDS], target)).toMatchObject({
      met: false,
      reason: 'DependencyNotActive',
    });
    expect(checkDependencies([], target).met).toBe(true);
  });

  it('names the tools that are missing', () => {
    const verdict = checkDependencies([{ ...NEEDS, tools: ['a', 'b'] }], () => GEO);
    expect(verdict.message).toContain('"a", "b"');
  });
});
