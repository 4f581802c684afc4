import {
  hostName,
  listOf,
  matching,
  oneOf,
  pathFrom,
  publicUrl,
  wholeNumber,
  type SettingParser,
} from './setting-parsers.js';
import type { LogLevel, SettingsValues } from './settings.js';

/** One setting as the reference lists it. */
export interface SettingDefinition {
  /** The environment variable. In the file it is the same without the prefix, in lower case. */
  readonly name: string;
  readonly meaning: string;
  readonly unit?: string;
  /** As the reference shows it; `none` = not set. */
  readonly default: string;
}

export type SettingKey = Exclude<keyof SettingsValues, 'processEnvironment'>;

interface Setting<K extends SettingKey> extends SettingDefinition {
  readonly key: K;
  readonly parser: (directory: string) => SettingParser<SettingsValues[K]>;
  /** The value when it is not set; asked in the order of the table. */
  readonly fallback: (before: Partial<SettingsValues>, directory: string) => SettingsValues[K];
}

const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];
const SCOPES = ['read', 'write', 'invoke', 'exec'] as const;
const ENV_PATTERN = /^[A-Za-z_*][A-Za-z0-9_*]*$/;
const AUTHORITY = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)(:\d{1,5})?$/;
const ORIGIN =
  /^https?:\/\/(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)(:\d{1,5})?$/i;

/** The URL parser knows which ports and IPv6 addresses there are. */
function isAuthority(item: string): boolean {
  return AUTHORITY.test(item) && URL.canParse(`http://${item}`);
}

function isOrigin(item: string): boolean {
  return ORIGIN.test(item) && URL.canParse(item);
}

function isLoopback(values: Partial<SettingsValues>): boolean {
  return LOOPBACK.includes(values.host ?? '127.0.0.1');
}

function optionalPath<K extends SettingKey>(
  key: K &
    ('apiKeysFile' | 'hookSecretsFile' | 'webhooksFile' | 'sessionKeysFile' | 'tlsCert' | 'tlsKey'),
  name: string,
  meaning: string,
): Setting<typeof key> {
  return { key, name, meaning, default: 'none', parser: pathFrom, fallback: () => null };
}

function define<K extends SettingKey>(setting: Setting<K>): Setting<K> {
  return setting;
}

const inboxScopes: SettingParser<readonly string[] | null> = (text) =>
  ['', 'off'].includes(text.trim())
    ? null
    : listOf(new RegExp(`^(${SCOPES.join('|')})$`), 'is no scope, nor is the value "off"')(text);

/** Every setting there is. Order matters: a fallback may look at what stands above it. */
export const SETTING_TABLE = [
  define({
    key: 'host',
    name: 'SWITCHYARD_HOST',
    meaning:
      'Address to listen on. Anything but a loopback address needs SWITCHYARD_API_KEYS_FILE.',
    default: '127.0.0.1',
    parser: () => hostName,
    fallback: () => '127.0.0.1',
  }),
  define({
    key: 'port',
    name: 'SWITCHYARD_PORT',
    meaning: 'Port to listen on; 0 takes a free one.',
    default: '8090',
    parser: () => wholeNumber(0, 65_535),
    fallback: () => 8090,
  }),
  define({
    key: 'dataDir',
    name: 'SWITCHYARD_DATA_DIR',
    meaning: 'Directory of everything that is stored, made when absent.',
    default: './data',
    parser: pathFrom,
    fallback: (_, directory) => pathFrom(directory)('data'),
  }),
  optionalPath(
    'apiKeysFile',
    'SWITCHYARD_API_KEYS_FILE',
    'JSON file of API keys, read again when it changes. Without it everybody on this machine may do everything.',
  ),
  define({
    key: 'commands',
    name: 'SWITCHYARD_COMMANDS',
    meaning:
      'What may be spawned: bare names found on PATH, absolute paths, or directories ending in "/". Allowing an interpreter or package runner allows any code. Empty = nothing.',
    default: 'node,npx,python3,uvx',
    parser: () =>
      listOf(/^(\/.*|[A-Za-z0-9][A-Za-z0-9._+-]*)$/, 'is neither a bare name nor an absolute path'),
    fallback: () => ['node', 'npx', 'python3', 'uvx'],
  }),
  define<'logLevel'>({
    key: 'logLevel',
    name: 'SWITCHYARD_LOG_LEVEL',
    meaning: 'Least severe lines that are logged: silent, error, warn, info or debug.',
    default: 'info',
    parser: () => oneOf<LogLevel>('silent', 'error', 'warn', 'info', 'debug'),
    fallback: () => 'info',
  }),
  define({
    key: 'publicUrl',
    name: 'SWITCHYARD_PUBLIC_URL',
    meaning: 'URL under which clients reach the gateway, a base path included; its host is served.',
    default: 'none (http://<host>:<port>)',
    parser: () => publicUrl,
    fallback: () => null,
  }),
  define({
    key: 'environment',
    name: 'SWITCHYARD_ENV',
    meaning: 'Name of the overlay that services and templates apply.',
    default: 'none',
    parser: () => matching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'is not a short name'),
    fallback: () => null,
  }),
  define({
    key: 'allowedHosts',
    name: 'SWITCHYARD_ALLOWED_HOSTS',
    meaning: 'Host names served besides localhost and the public URL, each with or without a port.',
    default: 'none',
    parser: () => listOf(isAuthority, 'is not a host name with or without a port'),
    fallback: () => [],
  }),
  define({
    key: 'allowedOrigins',
    name: 'SWITCHYARD_ALLOWED_ORIGINS',
    meaning:
      'Origins of web pages that may use the gateway besides its own, such as https://console.example.',
    default: 'none',
    parser: () => listOf(isOrigin, 'is not an http(s) origin'),
    fallback: () => [],
  }),
  define({
    key: 'secretEnv',
    name: 'SWITCHYARD_SECRET_ENV',
    meaning: 'Patterns of the environment variables that ${env:NAME} may read; * is a wildcard.',
    default: 'SWITCHYARD_SECRET_*',
    parser: () => listOf(ENV_PATTERN, 'is not a pattern of variable names'),
    fallback: () => ['SWITCHYARD_SECRET_*'],
  }),
  define({
    key: 'secretDirs',
    name: 'SWITCHYARD_SECRET_DIRS',
    meaning: 'Absolute directories under which ${file:/path} may read.',
    default: 'none',
    parser: () => listOf(/^\//, 'is not an absolute path'),
    fallback: () => [],
  }),
  define({
    key: 'envAllow',
    name: 'SWITCHYARD_ENV_ALLOW',
    meaning:
      'Patterns of dangerous variables (LD_*, NODE_OPTIONS, PYTHON*, PATH, …) that runtime.env may set all the same.',
    default: 'none',
    parser: () => listOf(ENV_PATTERN, 'is not a pattern of variable names'),
    fallback: () => [],
  }),
  define<'egress'>({
    key: 'egress',
    name: 'SWITCHYARD_EGRESS',
    meaning:
      'Where upstreams may be: "public" refuses loopback and private addresses, "any" does not.',
    default: 'any on a loopback host, else public',
    parser: () => oneOf('any', 'public'),
    fallback: (before) => (isLoopback(before) ? 'any' : 'public'),
  }),
  optionalPath(
    'hookSecretsFile',
    'SWITCHYARD_HOOK_SECRETS_FILE',
    'JSON file of the secrets that generators sign their webhooks with, read again when it changes.',
  ),
  optionalPath(
    'webhooksFile',
    'SWITCHYARD_WEBHOOKS_FILE',
    'JSON file of the receivers that are told of alerts, read again when it changes.',
  ),
  optionalPath(
    'sessionKeysFile',
    'SWITCHYARD_SESSION_KEYS_FILE',
    'JSON file of the keys that seal session ids, to share them between nodes; else one is made in the data directory.',
  ),
  optionalPath(
    'tlsCert',
    'SWITCHYARD_TLS_CERT',
    'PEM file of the certificate; the listener then speaks HTTPS.',
  ),
  optionalPath('tlsKey', 'SWITCHYARD_TLS_KEY', 'PEM file of the private key of the certificate.'),
  define({
    key: 'maxInstances',
    name: 'SWITCHYARD_MAX_INSTANCES',
    meaning: 'Most child processes of all services together.',
    unit: 'processes',
    default: '64',
    parser: () => wholeNumber(1, 10_000),
    fallback: () => 64,
  }),
  define<'inboxScopes'>({
    key: 'inboxScopes',
    name: 'SWITCHYARD_INBOX',
    meaning:
      'Scopes of manifests dropped into <data>/inbox (read, write, invoke, exec); "off" or nothing watches no inbox.',
    default: 'read,write,invoke,exec on a loopback host, else off',
    parser: () => inboxScopes,
    fallback: (before) => (isLoopback(before) ? SCOPES : null),
  }),
  define({
    key: 'backupIntervalHours',
    name: 'SWITCHYARD_BACKUP_INTERVAL_HOURS',
    meaning: 'Time between backups that the gateway makes by itself; 0 makes none.',
    unit: 'hours',
    default: '24',
    parser: () => wholeNumber(0, 8_760),
    fallback: () => 24,
  }),
  define({
    key: 'backupKeep',
    name: 'SWITCHYARD_BACKUP_KEEP',
    meaning: 'Backups made by themselves that are kept; the oldest go first.',
    unit: 'backups',
    default: '7',
    parser: () => wholeNumber(1, 1_000),
    fallback: () => 7,
  }),
] as const;

/** The settings for the reference and its pin test, the name of the file itself included. */
export const SETTINGS: readonly SettingDefinition[] = [
  {
    name: 'SWITCHYARD_CONFIG',
    meaning:
      'JSON file of settings: names without the prefix in lower case, lists as arrays. The environment wins over it.',
    default: 'none',
  },
  ...SETTING_TABLE,
];
