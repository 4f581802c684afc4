import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { deepFreeze, isJsonObject, type JsonValue } from '../kernel/json.js';
import { SettingFault } from './setting-parsers.js';
import { SETTING_TABLE, SETTINGS, type SettingKey } from './setting-table.js';
import { Settings, type SettingsValues } from './settings.js';

export { SETTINGS, type SettingDefinition } from './setting-table.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the loader reads; tests give their own. */
export interface SettingsSource {
  readonly environment: Environment;
  /** Where relative paths start. */
  readonly directory: string;
  readonly readText: (path: string) => string;
}

/** Why the gateway does not start: every fault of the settings at once, one a line. */
export class SettingsError extends Error {
  constructor(readonly faults: readonly string[]) {
    super(`The settings are not valid:\n${faults.map((fault) => `- ${fault}`).join('\n')}`);
    this.name = 'SettingsError';
  }
}

const PREFIX = 'SWITCHYARD_';
/** Names with our prefix that are read by the CLI, set for children, or hold secrets. */
const FOREIGN = new Set(['INSTANCE', 'RUN', 'URL', 'API_KEY'].map((name) => PREFIX + name));
const SECRET_PREFIX = 'SWITCHYARD_SECRET_';

/** Reads the settings from the environment and the file it names. Throws `SettingsError`. */
export function loadSettings(source: SettingsSource = processSource()): Settings {
  const faults: string[] = [];
  const written = {
    ...readConfigFile(source, faults),
    ...readEnvironment(source.environment, faults),
  };
  const values: Partial<Record<SettingKey, unknown>> = {};
  for (const setting of SETTING_TABLE) {
    const text = written[setting.name];
    values[setting.key] = setting.fallback(values as Partial<SettingsValues>, source.directory);
    if (text === undefined) continue;
    try {
      values[setting.key] = setting.parser(source.directory)(text);
    } catch (error) {
      if (!(error instanceof SettingFault)) throw error;
      faults.push(`${setting.name} ${error.message}`);
    }
  }
  const complete = values as Omit<SettingsValues, 'processEnvironment'>;
  if ((complete.tlsCert === null) !== (complete.tlsKey === null)) {
    faults.push('SWITCHYARD_TLS_CERT and SWITCHYARD_TLS_KEY go together; one of them is missing');
  }
  if (faults.length > 0) throw new SettingsError(faults);
  return new Settings({
    ...deepFreeze(complete),
    processEnvironment: Object.freeze({ ...source.environment }),
  });
}

function processSource(): SettingsSource {
  return {
    environment: process.env,
    directory: process.cwd(),
    readText: (path) => readFileSync(path, 'utf8'),
  };
}

/** An empty variable is one that is not set, except for lists: there it says "nothing", and must not mean the default. */
function isUnset(name: string, text: string): boolean {
  const setting = SETTING_TABLE.find((candidate) => candidate.name === name);
  return text === '' && !['commands', 'secretEnv', 'inboxScopes'].includes(setting?.key ?? '');
}

function readEnvironment(environment: Environment, faults: string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith(PREFIX) || text === undefined) continue;
    if (SETTINGS.some((setting) => setting.name === name)) {
      if (!isUnset(name, text)) found[name] = text;
    } else if (!FOREIGN.has(name) && !name.startsWith(SECRET_PREFIX)) {
      faults.push(`${name} is not a setting`);
    }
  }
  return found;
}

function readConfigFile(source: SettingsSource, faults: string[]): Record<string, string> {
  const path = source.environment.SWITCHYARD_CONFIG;
  if (path === undefined || path === '') return {};
  let document: unknown;
  try {
    document = JSON.parse(source.readText(resolve(source.directory, path)));
  } catch (error) {
    faults.push(
      `SWITCHYARD_CONFIG names ${path}, which cannot be read: ${(error as Error).message}`,
    );
    return {};
  }
  if (!isJsonObject(document)) {
    faults.push(`SWITCHYARD_CONFIG names ${path}, which is not a JSON object`);
    return {};
  }
  const found: Record<string, string> = {};
  for (const [member, value] of Object.entries(document)) {
    const name = PREFIX + member.toUpperCase();
    const isKnown = SETTING_TABLE.some((setting) => setting.name === name);
    const text = textOf(value);
    if (!isKnown || member !== member.toLowerCase()) {
      faults.push(`"${member}" in ${path} is not a setting`);
    } else if (text === undefined) {
      faults.push(
        `"${member}" in ${path} is neither a text, a number, an array of texts without commas nor null`,
      );
    } else if (text !== null && !isUnset(name, text)) found[name] = text;
  }
  return found;
}

/** A comma would make two items of one. */
function isListItem(item: JsonValue): boolean {
  return typeof item === 'string' && !item.includes(',');
}

/** The value as the environment would hold it; `null` = not set, `undefined` = of no fitting type. */
function textOf(value: JsonValue): string | null | undefined {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value) && value.every(isListItem)) {
    return value.join(',');
  }
  return undefined;
}
