import { describe, expect, it } from '@jest/globals';
import type { ChainedCommit } from '../storage/record-store.js';
import { entryOfAttempt, entryOfCommit, fits, type AuditFilter } from './audit-entry.js';

const COMMIT: ChainedCommit = {
  revision: 12,
  at: '2026-01-01T12:00:00.000Z',
  meta: {
    actor: 'alice',
    source: 'api',
    verb: 'service.update',
    subject: 'id-1',
    request_id: 'r1',
    diff: [{ op: 'replace', path: '/title', from: 'a', value: 'b' }],
  },
  changes: [{ kind: 'service', id: 'id-1', op: 'put', doc: { large: true } }],
  prev_hash: 'p',
  hash: 'h',
  line: '{}',
};
const SEVERAL = entryOfAttempt({
  at: '2026-01-01T12:00:00.000Z',
  until: '2026-01-01T12:00:30.000Z',
  outcome: 'failed',
  actor: 'alice',
  source: 'api',
  verb: 'service.delete',
  route: 'DELETE /api/v1/services/{id}',
  subject: 'id-1',
  status: 503,
  code: 'storage.write-failed',
  request_id: 'r2',
  count: 2,
  commits: [{ revision: 13, verb: 'service.deactivate', subject: 'id-2' }],
});

describe('an entry of the audit trail', () => {
  it('shows of a commit who did what, and what changed, not the documents', () => {
    const entry = entryOfCommit(COMMIT);
    expect(entry).toMatchObject({
      chain: 'journal',
      number: 12,
      outcome: 'done',
      actor: 'alice',
      verb: 'service.update',
      subject: 'id-1',
      request_id: 'r1',
      diff: COMMIT.meta.diff,
      changes: [{ kind: 'service', id: 'id-1', op: 'put' }],
      hash: 'h',
    });
    expect(JSON.stringify(entry)).not.toContain('large');
  });

  it('shows a counter that is not written yet without a number', () => {
    expect(SEVERAL).toMatchObject({ chain: 'attempts', number: null, hash: null, count: 2 });
  });

  it.each<[AuditFilter, boolean, boolean]>([
    [{}, true, true],
    [{ actor: 'alice', source: 'api' }, true, true],
    [{ actor: 'ali' }, false, false],
    [{ actor: '!alice' }, false, false],
    [{ actor: '!bob' }, true, true],
    [{ verb: 'service.' }, true, true],
    [{ verb: 'service.deact' }, false, true],
    [{ subjects: new Set(['id-2']) }, false, true],
    [{ subjects: new Set(['id-2']), verb: 'service.deactivate' }, false, true],
    [{ subjects: new Set(['id-1']), verb: 'service.deactivate' }, false, false],
    [{ outcome: 'done' }, true, false],
    [{ request_id: 'r1' }, true, false],
    [{ sinceMs: Date.UTC(2026, 0, 1, 12, 0, 20) }, false, true],
    [{ untilMs: Date.UTC(2026, 0, 1, 12) }, true, true],
    [{ untilMs: Date.UTC(2026, 0, 1, 11) }, false, false],
  ])('fits %j: commit %s, attempt %s', (filter, commit, attempt) => {
    expect([fits(entryOfCommit(COMMIT), filter), fits(SEVERAL, filter)]).toEqual([commit, attempt]);
  });
});
