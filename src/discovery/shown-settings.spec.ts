import { describe, expect, it } from '@jest/globals';
import { loadSettings } from '../settings/settings.loader.js';
import { shownSettings } from './shown-settings.js';

function shown(environment: Record<string, string>): Readonly<Record<string, unknown>> {
  const source = { environment, directory: '/srv', readText: () => '{}' };
  return shownSettings(loadSettings(source));
}

describe('shownSettings', () => {
  it('tells that files of secrets are configured, not where, and nothing of the environment', () => {
    const view = shown({
      SWITCHYARD_API_KEYS_FILE: '/srv/keys-of-mine.json',
      SWITCHYARD_SECRET_TOKEN: 'hush-hush',
      PATH: '/bin',
    });
    expect(view).toMatchObject({ api_keys: true, hook_secrets: false, tls: false });
    expect(JSON.stringify(view)).not.toMatch(/keys-of-mine|hush-hush|"\/bin"/);
  });

  it('shows where we listen', () => {
    expect(shown({ SWITCHYARD_PORT: '9000' })).toMatchObject({ host: '127.0.0.1', port: 9000 });
  });
});
