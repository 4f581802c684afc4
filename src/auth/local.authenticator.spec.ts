import { describe, expect, it } from '@jest/globals';
import { ALL_SCOPES, LOCAL_PRINCIPAL, LocalAuthenticator } from './local.authenticator.js';
import { hasScope, maySeeService } from './principal.js';

describe('LocalAuthenticator', () => {
  it('takes everybody for the local principal, and needs no credentials', () => {
    const authenticator = new LocalAuthenticator();
    expect(authenticator.required).toBe(false);
    expect(authenticator.authenticate()).toBe(LOCAL_PRINCIPAL);
  });

  it('gives the local principal every scope and every service', () => {
    expect(LOCAL_PRINCIPAL.kind).toBe('local');
    expect(ALL_SCOPES.filter((scope) => !hasScope(LOCAL_PRINCIPAL, scope))).toEqual([]);
    expect(maySeeService(LOCAL_PRINCIPAL, 'anything')).toBe(true);
  });
});
