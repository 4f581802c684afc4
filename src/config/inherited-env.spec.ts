import { describe, expect, it } from '@jest/globals';
import { inheritedEnvFault } from './inherited-env.js';

const POLICY = { secretEnv: ['SWITCHYARD_SECRET_*', 'GEO_*'], envAllow: ['LD_LIBRARY_PATH'] };

describe('a variable of ours that a command is to inherit', () => {
  it.each<[string, string | null]>([
    ['EDITOR', null],
    ['http_proxy', null],
    ['LD_LIBRARY_PATH', null],
    ['LD_PRELOAD', 'dangerous-env'],
    ['node_options', 'dangerous-env'],
    ['SWITCHYARD_DATA_DIR', 'invalid'],
    ['switchyard_host', 'invalid'],
    ['SWITCHYARD_SECRET_A', 'secret-denied'],
    ['GEO_REGION', 'secret-denied'],
    ['GITHUB_TOKEN', 'secret-denied'],
    ['aws_secret_access_key', 'secret-denied'],
  ])('%s', (name, problem) => {
    const fault = inheritedEnvFault(name, '/security/env_allow/0', POLICY);
    expect(fault?.problem ?? null).toBe(problem);
    if (fault !== null) expect(fault.detail).toContain(name);
  });
});
