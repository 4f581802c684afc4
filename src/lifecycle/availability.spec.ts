import { describe, expect, it } from '@jest/globals';
import { availabilityOf, type AvailabilityFacts } from './availability.js';

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
const UNMET = { met: false, reason: 'DependencyMissing', message: 'geo is missing' };

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
    [{ fault: { reason: 'PingFailed', message: '' } }, 'PingFailed', 60],
    [{ dependencies: UNMET }, 'DependencyMissing', 2],
  ])('answers 503, seeing %j: %s, again after %i s', (facts, reason, retry_after_s) => {
    const answer = availabilityOf({ ...SERVING, ...facts });
    expect(answer).toMatchObject({ serving: false, reason, retry_after_s });
  });
});
