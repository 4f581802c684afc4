import { describe, expect, it } from '@jest/globals';
import type { Principal } from '../auth/principal.js';
import type { CommitRecord, RecordChange } from '../storage/record-store.js';
import { changeView } from './change-view.js';

const ALL: Principal = { id: 'a', kind: 'local', scopes: new Set(), services: null };
const SOME: Principal = { ...ALL, services: ['weather*'] };

function commit(...changes: RecordChange[]): CommitRecord {
  return {
    revision: 7,
    at: '2026-01-01T00:00:00.000Z',
    meta: { actor: 'a', source: 'api', verb: 'service.create' },
    changes,
  };
}

const nameOf = (id: string): string | null => ({ '1': 'weather', '2': 'files' })[id] ?? null;

function seen(principal: Principal, ...changes: RecordChange[]): string[] | null {
  return changeView(commit(...changes), principal, nameOf)?.changes.map(({ id }) => id) ?? null;
}

describe('changeView', () => {
  it('shows everything to whoever may see every service, but no kept answers', () => {
    const view = changeView(
      commit(
        { kind: 'service', id: '1', op: 'put', doc: { a: 1 } },
        { kind: 'idempotency', id: 'k', op: 'put' },
      ),
      ALL,
      nameOf,
    );
    expect(view).toMatchObject({
      revision: 7,
      subject: null,
      changes: [{ kind: 'service', id: '1', op: 'put', doc: { a: 1 } }],
    });
  });

  it.each<[string, RecordChange[], string[] | null]>([
    ['its own service', [{ kind: 'service', id: '1', op: 'delete' }], ['1']],
    ['a revision of its own', [{ kind: 'revision', id: '1/3', op: 'put', doc: {} }], ['1/3']],
    [
      'a route of its own',
      [{ kind: 'route', id: 'r', op: 'put', doc: { service_id: '1' } }],
      ['r'],
    ],
    ['templates', [{ kind: 'template', id: 't', op: 'delete' }], ['t']],
    ['no other service', [{ kind: 'service', id: '2', op: 'delete' }], null],
    ['no unknown service', [{ kind: 'archive', id: '3', op: 'delete' }], null],
    [
      'its part of a commit',
      [
        { kind: 'service', id: '2', op: 'delete' },
        { kind: 'service_status', id: '1', op: 'delete' },
      ],
      ['1'],
    ],
  ])('shows a key with patterns %s', (_what, changes, ids) => {
    expect(seen(SOME, ...changes)).toEqual(ids);
  });

  it('is nothing when only hidden records changed', () => {
    expect(seen(ALL, { kind: 'idempotency', id: 'k', op: 'put' })).toBeNull();
  });
});
