import { describe, expect, it } from '@jest/globals';
import { isDangerousEnv } from './dangerous-env.js';

describe('isDangerousEnv', () => {
  it.each([
    'LD_PRELOAD',
    'ld_library_path',
    'DYLD_INSERT_LIBRARIES',
    'NODE_OPTIONS',
    'Node_Options',
    'PYTHONPATH',
    'PYTHONSTARTUP',
    'PATH',
    'Path',
    'npm_config_registry',
    'NPM_CONFIG_PREFIX',
  ])('holds for %s', (name) => {
    expect(isDangerousEnv(name, [])).toBe(true);
  });

  it.each(['NODE_ENV', 'MY_PATH', 'PATHS', 'OLD_X', 'NPM_TOKEN'])(
    'does not hold for %s',
    (name) => {
      expect(isDangerousEnv(name, [])).toBe(false);
    },
  );

  it('does not hold for what the settings allow by name or pattern', () => {
    expect(isDangerousEnv('PYTHONPATH', ['PYTHONPATH'])).toBe(false);
    expect(isDangerousEnv('PYTHONPATH', ['PYTHON*'])).toBe(false);
    expect(isDangerousEnv('PATH', ['PYTHON*'])).toBe(true);
  });
});
