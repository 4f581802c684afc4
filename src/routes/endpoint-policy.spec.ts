import { describe, expect, it } from '@jest/globals';
import type { SecurityConfig } from '../config/service-config.js';
import { endpointPolicy, guardsCallers } from './endpoint-policy.js';

const OPEN: SecurityConfig = {
  authentication: { required: false },
  env_allow: [],
  allowed_scopes: [],
  tools: { allow: null, deny: [], read_only: false },
  rate_limit: null,
};

describe('endpointPolicy', () => {
  it('is null when nothing is restricted', () => {
    expect(endpointPolicy(OPEN)).toBeNull();
  });

  it.each<[string, Partial<SecurityConfig>, object, boolean]>([
    [
      'authentication',
      { authentication: { required: true } },
      { authenticationRequired: true },
      true,
    ],
    ['scopes', { allowed_scopes: ['geo'] }, { allowedScopes: ['geo'] }, true],
    ['allowed tools', { tools: { ...OPEN.tools, allow: [] } }, { allowTools: [] }, false],
    ['denied tools', { tools: { ...OPEN.tools, deny: ['rm'] } }, { denyTools: ['rm'] }, false],
    ['read only', { tools: { ...OPEN.tools, read_only: true } }, { readOnlyTools: true }, false],
    [
      'a rate',
      { rate_limit: { requests: 5, window_ms: 1000 } },
      { rateLimit: { requests: 5, window_ms: 1000 } },
      false,
    ],
  ])('carries %s, and knows whether a guard can check it', (_name, over, wanted, guarded) => {
    const policy = endpointPolicy({ ...OPEN, ...over });
    expect(policy).toMatchObject(wanted);
    expect(guardsCallers(policy)).toBe(guarded);
  });
});
