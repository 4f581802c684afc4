import { describe, expect, it } from '@jest/globals';
import { UpstreamError } from '../upstream/upstream.errors.js';
import {
  crashLoopFailure,
  dependencyFailure,
  failureOf,
  meaningOf,
  FAILURE_MEANINGS,
  mountTimeout,
  promotionRefused,
  proofTimeout,
  startTimeout,
  superseded,
} from './failure-mapping.js';

describe('the meaning of an upstream error', () => {
  it.each(Object.entries(FAILURE_MEANINGS))(
    '%s has one CamelCase reason and an action in a full sentence',
    (_code, [, reason, action]) => {
      expect(reason).toMatch(/^[A-Z][A-Za-z]+$/);
      expect(action).toMatch(/^[A-Z].{15,}\.$/);
    },
  );

  it('has a reason of its own for each code', () => {
    const reasons = Object.values(FAILURE_MEANINGS).map(([, reason]) => reason);
    expect(new Set(reasons).size).toBe(reasons.length);
  });

  it('keeps what the upstream said, and its last lines', () => {
    const error = new UpstreamError('exited-early', 'it exited with 3', { stderr: ['boom'] });
    expect(failureOf(error)).toEqual({
      stage: 'start',
      code: 'upstream.exited-early',
      reason: 'ExitedEarly',
      message: 'it exited with 3',
      action: FAILURE_MEANINGS['exited-early'][2],
      stderr: ['boom'],
    });
  });

  it('tells a limit of calls from other HTTP statuses', () => {
    const answered = (httpStatus: number): string =>
      failureOf(new UpstreamError('http-status', 'it answered', { httpStatus })).reason;
    expect([answered(429), answered(500)]).toEqual(['RateLimited', 'HttpStatus']);
  });

  it('knows what a code means by itself', () => {
    expect(meaningOf('tls-failed')).toMatchObject({ reason: 'TlsFailed' });
    expect(meaningOf('constructor')).toBeNull();
  });

  it('shows nothing of a fault of our own', () => {
    const failure = failureOf(new TypeError('x of undefined'));
    expect(failure.code).toBe('lifecycle.internal');
    expect(JSON.stringify(failure)).not.toContain('undefined');
  });

  it.each([
    ['start', startTimeout(5)],
    ['prove', proofTimeout(5)],
    ['mount', mountTimeout(5)],
    ['mount', promotionRefused('gone')],
    ['dependencies', dependencyFailure('geo is missing')],
    ['start', superseded('revision 3 is wanted')],
    ['start', crashLoopFailure(new UpstreamError('exited', 'it exited'))],
  ])('names the stage %s where we gave up', (stage, failure) => {
    expect(failure.stage).toBe(stage);
    expect(failure.message.length).toBeGreaterThan(0);
    expect(failure.action).toMatch(/\.$/);
  });
});
