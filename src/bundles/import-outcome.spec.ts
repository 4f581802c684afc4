import { describe, expect, it } from '@jest/globals';
import type { Settlement } from '../lifecycle/settling.js';
import { countOutcomes, importedService } from './import-outcome.js';

const FAILURE = {
  at: '2026-01-01T00:00:00.000Z',
  revision: 2,
  stage: 'start',
  code: 'upstream.exited',
  reason: 'ProcessExited',
  message: 'It exited.',
  action: 'Look at stderr.',
  stderr: ['boom'],
} as unknown as NonNullable<Extract<Settlement, { done: true }>['failure']>;
const BATCH = {
  op: 'create',
  service_id: 'id',
  name: 'a',
  outcome: 'created',
  revision: 2,
} as const;
const done = (state: string, failure: typeof FAILURE | null = null): Settlement =>
  ({ done: true, state, failure, promoted: failure === null }) as Settlement;

describe('what came of an imported service', () => {
  it.each<[string, 'active' | 'archived' | 'stored', Settlement, string]>([
    ['it serves', 'active', done('active'), 'serving'],
    ['its tools changed meanwhile', 'active', done('updating'), 'serving'],
    ['it is not known yet', 'active', { done: false, state: 'deploying' }, 'pending'],
    ['it failed', 'active', done('error', FAILURE), 'failed'],
    ['the old revision still serves', 'active', done('active', FAILURE), 'failed'],
    [
      'a newer command took over',
      'active',
      done('inactive', { ...FAILURE, code: 'lifecycle.superseded' }),
      'pending',
    ],
    ['it is not to serve', 'stored', done('inactive'), 'stored'],
    ['it is gone', 'archived', done('archived'), 'archived'],
    ['it still drains', 'archived', { done: false, state: 'deactivating' }, 'pending'],
  ])('when %s', (_what, wanted, settlement, outcome) => {
    const service = importedService({ action: 'create' }, BATCH, wanted, settlement);
    expect(service).toMatchObject({ outcome, service_id: 'id', revision: 2 });
    expect(service.problem === null).toBe(outcome !== 'failed');
    expect(countOutcomes([service])).toMatchObject({ [outcome]: 1 });
  });

  it('says why it failed as a problem document', () => {
    const { problem } = importedService(
      { action: 'create' },
      BATCH,
      'active',
      done('error', FAILURE),
    );
    expect(problem).toMatchObject({ code: 'lifecycle.activation-failed', stderr: ['boom'] });
  });
});
