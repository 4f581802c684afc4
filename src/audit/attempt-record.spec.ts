import { describe, expect, it } from '@jest/globals';
import { decodeAttempt, encodeAttempt, type Attempt } from './attempt-record.js';

const ATTEMPT: Attempt = {
  at: '2026-01-01T00:00:00.000Z',
  outcome: 'failed',
  actor: 'alice',
  source: 'api',
  verb: 'service.create',
  route: 'POST /api/v1/services',
  subject: null,
  status: 422,
  code: 'registry.invalid',
  request_id: 'r1',
  count: 1,
  commits: [{ revision: 3, verb: 'service.create', subject: 's' }],
};
const JOURNAL = { number: 9, hash: 'b'.repeat(64) };

describe('the record of an attempt', () => {
  it('reads as it was written, with its place in the chain', () => {
    const { line, hash } = encodeAttempt(ATTEMPT, 4, JOURNAL, 'c'.repeat(64));
    expect(decodeAttempt(Buffer.from(line.trimEnd()))).toMatchObject({
      ...ATTEMPT,
      seq: 4,
      journal: JOURNAL,
      prev_hash: 'c'.repeat(64),
      hash,
    });
  });

  it.each([
    { ...ATTEMPT, outcome: 'gone' },
    { ...ATTEMPT, count: -1 },
    { ...ATTEMPT, actor: 7 },
    { ...ATTEMPT, commits: [{}] },
  ])('refuses what is sealed but is no attempt: %#', (attempt) => {
    const { line } = encodeAttempt(attempt as Attempt, 4, JOURNAL, 'c');
    expect(decodeAttempt(Buffer.from(line.trimEnd()))).toBe(
      'The line is not a record of an attempt.',
    );
  });
});
