import { describe, expect, it } from '@jest/globals';
import { SettingFault } from './setting-parsers.js';
import { SETTING_TABLE, SETTINGS, type SettingKey } from './setting-table.js';

const NAMES = [
  'CONFIG',
  'HOST',
  'PORT',
  'DATA_DIR',
  'API_KEYS_FILE',
  'COMMANDS',
  'LOG_LEVEL',
  'PUBLIC_URL',
  'ENV',
  'ALLOWED_HOSTS',
  'ALLOWED_ORIGINS',
  'SECRET_ENV',
  'SECRET_DIRS',
  'ENV_ALLOW',
  'EGRESS',
  'HOOK_SECRETS_FILE',
  'SESSION_KEYS_FILE',
  'WEBHOOKS_FILE',
  'TLS_CERT',
  'TLS_KEY',
  'MAX_INSTANCES',
  'INBOX',
  'BACKUP_INTERVAL_HOURS',
  'BACKUP_KEEP',
].map((name) => `SWITCHYARD_${name}`);

function parse(key: SettingKey, text: string): unknown {
  const setting = SETTING_TABLE.find((candidate) => candidate.key === key);
  if (setting === undefined) throw new Error(`there is no setting ${key}`);
  return setting.parser('/srv')(text);
}

describe('the table of settings', () => {
  it('has every setting once, under its environment name', () => {
    expect(SETTINGS.map(({ name }) => name).sort()).toEqual([...NAMES].sort());
    expect(new Set(SETTING_TABLE.map(({ key }) => key)).size).toBe(SETTING_TABLE.length);
  });

  it('says of each what it means, in a sentence, and its default', () => {
    for (const { meaning, default: usual } of SETTINGS) {
      expect(meaning).toMatch(/^[A-Z].*\.$/s);
      expect(usual).not.toBe('');
    }
  });

  it('shows as default what is taken when a setting is not set', () => {
    for (const setting of SETTING_TABLE) {
      if (/ |^none$/.test(setting.default)) continue;
      expect(setting.parser('/srv')(setting.default)).toEqual(setting.fallback({}, '/srv'));
    }
  });

  it('has no value for what it shows as "none"', () => {
    const none = SETTING_TABLE.filter((setting) => setting.default.startsWith('none'));
    expect(none.length).toBeGreaterThan(5);
    for (const setting of none) expect([null, []]).toContainEqual(setting.fallback({}, '/srv'));
  });
});

describe('a fallback that follows the host', () => {
  const fallback = (key: SettingKey, host: string): unknown =>
    SETTING_TABLE.find((setting) => setting.key === key)?.fallback({ host }, '/srv');

  it.each([
    ['127.0.0.1', 'any', ['read', 'write', 'invoke', 'exec']],
    ['::1', 'any', ['read', 'write', 'invoke', 'exec']],
    ['localhost', 'any', ['read', 'write', 'invoke', 'exec']],
    ['0.0.0.0', 'public', null],
    ['::', 'public', null],
    ['192.168.1.2', 'public', null],
  ])('on %p: egress %p, inbox %p', (host, egress, inbox) => {
    expect(fallback('egress', host)).toBe(egress);
    expect(fallback('inboxScopes', host)).toEqual(inbox);
  });
});

describe('what a setting may be', () => {
  it.each<[SettingKey, string, unknown]>([
    ['port', '0', 0],
    ['port', '65535', 65_535],
    ['dataDir', 'd', '/srv/d'],
    ['commands', 'node, /usr/bin/env,/opt/tools/', ['node', '/usr/bin/env', '/opt/tools/']],
    ['commands', '', []],
    ['environment', 'prod-1', 'prod-1'],
    ['allowedHosts', 'a.example,b.example:81,[::1]:82', ['a.example', 'b.example:81', '[::1]:82']],
    [
      'allowedOrigins',
      'https://a.example,http://[::1]:82',
      ['https://a.example', 'http://[::1]:82'],
    ],
    ['secretEnv', 'GEO_*,*', ['GEO_*', '*']],
    ['secretDirs', '/run/secrets', ['/run/secrets']],
    ['envAllow', 'LD_LIBRARY_PATH,npm_config_*', ['LD_LIBRARY_PATH', 'npm_config_*']],
    ['maxInstances', '10000', 10_000],
    ['inboxScopes', 'read,write', ['read', 'write']],
    ['inboxScopes', 'off', null],
    ['inboxScopes', '', null],
  ])('%s is read from %p', (key, text, value) => {
    expect(parse(key, text)).toEqual(value);
  });

  it.each<[SettingKey, string]>([
    ['port', '65536'],
    ['commands', './node'],
    ['commands', 'bin/node'],
    ['commands', '../node'],
    ['commands', 'node --inspect'],
    ['logLevel', 'trace'],
    ['environment', 'a/b'],
    ['environment', '..'],
    ['allowedHosts', 'https://a.example'],
    ['allowedHosts', 'a.example/x'],
    ['allowedHosts', 'a.example:99999'],
    ['allowedHosts', '*'],
    ['allowedHosts', '*.example'],
    ['allowedHosts', '::1'],
    ['allowedOrigins', 'a.example'],
    ['allowedOrigins', '*'],
    ['allowedOrigins', 'null'],
    ['allowedOrigins', 'https://a.example/'],
    ['allowedOrigins', 'https://user@a.example'],
    ['allowedOrigins', 'https://a.example:99999'],
    ['secretEnv', 'A B'],
    ['secretEnv', '1A'],
    ['secretDirs', 'run/secrets'],
    ['envAllow', 'A=B'],
    ['egress', 'none'],
    ['maxInstances', '0'],
    ['maxInstances', '10001'],
    ['inboxScopes', 'admin'],
    ['inboxScopes', 'off,read'],
  ])('%s is not %p', (key, text) => {
    expect(() => parse(key, text)).toThrow(SettingFault);
  });
});
