import { describe, expect, it } from '@jest/globals';
import type { Principal } from '../auth/principal.js';
import { changeContext } from './change-context.js';

const principal = (kind: Principal['kind']): Principal => ({
  id: 'ci',
  kind,
  scopes: new Set(['write']),
  services: ['team-*'],
});

describe('the context of a change', () => {
  it('carries who asks, with what rights, and by which request', () => {
    expect(changeContext(principal('hook'), 'r1')).toEqual({
      actor: 'ci',
      source: 'hook',
      requestId: 'r1',
      reason: null,
      scopes: new Set(['write']),
      services: ['team-*'],
    });
  });
});
