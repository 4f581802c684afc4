import { describe, expect, it } from '@jest/globals';
import type { Settings } from './settings.js';
import { loadSettings, SettingsError, type Environment } from './settings.loader.js';

interface Written {
  readonly environment?: Environment;
  /** Content of the file at `/srv/gateway.json`, which is then named in the environment. */
  readonly file?: unknown;
}

function load({ environment = {}, file }: Written): Settings {
  const named = file === undefined ? {} : { SWITCHYARD_CONFIG: 'gateway.json' };
  return loadSettings({
    environment: { ...named, ...environment },
    directory: '/srv',
    readText: (path) => {
      if (path !== '/srv/gateway.json') throw new Error(`ENOENT: ${path}`);
      return typeof file === 'string' ? file : JSON.stringify(file);
    },
  });
}

function faultsOf(written: Written): readonly string[] {
  try {
    load(written);
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
  return [];
}

describe('the defaults', () => {
  it('are those of the reference', () => {
    const settings = load({});
    expect(settings).toMatchObject({
      host: '127.0.0.1',
      port: 8090,
      dataDir: '/srv/data',
      apiKeysFile: null,
      commands: ['node', 'npx', 'python3', 'uvx'],
      logLevel: 'info',
      publicUrl: null,
      environment: null,
      allowedHosts: [],
      allowedOrigins: [],
      secretEnv: ['SWITCHYARD_SECRET_*'],
      secretDirs: [],
      envAllow: [],
      egress: 'any',
      hookSecretsFile: null,
      webhooksFile: null,
      sessionKeysFile: null,
      tlsCert: null,
      tlsKey: null,
      maxInstances: 64,
      inboxScopes: ['read', 'write', 'invoke', 'exec'],
      backupIntervalHours: 24,
      backupKeep: 7,
      isLoopback: true,
    });
  });

  it('are narrower on a host of the network, unless something else is said', () => {
    const open = { SWITCHYARD_HOST: '0.0.0.0' };
    expect(load({ environment: open })).toMatchObject({
      egress: 'public',
      inboxScopes: null,
      isLoopback: false,
    });
    const said = { ...open, SWITCHYARD_EGRESS: 'any', SWITCHYARD_INBOX: 'write' };
    expect(load({ environment: said })).toMatchObject({ egress: 'any', inboxScopes: ['write'] });
  });

  it('hold for empty variables', () => {
    const names = ['HOST', 'PORT', 'ENV', 'PUBLIC_URL', 'API_KEYS_FILE', 'EGRESS', 'CONFIG'];
    const environment = Object.fromEntries(names.map((name) => [`SWITCHYARD_${name}`, '']));
    expect(load({ environment })).toMatchObject({ host: '127.0.0.1', port: 8090, egress: 'any' });
  });

  it.each([
    ['COMMANDS', 'commands', []],
    ['SECRET_ENV', 'secretEnv', []],
    ['INBOX', 'inboxScopes', null],
  ] as const)('do not come in where an empty %s says "nothing"', (name, key, value) => {
    expect(load({ environment: { [`SWITCHYARD_${name}`]: '' } })[key]).toEqual(value);
    expect(load({ file: { [name.toLowerCase()]: [] } })[key]).toEqual(value);
    expect(load({ file: { [name.toLowerCase()]: null } })[key]).not.toEqual(value);
  });
});

describe('the environment', () => {
  it('is read, paths from the directory of the process', () => {
    const environment = {
      SWITCHYARD_HOST: '[::1]',
      SWITCHYARD_PORT: '0',
      SWITCHYARD_DATA_DIR: '../var',
      SWITCHYARD_TLS_CERT: 'c.pem',
      SWITCHYARD_TLS_KEY: '/k.pem',
      SWITCHYARD_PUBLIC_URL: 'https://pub.example/base/',
    };
    expect(load({ environment })).toMatchObject({
      host: '::1',
      port: 0,
      dataDir: '/var',
      tlsCert: '/srv/c.pem',
      tlsKey: '/k.pem',
      publicUrl: 'https://pub.example/base',
    });
  });

  it.each([
    ['SWITCHYARD_PROT'],
    ['SWITCHYARD_'],
    ['SWITCHYARD_port'],
    ['SWITCHYARD_SECRETS'],
    ['SWITCHYARD_URLS'],
  ])('may not have %p, which is no setting', (name) => {
    expect(faultsOf({ environment: { [name]: '' } })).toEqual([`${name} is not a setting`]);
  });

  it('may have names of others: secrets, those of the CLI, and what children are told', () => {
    const environment = Object.fromEntries(
      ['SECRET_GEO', 'URL', 'API_KEY', 'INSTANCE', 'RUN'].map((name) => [
        `SWITCHYARD_${name}`,
        'x',
      ]),
    );
    expect(faultsOf({ environment: { ...environment, PATH: '/bin', switchyard_x: '1' } })).toEqual(
      [],
    );
  });

  it('is kept for secret references as it was at the start', () => {
    const environment: Record<string, string> = { GEO_KEY: 'g' };
    const { processEnvironment } = load({ environment });
    environment['GEO_KEY'] = 'changed';
    expect(processEnvironment).toEqual({ GEO_KEY: 'g' });
  });
});

describe('the file', () => {
  it('holds settings without the prefix, lists as arrays, numbers as they are', () => {
    const file = { port: 9000, commands: ['node', '/opt/bin/'], log_level: 'debug', env: null };
    expect(load({ file })).toMatchObject({
      port: 9000,
      commands: ['node', '/opt/bin/'],
      logLevel: 'debug',
      environment: null,
    });
  });

  it('yields to the environment, but not to an empty variable', () => {
    const file = { port: 9000, host: '::1' };
    const environment = { SWITCHYARD_PORT: '9001', SWITCHYARD_HOST: '' };
    expect(load({ file, environment })).toMatchObject({ port: 9001, host: '::1' });
  });

  it.each<[string, unknown, string]>([
    ['an unknown name', { prot: 1 }, '"prot" in gateway.json is not a setting'],
    ['a name in upper case', { PORT: 1 }, '"PORT" in gateway.json is not a setting'],
    [
      'a name with the prefix',
      { switchyard_port: 1 },
      '"switchyard_port" in gateway.json is not a setting',
    ],
    ['the file itself', { config: 'x' }, '"config" in gateway.json is not a setting'],
    ['an array', [], 'SWITCHYARD_CONFIG names gateway.json, which is not a JSON object'],
    ['a fraction', { port: 80.5 }, 'SWITCHYARD_PORT is not a whole number from 0 to 65535'],
  ])('may not hold %s', (_what, file, fault) => {
    expect(faultsOf({ file })).toEqual([fault]);
  });

  it.each<[string, unknown]>([
    ['a boolean', true],
    ['an object', { a: 'b' }],
    ['an array of numbers', [1]],
    ['an array with a comma in an item, which would make two of one', ['/run/a,/etc']],
  ])('may not give a setting %s', (_what, value) => {
    const [fault, ...more] = faultsOf({ file: { secret_dirs: value } });
    expect(fault).toContain('"secret_dirs" in gateway.json is neither');
    expect(more).toEqual([]);
  });

  it.each<[string, Written]>([
    ['is not there', { environment: { SWITCHYARD_CONFIG: 'other.json' } }],
    ['is not JSON', { file: '{' }],
  ])('is a fault when it %s', (_what, written) => {
    const [fault, ...more] = faultsOf(written);
    expect(fault).toMatch(/^SWITCHYARD_CONFIG names .*, which cannot be read: /);
    expect(more).toEqual([]);
  });
});

describe('faults', () => {
  it('are told all at once, those of the file and the environment alike', () => {
    const environment = {
      SWITCHYARD_PORT: 'x',
      SWITCHYARD_HOST: '127.0.0.1:8090',
      SWITCHYARD_TLS_KEY: 'k',
      SWITCHYARD_TYPO: '1',
    };
    expect(faultsOf({ environment, file: { egress: 'none', typo: 1 } })).toEqual([
      '"typo" in gateway.json is not a setting',
      'SWITCHYARD_TYPO is not a setting',
      'SWITCHYARD_HOST is not a host name or address without a port',
      'SWITCHYARD_PORT is not a whole number from 0 to 65535',
      'SWITCHYARD_EGRESS is not one of any, public',
      'SWITCHYARD_TLS_CERT and SWITCHYARD_TLS_KEY go together; one of them is missing',
    ]);
  });

  it('stand one a line in the message', () => {
    const error = new SettingsError(['a', 'b']);
    expect(error.message).toBe('The settings are not valid:\n- a\n- b');
  });
});

it('what is loaded cannot be changed, defaults included', () => {
  const settings = load({ environment: { SWITCHYARD_ALLOWED_HOSTS: 'a.example' } });
  const lists = [
    settings.commands,
    settings.allowedHosts,
    settings.secretEnv,
    settings.inboxScopes,
  ];
  for (const list of lists) expect(Object.isFrozen(list)).toBe(true);
  expect(Object.isFrozen(settings.processEnvironment)).toBe(true);
});
