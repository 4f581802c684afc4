import { describe, expect, it } from '@jest/globals';
import { reconcile, type Action, type Observation } from './reconcile.js';

const MET = { met: true, reason: 'AllMet', message: '' };
const UNMET = { met: false, reason: 'DependencyMissing', message: 'geo is missing' };

const RESTING: Observation = {
  desired: 'active',
  revision: 1,
  candidate: null,
  state: 'active',
  attempt: null,
  dependencies: MET,
  candidateDependencies: MET,
  running: false,
  draining: false,
  fault: null,
  tableCaughtUp: false,
  proofWanted: false,
  restartWanted: false,
  retryWanted: false,
  healing: 'command',
  retryAtMs: 0,
  nowMs: 1000,
};

type Attempt = NonNullable<Observation['attempt']>;
const ATTEMPT: Attempt = {
  revision: 1,
  kind: 'activate',
  phase: 'starting',
  deadlineMs: 2000,
  revocable: true,
};

/** The action in a few words. */
function said(action: Action | null): string {
  if (action === null) return 'nothing';
  const { do: verb, ...rest } = action;
  return [verb, ...Object.values<string | number>(rest)].join(' ');
}

type Row = readonly [Partial<Observation>, string];

describe('what is done next for a service that is to be active', () => {
  it.each<Row>([
    [{ state: 'draft' }, 'become validating Activating'],
    [{ state: 'inactive' }, 'become validating Activating'],
    [{ state: 'validating' }, 'validate'],
    [{ state: 'deploying' }, 'start-attempt 1 activate'],
    [{ state: 'deploying', candidate: 2 }, 'start-attempt 2 activate'],
    [{ state: 'deploying', candidateDependencies: UNMET }, 'mark-dependencies-unmet'],
    [{ state: 'active' }, 'nothing'],
    [{ state: 'active', candidate: 2 }, 'become updating Updating'],
    [{ state: 'active', restartWanted: true }, 'become updating Restarting'],
    [{ state: 'active', proofWanted: true }, 'start-attempt 1 prove'],
    [{ state: 'active', proofWanted: true, retryAtMs: 1001 }, 'wait-until 1001'],
    [{ state: 'active', tableCaughtUp: true, candidate: 2 }, 'mark-caught-up'],
    [{ state: 'active', tableCaughtUp: true, fault: 'PingFailed' }, 'mark-fault'],
    [{ state: 'active', fault: 'PingFailed', candidate: 2 }, 'mark-fault'],
    [{ state: 'active', dependencies: UNMET, candidate: 2 }, 'mark-dependencies-unmet'],
    [{ state: 'updating', candidate: 2 }, 'start-attempt 2 update'],
    [{ state: 'updating', restartWanted: true }, 'start-attempt 1 restart'],
    [{ state: 'updating' }, 'become active RolledBack'],
    [{ state: 'updating', candidateDependencies: UNMET }, 'mark-dependencies-unmet'],
    [{ state: 'deactivating', running: true }, 'drain'],
    [{ state: 'deactivating', running: true, draining: true }, 'nothing'],
    [{ state: 'deactivating' }, 'become inactive Deactivated'],
  ])('seeing %j: %s', (seen, expected) => {
    expect(said(reconcile({ ...RESTING, ...seen }))).toBe(expected);
  });
});

describe('the way out of an error', () => {
  it.each<Row>([
    [{ healing: 'command' }, 'nothing'],
    [{ healing: 'command', retryWanted: true }, 'become validating Retrying'],
    [{ healing: 'command', candidate: 2 }, 'become validating Retrying'],
    [{ healing: 'dependencies', dependencies: UNMET }, 'nothing'],
    [{ healing: 'dependencies' }, 'start-attempt 1 recover'],
    [{ healing: 'backoff', retryAtMs: 1001 }, 'wait-until 1001'],
    [{ healing: 'backoff', retryAtMs: 1000 }, 'start-attempt 1 recover'],
    [{ healing: 'backoff', dependencies: UNMET }, 'mark-dependencies-unmet'],
  ])('seeing %j: %s', (seen, expected) => {
    expect(said(reconcile({ ...RESTING, state: 'error', ...seen }))).toBe(expected);
  });
});

describe('an attempt', () => {
  it.each<readonly [Partial<Attempt>, Partial<Observation>, string]>([
    [{ phase: 'starting' }, {}, 'wait-until 2000'],
    [{ phase: 'starting', deadlineMs: 1000 }, {}, 'expire-attempt'],
    [{ phase: 'proving' }, {}, 'await-proof 2000'],
    [{ phase: 'proving', deadlineMs: 999 }, {}, 'expire-attempt'],
    [{ phase: 'proven' }, {}, 'promote'],
    [{ phase: 'proven', kind: 'recover' }, { state: 'error' }, 'become deploying Recovering'],
    [{ phase: 'promoted' }, {}, 'publish'],
    [{ phase: 'publishing' }, {}, 'wait-until 2000'],
    [{ phase: 'publishing', deadlineMs: 1 }, {}, 'expire-attempt'],
    [{ phase: 'published' }, {}, 'mark-active'],
    [{ phase: 'failed' }, {}, 'mark-failed'],
  ])('in %j, seeing %j: %s', (attempt, seen, expected) => {
    const all = { ...RESTING, state: 'deploying' as const, ...seen };
    expect(said(reconcile({ ...all, attempt: { ...ATTEMPT, ...attempt } }))).toBe(expected);
  });

  it.each<readonly [string, Partial<Attempt>, Partial<Observation>, string]>([
    ['for an older revision', {}, { candidate: 2 }, 'cancel-attempt revision 2 is wanted'],
    [
      'that is beyond recall',
      { phase: 'publishing', revocable: false },
      { candidate: 2 },
      'wait-until 2000',
    ],
    [
      'of our own, when a command asks for one',
      { kind: 'recover' },
      { state: 'error', retryWanted: true },
      'cancel-attempt another try was asked for',
    ],
    ['when rest is wanted', {}, { desired: 'inactive' }, 'cancel-attempt inactive is wanted'],
    ['of a service that is gone', {}, { desired: 'absent' }, 'stop'],
  ])('%s is given up, or not', (_which, attempt, seen, expected) => {
    const all = { ...RESTING, state: 'deploying' as const, ...seen };
    expect(said(reconcile({ ...all, attempt: { ...ATTEMPT, ...attempt } }))).toBe(expected);
  });
});

describe('what is done next for a service that is to rest', () => {
  it.each<Row>([
    [{ desired: 'inactive', state: 'active' }, 'become deactivating Deactivating'],
    [{ desired: 'inactive', state: 'validating' }, 'become deactivating Deactivating'],
    [
      { desired: 'inactive', state: 'active', candidate: 2 },
      'discard-candidate inactive is wanted',
    ],
    [{ desired: 'inactive', state: 'deactivating', running: true }, 'drain'],
    [{ desired: 'inactive', state: 'deactivating', running: true, draining: true }, 'nothing'],
    [{ desired: 'inactive', state: 'deactivating' }, 'become inactive Deactivated'],
    [{ desired: 'inactive', state: 'inactive' }, 'nothing'],
    [{ desired: 'inactive', state: 'error' }, 'become deactivating Deactivating'],
    [{ desired: 'archived', state: 'inactive' }, 'archive'],
    [{ desired: 'archived', state: 'inactive', running: true }, 'drain'],
    [{ desired: 'archived', state: 'draft' }, 'archive'],
    [{ desired: 'archived', state: 'error' }, 'archive'],
    [{ desired: 'archived', state: 'error', running: true }, 'become deactivating Deactivating'],
    [{ desired: 'draft', state: 'draft' }, 'nothing'],
    [{ desired: 'absent', running: true }, 'stop'],
    [{ desired: 'absent', running: true, draining: true }, 'nothing'],
    [{ desired: 'absent' }, 'nothing'],
  ])('seeing %j: %s', (seen, expected) => {
    expect(said(reconcile({ ...RESTING, ...seen }))).toBe(expected);
  });
});
