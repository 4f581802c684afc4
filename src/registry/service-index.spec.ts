import { describe, expect, it } from '@jest/globals';
import { mergeLayers } from '../config/merge.js';
import { newRevision, newService, withCurrent } from './service-changes.js';
import { ServiceIndex } from './service-index.js';
import { normaliseSpec } from './service-spec.js';
import type { RevisionDocument, ServiceDocument } from './service.js';

const AT = '2026-01-01T00:00:00.000Z';

function revisionOf(
  id: string,
  revision: number,
  name: string,
  script: string | null = null,
): RevisionDocument {
  const prepared = {
    spec: normaliseSpec({ name, script_id: script }),
    ...mergeLayers([]),
    command_file: null,
  };
  const facts = { service_id: id, revision, at: AT, actor: 'a', reason: null };
  return newRevision(prepared, { ...facts, outcome: 'current' });
}
const serviceOf = (id: string, name: string, script: string | null = null): ServiceDocument =>
  newService(revisionOf(id, 1, name, script), 'active');

describe('ServiceIndex', () => {
  it('follows a rename: the old name is known, but finds nobody', () => {
    const index = new ServiceIndex();
    const service = serviceOf('1', 'a');
    index.put(service);
    index.put(withCurrent(service, revisionOf('1', 2, 'b'), AT));
    expect(index.idOfName('b')).toBe('1');
    expect(index.idOfName('a')).toBeUndefined();
    expect(index.claimOfName('a')).toEqual({ service_id: '1', held_as: 'former' });
  });

  it('holds the name and script of a candidate until it is given up', () => {
    const index = new ServiceIndex();
    const service = serviceOf('1', 'a', 's');
    index.put({ ...service, candidate: 2 });
    index.putCandidate(revisionOf('1', 2, 'b', 't'));
    expect(index.claimOfName('b')?.held_as).toBe('candidate');
    expect(index.claimOfScript('t')?.held_as).toBe('candidate');
    expect(index.candidateOf('1')?.revision).toBe(2);
    index.put(service);
    expect(index.claimOfName('b')).toBeUndefined();
    expect(index.claimOfScript('t')).toBeUndefined();
    expect(index.claimOfScript('s')?.service_id).toBe('1');
    expect(index.candidateOf('1')).toBeUndefined();
  });

  it('ignores a revision that no service waits for', () => {
    const index = new ServiceIndex();
    index.put(serviceOf('1', 'a'));
    index.putCandidate(revisionOf('1', 2, 'b'));
    index.putCandidate(revisionOf('9', 1, 'c'));
    expect(index.candidateOf('1')).toBeUndefined();
    expect(index.claimOfName('b')).toBeUndefined();
  });

  it('forgets a service that is removed, and nobody else', () => {
    const index = new ServiceIndex();
    index.put(serviceOf('1', 'a', 's'));
    index.put(serviceOf('2', 'b', 't'));
    index.remove('1');
    index.remove('unknown');
    expect(index.claimOfName('a')).toBeUndefined();
    expect(index.claimOfScript('s')).toBeUndefined();
    expect(index.idOfName('b')).toBe('2');
  });

  it('finds archived services by id, and the newest by name', () => {
    const index = new ServiceIndex();
    index.putArchived({ service_id: '1', name: 'a', deleted_at: '2026-01-02' });
    index.putArchived({ service_id: '2', name: 'a', deleted_at: '2026-01-03' });
    index.putArchived({ service_id: '3', name: null, deleted_at: '' });
    expect(index.archivedByName('a')?.service_id).toBe('2');
    index.removeArchived('2');
    expect(index.archivedByName('a')?.service_id).toBe('1');
    expect(index.archivedById('3')).toBeDefined();
    expect(index.allArchived()).toHaveLength(2);
  });
});
