import { describe, expect, it } from '@jest/globals';
import type { Attempt } from './attempt-record.js';
import { AttemptTally } from './attempt-tally.js';

const NOON = Date.UTC(2026, 0, 1, 12);
const attempt = (change: Partial<Attempt> = {}): Attempt => ({
  at: '2026-01-01T12:00:00.000Z',
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
  ...change,
});
const DENIED = { outcome: 'denied', status: 403, code: 'auth.scope-missing' } as const;

describe('AttemptTally', () => {
  it('gives a failure its own record, and counts those beyond the bound of a minute', () => {
    const tally = new AttemptTally({ eachPerMinute: 2, maxCounters: 10 });
    const told = [1, 2, 3, 4].flatMap((n) =>
      tally.add(attempt({ request_id: `r${n}`, at: `t${n}` }), NOON),
    );
    expect(told.map(({ request_id }) => request_id)).toEqual(['r1', 'r2']);
    expect(tally.open()).toMatchObject([{ request_id: 'r3', count: 2, at: 't3', until: 't4' }]);
    expect(tally.add(attempt({ request_id: 'r5' }), NOON + 60_000)).toMatchObject([
      { request_id: 'r3', count: 2 },
      { request_id: 'r5', count: 1 },
    ]);
  });

  it('counts denials by actor, route, code and minute', () => {
    const tally = new AttemptTally();
    for (const change of [
      {},
      { subject: 'other' },
      { actor: 'bob' },
      { code: 'auth.x' },
      { route: 'GET /' },
    ]) {
      expect(tally.add(attempt({ ...DENIED, ...change }), NOON)).toEqual([]);
    }
    expect(tally.turn(NOON + 59_999)).toEqual([]);
    const records = tally.turn(NOON + 60_000);
    expect(records.map(({ count }) => count)).toEqual([2, 1, 1, 1]);
    expect([records[0]?.request_id, tally.size]).toEqual(['r1', 0]);
  });

  it('counts whatever comes from nobody that is known', () => {
    const tally = new AttemptTally();
    expect(tally.add(attempt({ actor: 'anonymous' }), NOON)).toEqual([]);
    expect(tally.close()).toMatchObject([{ actor: 'anonymous', count: 1 }]);
  });

  it('remembers a bounded number of counters, and loses no count', () => {
    const tally = new AttemptTally({ eachPerMinute: 0, maxCounters: 3 });
    for (let n = 0; n < 1_000; n += 1) tally.add(attempt({ ...DENIED, actor: `a${n}` }), NOON);
    const records = tally.close();
    expect(records).toHaveLength(4);
    expect(records.at(-1)).toMatchObject({ verb: 'audit.overflow', actor: '*', count: 997 });
  });

  it('knows how long its minute lasts', () => {
    expect(AttemptTally.untilTurn(NOON + 10_000)).toBe(50_000);
  });
});
