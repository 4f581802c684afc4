import { describe, expect, it } from '@jest/globals';
import { availabilityOf, type AvailabilityFacts, type Blockage } from './availability.js';

const SERVING: AvailabilityFacts = {
  desired: 'active',
  state: 'active',
  admitted: true,
  mounting: false,
  dependencies: { met: true, reason: 'AllMet', message: '' },
  fault: null,
  failure: null,
  retryInMs: null,
};
const FAILURE = {
  stage: 'start',
  code: 'upstream.exited',
  reason: 'Exited',
  message: 'it exited',
  action: '',
  stderr: [],
  revision: 1,
  at: '',
} as const;
const BLOCKAGE: Blockage = {
  reason: 'LiteralSecret',
  message: 'It is written out.',
  action: 'Mend it.',
};
const UNMET = { met: false, reason: 'DependencyMissing', message: 'geo is missing' };

const OUTAGE = { reason: 'Exited', message: 'It ended.', action: 'Read its log.' };

describe('a service', () => {
  it.each<[Partial<AvailabilityFacts>]>([
    [{}],
    [{ state: 'updating' }],
    [{ state: 'deploying', mounting: true }],
  ])('serves, seeing %j', (facts) => {
    expect(availabilityOf({ ...SERVING, ...facts }).serving).toBe(true);
  });

  it.each<[Partial<AvailabilityFacts>, string, number]>([
    [{ desired: 'absent' }, 'Unknown', 60],
    [{ state: 'draft' }, 'Draft', 60],
    [{ state: 'inactive' }, 'Inactive', 60],
    [{ state: 'deactivating' }, 'Deactivating', 60],
    [{ state: 'deploying' }, 'Starting', 2],
    [{ admitted: false }, 'Starting', 2],
    [{ state: 'error' }, 'Error', 60],
    [{ state: 'error', failure: FAILURE, retryInMs: 1500 }, 'Exited', 2],
    [{ state: 'error', failure: FAILURE, retryInMs: -5 }, 'Exited', 1],
    [{ state: 'error', failure: FAILURE, retryInMs: 299_000 }, 'Exited', 60],
    [{ fault: OUTAGE }, 'Exited', 60],
    [{ dependencies: UNMET }, 'DependencyMissing', 2],
    [{ blockage: BLOCKAGE }, 'LiteralSecret', 60],
    [{ blockage: BLOCKAGE, dependencies: UNMET, admitted: false }, 'LiteralSecret', 60],
    [{ blockage: BLOCKAGE, state: 'error' }, 'Error', 60],
  ])('answers 503, seeing %j: %s, again after %i s', (facts, reason, retry_after_s) => {
    const answer = availabilityOf({ ...SERVING, ...facts });
    expect(answer).toMatchObject({ serving: false, reason, retry_after_s });
  });

  it('says what to do about a fault', () => {
    const answer = availabilityOf({ ...SERVING, fault: OUTAGE });
    expect(answer.action).toBe(OUTAGE.action);
  });

  it('serves, and tells of what has ended while another one is started', () => {
    const answer = availabilityOf({ ...SERVING, outage: OUTAGE });
    expect(answer).toMatchObject({ serving: true, outage: OUTAGE });
    expect(availabilityOf(SERVING).outage).toBeUndefined();
  });

  it('that is blocked says what to do, and that nothing else is wrong with it', () => {
    const blocked = availabilityOf({ ...SERVING, blockage: BLOCKAGE });
    expect(blocked).toMatchObject({ blocked: true, action: 'Mend it.', state: 'active' });
    expect(availabilityOf({ ...SERVING, state: 'error', blockage: BLOCKAGE }).blocked).toBe(
      undefined,
    );
  });
});
