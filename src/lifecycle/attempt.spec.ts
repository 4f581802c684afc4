import { describe, expect, it } from '@jest/globals';
import { revisionOf } from '../../test/transcripts/fake-registry.js';
import { Attempt, type AttemptPhase } from './attempt.js';
import { proofTimeout, startTimeout } from './failure-mapping.js';
import { runnableOf } from './service-observer.js';

const make = () => new Attempt('a1', runnableOf(revisionOf('id', 'x', 1, {})), 'activate', 100);

describe('an attempt', () => {
  it('keeps its first failure, ends what it waits for, and enters no further phase', () => {
    const attempt = make();
    attempt.fail(startTimeout(1), 'cause');
    attempt.fail(proofTimeout(1));
    attempt.enter('proving', 200);
    expect(attempt).toMatchObject({ phase: 'failed', cause: 'cause', deadlineMs: 100 });
    expect(attempt.failure?.code).toBe('upstream.start-timeout');
    expect(attempt.signal.aborted).toBe(true);
  });

  it.each<[AttemptPhase, boolean]>([
    ['starting', true],
    ['proving', true],
    ['proven', true],
    ['promoted', false],
    ['publishing', false],
    ['published', false],
  ])('that is %s can be given up unnoticed: %s', (phase, revocable) => {
    const attempt = make();
    attempt.enter(phase, 200);
    expect(attempt.isRevocable).toBe(revocable);
    expect(attempt.deadlineMs).toBe(200);
  });
});
