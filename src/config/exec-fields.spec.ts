import { describe, expect, it } from '@jest/globals';
import { execFieldsOf } from './exec-fields.js';

describe('execFieldsOf', () => {
  it('finds what decides what is executed, overlays included', () => {
    const fragment = {
      runtime: { command: 'npx', env: { A: '1' }, warm: 2 },
      security: { env_allow: ['EDITOR'], allowed_scopes: ['a'] },
      overlays: { dev: { runtime: { args: ['x'], cwd: null } } },
    };
    expect(execFieldsOf(fragment)).toEqual({
      '/runtime/command': 'npx',
      '/runtime/env': { A: '1' },
      '/security/env_allow': ['EDITOR'],
      '/overlays/dev/runtime/args': ['x'],
      '/overlays/dev/runtime/cwd': null,
    });
  });

  it('is empty for a fragment that sets none of it', () => {
    expect(execFieldsOf({ runtime: { warm: 1 }, network: { url: 'http://h' } })).toEqual({});
    expect(execFieldsOf({ runtime: null })).toEqual({});
  });
});
