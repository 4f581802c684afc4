import { describe, expect, it } from '@jest/globals';
import { delivery } from '../../test/support/alert-fixture.js';
import {
  afterFailure,
  isOpenGroup,
  MAX_AGE_MS,
  MAX_ATTEMPTS,
  MAX_GROUPED,
  revived,
  type AttemptOutcome,
  type Delivery,
} from './delivery.js';
import type { NotifiedAlert } from './notification.js';

const FAILED: AttemptOutcome = {
  delivered: false,
  status: 500,
  error: 'The receiver answered 500.',
  gone: false,
  retry_after_ms: null,
  duration_ms: 3,
};
const MIDDLE = 0.5;

describe('afterFailure', () => {
  it('waits 5 s, then three times as long each time, up to an hour, and gives up after 8 attempts', () => {
    let one: Delivery = delivery({ next_ms: 0 });
    const waits: number[] = [];
    for (let nowMs = 0; one.state === 'pending'; nowMs = one.next_ms) {
      const after = afterFailure(one, FAILED, nowMs, MIDDLE);
      if (after.state === 'pending') waits.push((after.next_ms - nowMs) / 1_000);
      one = after;
    }
    expect(waits).toEqual([5, 15, 45, 135, 405, 1_215, 3_600]);
    expect(one).toMatchObject({ attempts: MAX_ATTEMPTS, last_error: 'The receiver answered 500.' });
  });

  it('spreads retries by ±10 %', () => {
    expect(afterFailure(delivery(), FAILED, 0, 0).next_ms).toBe(4_500);
    expect(afterFailure(delivery(), FAILED, 0, 0.999_999).next_ms).toBe(5_500);
  });

  it('waits as long as the receiver asks, up to an hour', () => {
    const asked = { ...FAILED, retry_after_ms: 60_000 };
    expect(afterFailure(delivery(), asked, 0, MIDDLE).next_ms).toBe(60_000);
    const long = { ...FAILED, retry_after_ms: 86_400_000 };
    expect(afterFailure(delivery(), long, 0, MIDDLE).next_ms).toBe(3_600_000);
  });

  it('gives up when the next attempt would come after 24 hours', () => {
    const late = afterFailure(delivery(), FAILED, MAX_AGE_MS - 5_000, MIDDLE);
    expect(late.state).toBe('dead');
    expect(afterFailure(delivery(), FAILED, MAX_AGE_MS - 5_001, MIDDLE).state).toBe('pending');
  });

  it('gives up at once when the receiver is gone', () => {
    expect(afterFailure(delivery(), { ...FAILED, gone: true }, 0, MIDDLE)).toMatchObject({
      state: 'dead',
      attempts: 1,
    });
  });
});

it('is sent again from the start when it is revived', () => {
  const dead = delivery({ state: 'dead', attempts: 8 });
  expect(revived(dead, 9_000)).toMatchObject({
    state: 'pending',
    attempts: 0,
    next_ms: 9_000,
    tried_from_ms: 9_000,
  });
});

describe('a group', () => {
  it.each<[string, Partial<Delivery>, number, boolean]>([
    ['is open until it is sent', {}, 29_999, true],
    ['is closed when it is due', {}, 30_000, false],
    ['is closed after an attempt', { attempts: 1 }, 0, false],
    ['is closed when it is dead', { state: 'dead' }, 0, false],
    ['is not one that was revived', { tried_from_ms: 5 }, 0, false],
    ['is closed when it is full', { alerts: Array<NotifiedAlert>(MAX_GROUPED) }, 0, false],
  ])('%s', (_what, over, nowMs, expected) => {
    expect(isOpenGroup(delivery(over), nowMs)).toBe(expected);
  });
});
