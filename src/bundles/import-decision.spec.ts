import { describe, expect, it } from '@jest/globals';
import type { ServiceDocument } from '../registry/service.js';
import { decide, formerNames, freeName, isSameService, wantedState } from './import-decision.js';

const documentOf = (desired: ServiceDocument['desired'], former: string[] = []): ServiceDocument =>
  ({ spec: { name: 'a' }, desired, former_names: former }) as unknown as ServiceDocument;

describe('decide', () => {
  it.each([
    ['nothing is here', null, false, 'fail', 'create'],
    ['it was deleted', null, true, 'fail', 'create'],
    ['the same is here', { isSame: true, desired: 'active' }, false, 'fail', 'no-op'],
    ['it is being deleted', { isSame: true, desired: 'archived' }, false, 'overwrite', 'conflict'],
    ['another is here', { isSame: false, desired: 'active' }, false, 'fail', 'conflict'],
    ['another is here', { isSame: false, desired: 'active' }, false, 'skip', 'skip'],
    ['another is here', { isSame: false, desired: 'active' }, false, 'overwrite', 'update'],
    ['another is here', { isSame: false, desired: 'active' }, false, 'rename', 'rename'],
  ] as const)('when %s (%j, archived: %p, %s): %s', (_what, here, archived, policy, action) => {
    const counterpart =
      here === null
        ? null
        : { service: documentOf(here.desired), by: 'name' as const, isSame: here.isSame };
    expect(decide(counterpart, archived, policy).action).toBe(action);
  });
});

describe('what is desired', () => {
  it.each([
    [undefined, null, 'active'],
    [undefined, 'inactive', 'inactive'],
    ['draft', null, 'draft'],
    ['draft', 'active', 'inactive'],
    ['draft', 'inactive', 'inactive'],
    ['inactive', 'draft', 'draft'],
    ['active', 'draft', 'active'],
    ['active', 'archived', 'active'],
  ] as const)('by the bundle %p, here %p: %s', (given, stored, wanted) => {
    const current = stored === null ? null : documentOf(stored);
    expect(wantedState(given === undefined ? {} : { desired: given }, current)).toBe(wanted);
  });
});

describe('names', () => {
  it('that a service gives up lead to it still', () => {
    const current = documentOf('active', ['old']);
    expect(formerNames({ spec: {} }, current, 'b')).toEqual(['old', 'a']);
    expect(formerNames({ spec: {}, former_names: [] }, current, 'b')).toEqual(['a']);
    expect(formerNames({ spec: {}, former_names: ['x'] }, current, 'a')).toEqual(['x']);
  });

  it('are compared as sets', () => {
    const current = documentOf('active', ['x', 'y']);
    const wanted = { spec: {}, former_names: ['y', 'x'] };
    expect(isSameService(current, wanted, current.spec)).toBe(true);
    expect(isSameService(current, { spec: {}, former_names: [] }, current.spec)).toBe(false);
  });

  it('are numbered from two within 63 characters', () => {
    const taken = new Set(['a-2', 'a-3']);
    expect(freeName('a', (name) => taken.has(name))).toBe('a-4');
    expect(freeName('x'.repeat(63), () => false)).toBe(`${'x'.repeat(61)}-2`);
  });
});
