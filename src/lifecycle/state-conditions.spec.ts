import { describe, expect, it } from '@jest/globals';
import type { ActivationFailure, ServiceState } from './service-status.js';
import { conditionsOnEntering, crashLoop } from './state-conditions.js';

const FAILURE: ActivationFailure = {
  stage: 'start',
  code: 'upstream.exited',
  reason: 'Exited',
  message: 'it exited.',
  action: '',
  stderr: [],
  revision: 2,
  at: '',
};

function said(state: ServiceState, failure: ActivationFailure | null = null): string {
  const { set, drop } = conditionsOnEntering(state, 'Why', failure);
  const conditions = set.map(({ type, status, reason }) => `${type}=${status}:${reason}`);
  return [...conditions, ...drop.map((type) => `-${type}`)].join(' ');
}

describe('entering a state', () => {
  it.each<[ServiceState, string]>([
    ['draft', 'Progressing=false:Settled'],
    ['validating', 'Progressing=true:Why -StorageCorrupt'],
    ['deploying', 'Progressing=true:Why'],
    ['updating', 'Progressing=true:Why'],
    [
      'active',
      'Deployed=true:Deployed Ready=true:Proven Progressing=false:Settled -CrashLoopBackOff',
    ],
    ['deactivating', 'Progressing=true:Why Ready=false:Why'],
    ['inactive', 'Progressing=false:Settled Ready=false:Inactive -CrashLoopBackOff -Degraded'],
    ['error', 'Ready=false:Why Progressing=false:Why'],
  ])('%s says %s', (state, expected) => {
    expect(said(state)).toBe(expected);
  });

  it('error names the failure, and a refused configuration as such', () => {
    expect(said('error', FAILURE)).toBe('Ready=false:Exited Progressing=false:Exited');
    const refused = said('error', { ...FAILURE, stage: 'validate' });
    expect(refused).toContain('Validated=false:Exited');
  });

  it('active after a failed update leaves what serves ready, and says why nothing came of it', () => {
    expect(said('active', FAILURE)).toBe('Progressing=false:Why');
    const [progressing] = conditionsOnEntering('active', 'RolledBack', FAILURE).set;
    expect(progressing?.message).toBe('it exited. What was served before goes on.');
  });

  it('a crash loop tells how often it failed', () => {
    expect(crashLoop(6).message).toContain('6 times');
  });
});
