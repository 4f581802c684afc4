import { describe, expect, it } from '@jest/globals';
import type { Proof } from '../lifecycle/service-status.js';
import { PENDING, type CheckState } from './check-state.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import { failureOfError, probeFailure } from './probe-failure.js';
import { weakProof } from './proof-record.js';
import { verdictOf, type JudgedCheck, type VerdictFacts } from './verdict.js';

const AT = '2026-01-01T00:00:00.000Z';
const LATER = '2026-01-01T00:05:00.000Z';

const proof: Proof = {
  level: 'executed',
  tool: 'echo',
  arguments: {},
  duration_ms: 12.4,
  assertions: [],
  result_bytes: 2,
  result_sha256: 'x',
  at: AT,
  revision: 1,
  reason: null,
  action: null,
};

const healthy: VerdictFacts = {
  state: 'active',
  serving: true,
  unavailable: { reason: '', message: '' },
  failure: null,
  proof,
  proven: true,
  idle: false,
  checks: [],
};

const failingState: CheckState = {
  ...PENDING,
  status: 'failing',
  telling: {
    result: 'fail',
    failure: probeFailure('tool-error', 'it said no'),
    evidence: '',
    duration_ms: 1,
    at: LATER,
  },
};

const refused = failureOfError(new UpstreamError('unauthorized', 'no'));
const refusedState: CheckState = {
  ...failingState,
  telling: { result: 'fail', failure: refused, evidence: '', duration_ms: 1, at: LATER },
};
const outage = { reason: 'Exited', message: 'It ended.', action: 'Read its log.' };

function check(over: Partial<JudgedCheck>): JudgedCheck {
  return { kind: 'functional', label: 'functional echo', critical: false, state: PENDING, ...over };
}

const blind: CheckState = {
  ...PENDING,
  unknowns: 3,
  last: { result: 'unknown', failure: null, evidence: 'no room', duration_ms: 1, at: LATER },
};

describe('verdictOf', () => {
  it.each<[string, Partial<VerdictFacts>, string, string]>([
    ['a proven service', {}, 'healthy', 'Proven'],
    ['a draft', { state: 'draft' }, 'unknown', 'Inactive'],
    ['an inactive service', { state: 'inactive', proven: false }, 'unknown', 'Inactive'],
    ['a service on its way down', { state: 'deactivating' }, 'unknown', 'Inactive'],
    ['a service on its way up', { state: 'deploying' }, 'unknown', 'Deploying'],
    ['an updating service that serves', { state: 'updating' }, 'healthy', 'Proven'],
    ['an error without a failure', { state: 'error' }, 'unhealthy', 'Error'],
    [
      'an error with its failure',
      { state: 'error', failure: { reason: 'ExitedEarly', message: 'm', action: 'a' } },
      'unhealthy',
      'ExitedEarly',
    ],
    [
      'one that is out of rotation',
      { serving: false, unavailable: { reason: 'PingFailed', message: 'm' } },
      'unhealthy',
      'PingFailed',
    ],
    ['one that boot has mounted', { proven: false }, 'unknown', 'NotYetProven'],
    [
      'a failing functional check',
      { checks: [check({ state: failingState })] },
      'degraded',
      'ToolError',
    ],
    [
      'a failing critical check',
      { checks: [check({ state: failingState, critical: true })] },
      'unhealthy',
      'ToolError',
    ],
    [
      'a failing basic check that is not critical',
      { checks: [check({ kind: 'basic', state: failingState })] },
      'degraded',
      'ToolError',
    ],
    [
      'a failing basic check beside a lesser one',
      {
        checks: [
          check({ state: failingState }),
          check({ kind: 'basic', label: 'basic', critical: true, state: failingState }),
        ],
      },
      'unhealthy',
      'ToolError',
    ],
    [
      'a check that cannot be carried out',
      { checks: [check({ state: blind })] },
      'unknown',
      'ProbeNotPossible',
    ],
    [
      'the same while nothing runs',
      { checks: [check({ state: blind })], idle: true },
      'healthy',
      'Idle',
    ],
    [
      'one failure of ours to carry it out',
      { checks: [check({ state: { ...blind, unknowns: 1 } })] },
      'healthy',
      'Proven',
    ],
    [
      'one that is not called',
      { circuit: { state: 'open', failures: 5 } },
      'unhealthy',
      'CircuitOpen',
    ],
    [
      'one that nobody has tried since',
      { circuit: { state: 'lapsed', failures: 5 } },
      'degraded',
      'CircuitOpen',
    ],
    [
      'one whose process has ended, while another one is started',
      { unavailable: { reason: '', message: '', outage }, idle: true },
      'unhealthy',
      'Exited',
    ],
    [
      'one whose credentials are refused, whichever check has met that',
      { checks: [check({ state: refusedState })] },
      'unhealthy',
      'Unauthorized',
    ],
    [
      'one that a call tries',
      { circuit: { state: 'trying', failures: 5 } },
      'degraded',
      'CircuitOpen',
    ],
    [
      'one that a call tries while a check fails',
      { circuit: { state: 'trying', failures: 5 }, checks: [check({ state: failingState })] },
      'degraded',
      'ToolError',
    ],
    [
      'a failing dependency, which takes nothing out by itself',
      { checks: [check({ kind: 'dependency', critical: true, state: failingState })] },
      'degraded',
      'ToolError',
    ],
    ['an idle service', { idle: true }, 'healthy', 'Idle'],
    [
      'a service without a safe tool',
      { proof: weakProof('NoSafeTool', { at: AT, revision: 1, duration_ms: 3 }) },
      'healthy',
      'NoSafeTool',
    ],
  ])('%s', (_name, over, level, reason) => {
    expect(verdictOf({ ...healthy, ...over })).toMatchObject({ level, reason });
  });

  it('says what was executed and when something was last known', () => {
    expect(
      verdictOf({ ...healthy, checks: [check({ state: { ...failingState, status: 'passing' } })] }),
    ).toEqual({
      level: 'healthy',
      summary: 'The tool "echo" was executed in 12 ms.',
      reason: 'Proven',
      action: null,
      checked_at: LATER,
    });
  });

  it('dates an idle service by its proof, not by checks of the route', () => {
    const basic = check({ kind: 'basic', state: { ...failingState, status: 'passing' } });
    expect(verdictOf({ ...healthy, idle: true, checks: [basic] }).checked_at).toBe(AT);
  });

  it('gives a weak proof an action', () => {
    const weak = weakProof('NoSafeTool', { at: AT, revision: 1, duration_ms: 3 });
    expect(verdictOf({ ...healthy, proof: weak }).action).toContain('Declare a functional check');
  });

  it('names the failing check and what to do', () => {
    expect(verdictOf({ ...healthy, checks: [check({ state: failingState })] })).toMatchObject({
      summary: 'The check "functional echo" fails: it said no.',
      action: expect.stringContaining('Read what the tool answered') as unknown,
      checked_at: LATER,
    });
  });
});
