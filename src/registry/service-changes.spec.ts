import { describe, expect, it } from '@jest/globals';
import { mergeLayers } from '../config/merge.js';
import { isSameContent, type PreparedSpec } from './prepared-spec.js';
import {
  archiveOf,
  metaOf,
  newRevision,
  newService,
  putRevision,
  systemContext,
  withCurrent,
  withDesired,
} from './service-changes.js';
import { normaliseSpec } from './service-spec.js';
import type { ServiceDocument } from './service.js';

const AT = '2026-01-01T00:00:00.000Z';
const LATER = '2026-01-02T00:00:00.000Z';
const preparedAs = (name: string): PreparedSpec => ({
  spec: normaliseSpec({ name }),
  ...mergeLayers([]),
  command_file: null,
});
const revisionAs = (name: string, revision: number): ReturnType<typeof newRevision> =>
  newRevision(preparedAs(name), {
    service_id: '1',
    revision,
    at: AT,
    actor: 'a',
    reason: null,
    outcome: 'candidate',
  });
const service: ServiceDocument = newService(revisionAs('a', 1), 'active');

describe('withCurrent', () => {
  it('takes the revision over, ends the candidate and counts the change', () => {
    const next = withCurrent({ ...service, candidate: 2 }, revisionAs('a', 2), LATER);
    expect(next).toMatchObject({ revision: 2, candidate: null, generation: 2, updated_at: LATER });
    expect(next.former_names).toEqual([]);
    expect(next.created_at).toBe(AT);
  });

  it('remembers each name that was given up once, and not the present one', () => {
    const b = withCurrent(service, revisionAs('b', 2), AT);
    const c = withCurrent(b, revisionAs('c', 3), AT);
    expect(c.former_names).toEqual(['a', 'b']);
    expect(withCurrent(c, revisionAs('a', 4), AT).former_names).toEqual(['b', 'c']);
  });
});

describe('withDesired', () => {
  it('counts the change and ends the candidate', () => {
    const next = withDesired({ ...service, candidate: 3 }, 'inactive', LATER);
    expect(next).toMatchObject({
      desired: 'inactive',
      candidate: null,
      generation: 2,
      updated_at: LATER,
    });
  });
});

describe('archiveOf', () => {
  it('says who deleted it', () => {
    const ctx = { ...systemContext('reconciler', 'old'), actor: 'bob' };
    expect(archiveOf(service, ctx, LATER)).toMatchObject({
      actor: 'bob',
      reason: 'old',
      deleted_at: LATER,
      service: { desired: 'archived', candidate: null },
    });
  });
});

describe('changes and their audit entries', () => {
  it('expect a version only when told to', () => {
    expect(putRevision(revisionAs('a', 2))).not.toHaveProperty('expect');
    expect(putRevision(revisionAs('a', 2), null)).toMatchObject({ id: '1/2', expect: null });
  });

  it('leave out what is not known', () => {
    expect(metaOf(systemContext('boot', null), 'service.x', '1')).toEqual({
      actor: 'system',
      source: 'boot',
      verb: 'service.x',
      subject: '1',
    });
  });
});

describe('isSameContent', () => {
  it('compares spec, effective configuration and file', () => {
    const a = preparedAs('a');
    expect(isSameContent(a, preparedAs('a'))).toBe(true);
    expect(isSameContent(a, preparedAs('b'))).toBe(false);
    expect(isSameContent(a, { ...a, command_file: '/bin/x' })).toBe(false);
    const fragment = { runtime: { warm: 3 } };
    const { effective } = mergeLayers([{ name: 'service', fragment }]);
    expect(isSameContent(a, { ...a, effective })).toBe(false);
  });
});
