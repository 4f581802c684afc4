import { isJsonObject, type JsonObject, type JsonValue } from '../kernel/json.js';
import type { FieldError } from '../kernel/problem.js';
import { serviceNameOf, type Manifest, type ManifestEntry } from './manifest-entry.js';
import { readArguments, readInputs } from './server-json-inputs.js';

/**
 * The official registry's `server.json` (schema 2025-09-29 and newer) as a service. A remote that needs no input of the
 * user is taken first, then a package from npm or PyPI, then any remote. What the document leaves to the user is refused
 * by name; secrets become references that the operator fills in.
 */
export function readServerJson(document: JsonObject, errors: FieldError[]): Manifest | null {
  const { name, title, description, version } = document;
  const serviceName = typeof name === 'string' ? serviceNameOf(name.split('/').pop() ?? '') : null;
  if (serviceName === null || typeof name !== 'string') {
    errors.push({ pointer: '/name', detail: 'must be a name such as io.example/weather' });
    return null;
  }
  const chosen = choose(document, errors);
  if (chosen === null) return null;
  const spec: JsonObject = {
    name: serviceName,
    title: typeof title === 'string' ? title : name,
    type: 'executable',
    hosting_mode: chosen.hosting_mode,
    config: chosen.config,
  };
  if (typeof description === 'string') spec['description'] = description;
  if (typeof version === 'string') spec['version'] = version;
  const entry: ManifestEntry = {
    label: name,
    spec,
    origins: [['/config', chosen.at]],
    declaredTools: [],
  };
  return { kind: 'server_json', entries: [entry], warnings: chosen.warnings };
}

interface Choice {
  readonly at: string;
  readonly hosting_mode: string;
  readonly config: JsonObject;
  readonly warnings: readonly string[];
}

interface Attempt {
  readonly choice: Choice | null;
  readonly errors: readonly FieldError[];
}

function choose(document: JsonObject, errors: FieldError[]): Choice | null {
  const remotes = attempts(document['remotes'], '/remotes', readRemote);
  const packages = attempts(document['packages'], '/packages', readPackage);
  const clean = (attempt: Attempt): boolean => (attempt.choice?.warnings ?? ['']).length === 0;
  const usable = [...remotes.filter(clean), ...packages, ...remotes].find(
    (attempt) => attempt.choice !== null,
  );
  if (usable !== undefined) return usable.choice;
  const found = [...packages, ...remotes].flatMap((attempt) => attempt.errors);
  if (found.length === 0)
    found.push({ pointer: '', detail: 'names neither a package nor a remote' });
  errors.push(...found);
  return null;
}

type Reader = (item: JsonObject, at: string, errors: FieldError[]) => Choice | null;

function attempts(list: JsonValue | undefined, at: string, read: Reader): Attempt[] {
  if (list === undefined) return [];
  if (!Array.isArray(list)) {
    return [{ choice: null, errors: [{ pointer: at, detail: 'must be a list' }] }];
  }
  return list.map((item, index) => {
    const errors: FieldError[] = [];
    const pointer = `${at}/${String(index)}`;
    if (!isJsonObject(item)) errors.push({ pointer, detail: 'must be an object' });
    const choice = isJsonObject(item) ? read(item, pointer, errors) : null;
    return { choice: errors.length === 0 ? choice : null, errors };
  });
}

function readRemote(remote: JsonObject, at: string, errors: FieldError[]): Choice | null {
  const { type, url } = remote;
  const hosting_mode =
    type === 'streamable-http' ? 'streamable_http' : type === 'sse' ? 'sse' : null;
  if (hosting_mode === null) {
    errors.push({ pointer: `${at}/type`, detail: 'must be streamable-http or sse' });
  }
  if (typeof url !== 'string' || url.includes('{')) {
    errors.push({ pointer: `${at}/url`, detail: 'must be a URL without variables' });
  }
  const headers = readInputs(remote['headers'], `${at}/headers`, errors);
  if (hosting_mode === null || typeof url !== 'string') return null;
  const network: JsonObject = { url };
  if (Object.keys(headers.values).length > 0) network['headers'] = headers.values;
  return { at, hosting_mode, config: { network }, warnings: headers.warnings };
}

/** How a package of each registry is started. */
const LAUNCHERS: Readonly<
  Record<string, { command: string; args: (id: string, version: string | null) => string[] }>
> = {
  npm: {
    command: 'npx',
    args: (id, version) => ['-y', version === null ? id : `${id}@${version}`],
  },
  pypi: {
    command: 'uvx',
    args: (id, version) => [version === null ? id : `${id}@${version}`],
  },
};

function readPackage(item: JsonObject, at: string, errors: FieldError[]): Choice | null {
  const { registryType, identifier, version, transport } = item;
  const launcher = typeof registryType === 'string' ? LAUNCHERS[registryType] : undefined;
  if (launcher === undefined) {
    const detail = 'must be npm or pypi; write a service with runtime.command for anything else';
    errors.push({ pointer: `${at}/registryType`, detail });
  }
  if (typeof identifier !== 'string' || identifier === '' || identifier.startsWith('-')) {
    errors.push({ pointer: `${at}/identifier`, detail: 'must be the name of a package' });
  }
  const kind = isJsonObject(transport) ? transport['type'] : 'stdio';
  if (kind !== 'stdio') {
    const detail = 'must be stdio; write a service with runtime.command for a package that listens';
    errors.push({ pointer: `${at}/transport/type`, detail });
  }
  const runtimeArgs = readArguments(item['runtimeArguments'], `${at}/runtimeArguments`, errors);
  const packageArgs = readArguments(item['packageArguments'], `${at}/packageArguments`, errors);
  const env = readInputs(item['environmentVariables'], `${at}/environmentVariables`, errors);
  if (launcher === undefined || typeof identifier !== 'string') return null;
  const launch = launcher.args(identifier, typeof version === 'string' ? version : null);
  const own = runtimeArgs.filter((argument) => !launch.includes(argument));
  const runtime: JsonObject = {
    command: launcher.command,
    args: [...own, ...launch, ...packageArgs],
  };
  if (Object.keys(env.values).length > 0) runtime['env'] = env.values;
  return { at, hosting_mode: 'stdio', config: { runtime }, warnings: env.warnings };
}
