import { describe, expect, it } from '@jest/globals';
import { OPERATOR } from '../../test/support/template-fleet.js';
import { SilentLogger } from '../kernel/logger.js';
import { registryProblems } from '../registry/registry.errors.js';
import type { RevisionDocument, ServiceDocument } from '../registry/service.js';
import type { RegistrationResult } from './registration-result.js';
import { registrationProblems } from './registration.errors.js';
import { contextOf, TemplateMove, type MoveSources } from './template-move.js';
import type { ServiceMove, TemplateRollout } from './template-rollout.js';

const ROLLOUT = {
  rollout_id: 'r',
  template_id: 'team',
  reference: 'team@2',
  allow_breaking: true,
  actor: 'ops',
  authority: { source: 'api', scopes: ['write'], services: ['a*'] },
} as unknown as TemplateRollout;
const MOVE = { service_id: 'id-a', name: 'a' } as ServiceMove;
const REASON = 'template rollout r';
const RUNNING = new AbortController().signal;

const service = (more: Partial<ServiceDocument>, extends_ = 'team@1'): ServiceDocument =>
  ({
    service_id: 'id-a',
    spec: { name: 'a', extends: extends_ },
    desired: 'active',
    revision: 4,
    candidate: null,
    ...more,
  }) as ServiceDocument;

interface Scene {
  readonly service?: ServiceDocument;
  readonly reason?: string | null;
  readonly candidate?: string;
  readonly answers?: readonly (RegistrationResult['outcome'] | Error)[];
}

function rig({ service: found, reason = null, candidate, answers = [] }: Scene) {
  const left = [...answers];
  const calls: string[] = [];
  let pending = candidate;
  const sources: MoveSources = {
    registration: {
      update: (id, input, _ctx, options) => {
        calls.push(`update ${id} ${JSON.stringify(input)} ${JSON.stringify(options.ifMatch)}`);
        const answer = left.shift();
        if (answer instanceof Error) return Promise.reject(answer);
        return Promise.resolve({ outcome: answer } as RegistrationResult);
      },
    },
    registry: {
      find: () => found,
      candidateOf: () => (pending === undefined ? undefined : { revision: 5, reason: pending }),
      revision: () => Promise.resolve({ reason } as RevisionDocument),
    },
    lifecycle: {
      settled: (id, revision) => {
        calls.push(`settled ${id} ${String(revision)}`);
        pending = undefined;
        return Promise.resolve();
      },
    },
    logger: new SilentLogger(),
  };
  return { calls, move: new TemplateMove(sources) };
}

describe('TemplateMove', () => {
  it.each<[string, Scene, object, number]>([
    ['a service that is gone', {}, { state: 'skipped' }, 0],
    [
      'one that is being deleted',
      { service: service({ desired: 'archived' }) },
      { state: 'skipped' },
      0,
    ],
    [
      'one that extends another template now',
      { service: service({}, 'else@1') },
      { state: 'skipped', note: 'the service extends else@1 now' },
      0,
    ],
    [
      'one that others moved already',
      { service: service({}, 'team@2'), reason: 'somebody' },
      { state: 'unchanged', revision: 4 },
      0,
    ],
    [
      'one that it moved itself before a crash',
      { service: service({}, 'team@2'), reason: REASON },
      { state: 'updated', revision: 4 },
      0,
    ],
    [
      'one that it was moving when it crashed',
      { service: service({ candidate: 5 }), candidate: REASON, answers: ['updated'] },
      { state: 'updated' },
      1,
    ],
    [
      'one that is not active',
      { service: service({ desired: 'inactive' }), answers: ['stored'] },
      { state: 'updated', note: expect.stringContaining('not active') },
      1,
    ],
    [
      'one that is not proven in time',
      { service: service({}), answers: ['pending'] },
      { state: 'failed', problem: { code: 'registration.rollout-overdue' } },
      1,
    ],
    [
      'one that is refused',
      { service: service({}), answers: [registryProblems.invalid('no')] },
      { state: 'failed', problem: { code: 'registry.invalid', detail: 'no' } },
      1,
    ],
    [
      'one that others change, again and again',
      {
        service: service({}),
        answers: Array.from({ length: 9 }, () => registrationProblems.superseded()),
      },
      { state: 'failed', problem: { code: 'registration.superseded' } },
      5,
    ],
  ])('of %s', async (_what, scene, expected, updates) => {
    const { move, calls } = rig(scene);
    expect(await move.run(ROLLOUT, MOVE, RUNNING)).toMatchObject(expected);
    expect(calls).toEqual(Array(updates).fill('update id-a {"extends":"team@2"} null'));
  });

  it('lets the change of somebody else through first', async () => {
    const scene = { service: service({ candidate: 5 }), candidate: 'theirs' };
    const { move, calls } = rig({ ...scene, answers: ['updated'] });
    expect(await move.run(ROLLOUT, MOVE, RUNNING)).toMatchObject({ state: 'updated' });
    expect(calls.map((call) => call.split(' ')[0])).toEqual(['settled', 'update']);
  });

  it('begins nothing when the process ends', async () => {
    const { move, calls } = rig({ service: service({}) });
    await move.run(ROLLOUT, MOVE, AbortSignal.abort());
    expect(calls).toEqual([]);
  });

  it('acts with the authority of who asked and no more', () => {
    expect(contextOf(ROLLOUT)).toEqual({
      ...OPERATOR,
      requestId: null,
      reason: REASON,
      scopes: new Set(['write']),
      services: ['a*'],
    });
  });
});
