import { describe, expect, it } from '@jest/globals';
import { lifecycleProblems } from '../lifecycle/lifecycle.errors.js';
import { ROLLOUT, TEMPLATE_ANSWER } from './template-answer-schema.js';
import {
  affectedBody,
  rolloutAnswer,
  rolloutList,
  rolloutPlanAnswer,
} from './template-rollout-answer.js';
import {
  readRolloutBody,
  readRolloutFilter,
  ROLLOUT_BODY_SCHEMA,
} from './template-rollout-body.js';
import {
  afterBatch,
  countsOf,
  failureOf,
  nextBatch,
  type MoveResult,
  type MoveState,
  type TemplateRollout,
} from './template-rollout.js';

const AT = '2026-01-01T00:00:01.000Z';

function rollout(states: string, more: Partial<TemplateRollout> = {}): TemplateRollout {
  const names: Record<string, MoveState> = { p: 'pending', u: 'updated', f: 'failed' };
  return {
    schema_version: '1.0',
    rollout_id: 'r',
    template_id: 'team',
    reference: 'team@2',
    state: 'running',
    cancel_requested: false,
    batch: 1,
    pause_ms: 0,
    on_failure: 'stop',
    allow_breaking: false,
    services: [...states].map((letter, index) => ({
      service_id: `s${index}`,
      name: `s${index}`,
      from: 'team@1',
      state: names[letter] ?? 'pending',
      revision: null,
      note: null,
      problem: null,
    })),
    created_at: '2026-01-01T00:00:00.000Z',
    updated_at: '2026-01-01T00:00:00.000Z',
    finished_at: null,
    actor: 'ops',
    authority: { source: 'api', scopes: ['write'], services: null },
    ...more,
  };
}

const results = (...states: MoveResult['state'][]): Map<string, MoveResult> =>
  new Map(states.map((state, index) => [`s${index}`, { state }]));

describe('a rollout', () => {
  it.each<[string, TemplateRollout, Map<string, MoveResult>, string, string]>([
    ['goes on', rollout('ppp'), results('updated'), 'running', 'updated pending pending'],
    ['is completed', rollout('p'), results('updated'), 'completed', 'updated'],
    ['is completed by what was so', rollout('p'), results('unchanged'), 'completed', 'unchanged'],
    ['of nobody is completed', rollout(''), results(), 'completed', ''],
    [
      'stops at a failure',
      rollout('ppp', { batch: 2 }),
      results('updated', 'failed'),
      'stopped',
      'updated failed skipped',
    ],
    ['is stopped by its last failure', rollout('p'), results('failed'), 'stopped', 'failed'],
    [
      'goes on after a failure when it is to',
      rollout('pp', { on_failure: 'continue' }),
      results('failed'),
      'running',
      'failed pending',
    ],
    [
      'is completed with a failure that was to be passed over',
      rollout('p', { on_failure: 'continue' }),
      results('failed'),
      'completed',
      'failed',
    ],
    [
      'is cancelled after the batch',
      rollout('ppp', { cancel_requested: true }),
      results('updated'),
      'cancelled',
      'updated skipped skipped',
    ],
    [
      'that had nobody left is completed, though it is cancelled',
      rollout('p', { cancel_requested: true }),
      results('updated'),
      'completed',
      'updated',
    ],
  ])('%s', (_what, before, batch, state, services) => {
    const after = afterBatch(before, batch, AT);
    expect(after.state).toBe(state);
    expect(after.services.map((one) => one.state).join(' ')).toBe(services);
    expect(after.finished_at).toBe(state === 'running' ? null : AT);
    for (const one of after.services) expect(one.note !== null).toBe(one.state === 'skipped');
  });

  it('takes as many as a batch holds, in order, of those that wait', () => {
    const next = nextBatch(rollout('upfpp', { batch: 2 }));
    expect(next.map(({ name }) => name)).toEqual(['s1', 's3']);
    expect(countsOf(rollout('upf'))).toMatchObject({ updated: 1, pending: 1, failed: 1 });
  });

  it('keeps of a failed activation what helps to mend it', () => {
    const extra = {
      stage: 'start',
      reason: 'ExitedEarly',
      action: 'Read its stderr.',
      stderr: ['x'],
    };
    const problem = lifecycleProblems['activation-failed']({ detail: 'Stage start: gone', extra });
    expect(failureOf(problem)).toEqual({
      code: 'lifecycle.activation-failed',
      detail: 'Stage start: gone',
      action: 'Read its stderr.',
      stage: 'start',
      reason: 'ExitedEarly',
    });
  });
});

describe('readRolloutBody', () => {
  it('fills in what is left out, also the whole body', () => {
    const defaults = { batch: 1, pause_ms: 0, on_failure: 'stop', allow_breaking: false };
    for (const body of [undefined, {}, { batch: null }]) {
      expect(readRolloutBody(body)).toEqual({ services: null, revision: null, ...defaults });
    }
    expect(readRolloutBody({ services: ['a'], revision: 2, on_failure: 'continue' })).toMatchObject(
      {
        services: ['a'],
        revision: 2,
        on_failure: 'continue',
      },
    );
  });

  it('refuses every unknown member and bad value at once', () => {
    const body = { x: 1, batch: 0, pause_ms: -1, on_failure: 'skip', services: ['a', 'a'] };
    expect(() => readRolloutBody(body)).toThrow(
      expect.objectContaining({
        code: 'registration.invalid-request',
        details: expect.objectContaining({
          errors: expect.arrayContaining(
            ['/x', '/batch', '/pause_ms', '/on_failure', '/services'].map((pointer) =>
              expect.objectContaining({ pointer }),
            ),
          ),
        }),
      }),
    );
    expect(() => readRolloutBody([])).toThrow(
      expect.objectContaining({ code: 'registration.invalid-request' }),
    );
    expect(ROLLOUT_BODY_SCHEMA['type']).toBe('object');
  });

  it('filters a list by template and knows no other parameter', () => {
    expect(readRolloutFilter({ template: 'team' })).toBe('team');
    expect(readRolloutFilter({})).toBeUndefined();
    for (const query of [{ x: '1' }, { template: ['a', 'b'] }]) {
      expect(() => readRolloutFilter(query)).toThrow(expect.objectContaining({ status: 400 }));
    }
  });
});

describe('the answers', () => {
  it('show a rollout as the document says, without in whose authority it runs', () => {
    const answer = rolloutAnswer(202, rollout('pu'));
    expect(answer.headers).toEqual({ Location: '/api/v1/template-rollouts/r' });
    const shown = Object.keys(answer.body as object);
    expect(shown.sort()).toEqual(Object.keys(ROLLOUT['properties'] as object).sort());
    expect(rolloutList([rollout('p')])).toMatchObject({ total: 1, next_cursor: null });
    expect(affectedBody('team', [])).toMatchObject({ template: 'team', total: 0 });
    const plan = rolloutPlanAnswer({ reference: 'team@2', services: [] });
    expect(plan).toMatchObject({ status: 200, body: { outcome: 'planned' } });
    expect(TEMPLATE_ANSWER['required']).toEqual(['outcome', 'affected']);
  });
});
