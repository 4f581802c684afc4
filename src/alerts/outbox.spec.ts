import { describe, expect, it } from '@jest/globals';
import { delivery, firingAlert, receiver } from '../../test/support/alert-fixture.js';
import type { Notice } from './alert-board.js';
import type { AttemptOutcome } from './delivery.js';
import { MAX_DEAD, MAX_PENDING, MAX_SENDING, Outbox, severityOf } from './outbox.js';

const OK: AttemptOutcome = {
  delivered: true,
  status: 204,
  error: null,
  gone: false,
  retry_after_ms: null,
  duration_ms: 1,
};
const FAILED: AttemptOutcome = { ...OK, delivered: false, status: 500, error: 'no' };
const GONE: AttemptOutcome = { ...FAILED, status: 410, gone: true };

function outbox(): Outbox {
  let last = 0;
  return new Outbox(() => {
    last += 1;
    return `d${String(last)}`;
  }, 'http://gw');
}

function notice(kind: Notice['kind'], alert_id: string, over = {}): Notice {
  return { kind, alert: firingAlert({ alert_id, ...over }) };
}

const to = (name: string) => receiver({ receiver_id: `gateway:${name}`, name });

describe('grouping', () => {
  it('tells a receiver in one notification what fires within 30 s', () => {
    const made = outbox();
    made.add(notice('firing', 'a1'), to('x'), 0);
    made.add(notice('firing', 'a2'), to('x'), 29_999);
    made.add(notice('firing', 'a3'), to('x'), 30_000);
    expect(made.listed().map(({ alerts }) => alerts.map(({ alert_id }) => alert_id))).toEqual([
      ['a1', 'a2'],
      ['a3'],
    ]);
    expect(made.take(29_999)).toEqual([]);
    expect(made.take(30_000).map(({ delivery_id }) => delivery_id)).toEqual(['d1']);
  });

  it('keeps receivers and types apart', () => {
    const made = outbox();
    made.add(notice('firing', 'a1'), to('x'), 0);
    made.add(notice('resolved', 'a1'), to('x'), 0);
    made.add(notice('firing', 'a1'), to('y'), 0);
    expect(made.listed().map(({ receiver: name, type }) => `${name} ${type}`)).toEqual([
      'x alert.firing',
      'x alert.resolved',
      'y alert.firing',
    ]);
  });

  it('tells an alert of a group as it was last', () => {
    const made = outbox();
    made.add(notice('firing', 'a1', { severity: 'warning' }), to('x'), 0);
    made.add(notice('firing', 'a1', { severity: 'critical' }), to('x'), 1_000);
    expect(made.listed()[0]?.alerts.map(({ severity }) => severity)).toEqual(['critical']);
  });

  it('begins another one after 100 alerts', () => {
    const made = outbox();
    for (let at = 0; at < 101; at += 1) made.add(notice('firing', `a${String(at)}`), to('x'), 0);
    expect(made.listed().map(({ alerts }) => alerts.length)).toEqual([100, 1]);
  });
});

describe('sending', () => {
  it('takes one at a time of a receiver, in order, and the next when that is done', () => {
    const made = outbox();
    made.add(notice('firing', 'a1'), to('x'), 0);
    made.add(notice('resolved', 'a1'), to('x'), 0);
    const [first] = made.take(30_000);
    expect(made.take(30_000)).toEqual([]);
    if (first === undefined) throw new Error('nothing was taken');
    expect(made.done(first, OK, 30_000, 0.5)).toBeNull();
    expect(made.take(30_000).map(({ type }) => type)).toEqual(['alert.resolved']);
  });

  it('lets nothing overtake what is tried again', () => {
    const made = outbox();
    made.add(notice('firing', 'a1'), to('x'), 0);
    made.add(notice('resolved', 'a1'), to('x'), 0);
    const [first] = made.take(30_000);
    if (first === undefined) throw new Error('nothing was taken');
    made.done(first, FAILED, 30_000, 0.5);
    expect(made.take(34_999)).toEqual([]);
    expect(made.take(35_000).map(({ type, attempts }) => [type, attempts])).toEqual([
      ['alert.firing', 1],
    ]);
  });

  it('goes on with the next when one is given up', () => {
    const made = outbox();
    made.add(notice('firing', 'a1'), to('x'), 0);
    made.add(notice('resolved', 'a1'), to('x'), 0);
    const [first] = made.take(30_000);
    if (first === undefined) throw new Error('nothing was taken');
    expect(made.done(first, GONE, 30_000, 0.5)?.state).toBe('dead');
    expect(made.take(30_000).map(({ type }) => type)).toEqual(['alert.resolved']);
  });

  it('has at most 4 under way', () => {
    const made = outbox();
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f'])
      made.add(notice('firing', 'a1'), to(name), 0);
    const taken = made.take(30_000);
    expect(taken).toHaveLength(MAX_SENDING);
    expect(made.take(30_000)).toEqual([]);
    for (const one of taken) made.done(one, OK, 30_000, 0.5);
    expect(made.take(30_000)).toHaveLength(2);
  });

  it('ignores what comes of one that was removed meanwhile', () => {
    const made = outbox();
    made.add(notice('firing', 'a1'), to('x'), 0);
    const [first] = made.take(30_000);
    if (first === undefined) throw new Error('nothing was taken');
    expect(made.remove(first.delivery_id)).toBe(true);
    expect(made.done(first, FAILED, 30_000, 0.5)).toBeNull();
    expect(made.listed()).toEqual([]);
  });
});

describe('dead letters', () => {
  it('are sent again by hand, and nothing else is', () => {
    const made = outbox();
    made.load([
      delivery({ state: 'dead', attempts: 8 }),
      delivery({ delivery_id: 'd2', order: 2 }),
    ]);
    expect(made.revive('d2', 5)).toBeNull();
    expect(made.revive('d3', 5)).toBeNull();
    expect(made.revive('d1', 5)).toMatchObject({ state: 'pending', attempts: 0 });
    expect(made.take(5).map(({ delivery_id }) => delivery_id)).toEqual(['d1']);
  });

  it('are dropped beyond 1,000, the oldest first, and counted', () => {
    const made = outbox();
    const dead = Array.from({ length: MAX_DEAD + 2 }, (_, at) =>
      delivery({ delivery_id: `dead-${String(at)}`, order: at, state: 'dead' }),
    );
    made.load(dead.reverse());
    made.add(notice('firing', 'a1'), to('x'), 0);
    expect(made.dropped).toBe(2);
    expect(made.find('dead-1')).toBeUndefined();
    expect(made.find('dead-2')?.state).toBe('dead');
    expect(made.takeChanged()).toEqual(new Set(['d1', 'dead-0', 'dead-1']));
  });

  it('are what becomes of the oldest when more than 1,000 wait', () => {
    const made = outbox();
    made.load(
      Array.from({ length: MAX_PENDING }, (_, at) =>
        delivery({ delivery_id: `p-${String(at)}`, order: at, attempts: 1 }),
      ),
    );
    made.add(notice('firing', 'a1'), to('x'), 0);
    expect(made.find('p-0')).toMatchObject({
      state: 'dead',
      last_error: 'Too many notifications were waiting.',
    });
    expect(made.find('p-1')?.state).toBe('pending');
  });
});

it('forgets what was meant for receivers that are gone', () => {
  const made = outbox();
  made.load([
    delivery({ receiver_id: 'service:s1:0a' }),
    delivery({ delivery_id: 'd2', order: 2, receiver_id: 'gateway:x' }),
  ]);
  made.removeOfReceivers((id) => id.startsWith('service:s1:'));
  expect(made.listed().map(({ delivery_id }) => delivery_id)).toEqual(['d2']);
  expect([...made.takeChanged()]).toEqual(['d1']);
});

it('goes on with the order of what was stored', () => {
  const made = outbox();
  made.load([delivery({ delivery_id: 'old', order: 41 })]);
  made.add(notice('resolved', 'a1'), to('x'), 0);
  expect(made.listed().map(({ order }) => order)).toEqual([41, 42]);
});

it('tells of the end whoever was told of the worst', () => {
  const milder = { severity: 'warning', told: 'critical' } as const;
  expect(severityOf(notice('resolved', 'a1', milder))).toBe('critical');
  expect(severityOf(notice('repeated', 'a1', milder))).toBe('warning');
});
