import { describe, expect, it } from '@jest/globals';
import { settingsWith } from '../../test/contract/registry/config-fixture.js';
import { isUnder, maySecretEnv, policyOf } from './config-policy.js';

describe('isUnder', () => {
  it.each([
    [['/a'], '/a/b', true],
    [['/a/'], '/a/b/c', true],
    [['/a'], '/a', false],
    [['/a/'], '/a/', false],
    [['/a'], '/ab', false],
    [['/x', '/a'], '/a/b', true],
    [[], '/a', false],
  ])('%j %s: %s', (directories, path, expected) => {
    expect(isUnder(directories, path)).toBe(expected);
  });
});

describe('policyOf', () => {
  it('takes what the settings say', () => {
    const policy = policyOf(settingsWith({ port: 1234, egress: 'public', secretEnv: ['A_*'] }));
    expect(policy.ownListeners).toEqual([{ address: '127.0.0.1', port: 1234 }]);
    expect(policy.egress).toBe('public');
    expect(maySecretEnv(policy, 'A_B')).toBe(true);
    expect(maySecretEnv(policy, 'B')).toBe(false);
  });
});
