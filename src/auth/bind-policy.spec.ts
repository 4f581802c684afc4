import { describe, expect, it } from '@jest/globals';
import { bindFault } from './bind-policy.js';

describe('bindFault', () => {
  it.each([
    ['the loopback interface without keys', '127.0.0.1', true, null],
    ['the loopback interface with keys', '127.0.0.1', true, '/etc/keys.json'],
    ['the network with keys', '0.0.0.0', false, '/etc/keys.json'],
  ])('lets the listener have %s', (_where, host, isLoopback, apiKeysFile) => {
    expect(bindFault({ host, isLoopback, apiKeysFile })).toBeNull();
  });

  it('keeps it off the network without keys, and says which setting to change', () => {
    const fault = bindFault({ host: '0.0.0.0', isLoopback: false, apiKeysFile: null });
    expect(fault).toContain('SWITCHYARD_HOST=0.0.0.0');
    expect(fault).toContain('SWITCHYARD_API_KEYS_FILE');
  });
});
