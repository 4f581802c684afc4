import { isJsonObject, pointerTo, type JsonObject, type JsonValue } from '../kernel/json.js';
import type { FieldError } from '../kernel/problem.js';
import { readClientServers } from '../manifests/client-servers.js';
import { hooksProblems } from './hooks.errors.js';
import type { Manifest, ManifestEntry } from '../manifests/manifest-entry.js';
import { readServerJson } from '../manifests/server-json.js';

/** Reads what a generator, a client or a publisher wrote about an MCP server as service specifications. */
export function readManifest(document: unknown): Manifest {
  const errors: FieldError[] = [];
  const manifest = isJsonObject(document)
    ? readObject(document, errors)
    : refuse(errors, '', 'must be a JSON object');
  if (errors.length > 0 || manifest === null) {
    throw hooksProblems['manifest-invalid']({ detail: summaryOf(errors), errors });
  }
  return manifest;
}

function summaryOf(errors: readonly FieldError[]): string {
  return errors
    .map(({ pointer, detail }) => `${pointer === '' ? 'The manifest' : pointer} ${detail}`)
    .join('; ');
}

function readObject(document: JsonObject, errors: FieldError[]): Manifest | null {
  if (document['wrapper'] !== undefined) return readWrapper(document, errors);
  for (const member of ['mcpServers', 'servers']) {
    const servers = document[member];
    if (isJsonObject(servers)) return readClientServers(servers, `/${member}`, errors);
    if (member === 'mcpServers' && servers !== undefined) {
      return refuse(errors, '/mcpServers', 'must be an object of servers by name');
    }
  }
  if (document['packages'] !== undefined || document['remotes'] !== undefined) {
    return readServerJson(document, errors);
  }
  if (document['config'] !== undefined) return serviceManifest(document);
  return refuse(
    errors,
    '',
    'is none that is known: it has neither wrapper, mcpServers, packages, remotes nor config',
  );
}

const WRAPPER_MEMBERS = [
  'script_id',
  'name',
  'title',
  'description',
  'type',
  'hosting_mode',
  'version',
  'tags',
  'owner',
  'extends',
  'config',
  'wrapper',
  'tools',
];
const RUNTIME_MEMBERS = ['command', 'args', 'env', 'cwd'];
const NETWORK_MEMBERS = ['url', 'headers'];
const ORIGINS: ManifestEntry['origins'] = [
  ...RUNTIME_MEMBERS.map((field) => [`/config/runtime/${field}`, `/wrapper/${field}`] as const),
  ...NETWORK_MEMBERS.map((field) => [`/config/network/${field}`, `/wrapper/${field}`] as const),
];

function readWrapper(document: JsonObject, errors: FieldError[]): Manifest | null {
  const { wrapper, tools, config = {}, ...rest } = document;
  for (const member of Object.keys(document)) {
    if (!WRAPPER_MEMBERS.includes(member)) {
      errors.push({ pointer: pointerTo('', member), detail: 'is not known here' });
    }
  }
  if (typeof rest['script_id'] !== 'string') {
    errors.push({ pointer: '/script_id', detail: 'must be the UUID of the script' });
  }
  if (typeof rest['name'] !== 'string') {
    errors.push({ pointer: '/name', detail: 'must be the name of the service' });
  }
  const declaredTools = readToolNames(tools, errors);
  if (!isJsonObject(config)) return refuse(errors, '/config', 'must be an object');
  if (!isJsonObject(wrapper)) return refuse(errors, '/wrapper', 'must be an object');
  const merged = mergeWrapper(wrapper, config, errors);
  const spec: JsonObject = { ...rest, config: merged };
  const label = typeof rest['name'] === 'string' ? rest['name'] : 'wrapper';
  return {
    kind: 'wrapper',
    entries: [{ label, spec, origins: ORIGINS, declaredTools }],
    warnings: [],
  };
}

/** The wrapper's members as configuration, on top of `config`. A value given in both places is refused. */
function mergeWrapper(wrapper: JsonObject, config: JsonObject, errors: FieldError[]): JsonObject {
  for (const member of Object.keys(wrapper)) {
    if (!RUNTIME_MEMBERS.includes(member) && !NETWORK_MEMBERS.includes(member)) {
      errors.push({ pointer: pointerTo('/wrapper', member), detail: 'is not known here' });
    }
  }
  const { command, url } = wrapper;
  if ((command === undefined) === (url === undefined)) {
    errors.push({ pointer: '/wrapper', detail: 'must have either command or url' });
  }
  return {
    ...config,
    ...section('runtime', RUNTIME_MEMBERS, wrapper, config, errors),
    ...section('network', NETWORK_MEMBERS, wrapper, config, errors),
  };
}

function section(
  category: string,
  members: readonly string[],
  wrapper: JsonObject,
  config: JsonObject,
  errors: FieldError[],
): JsonObject {
  const own = config[category];
  const given = members.filter((member) => wrapper[member] !== undefined);
  if (given.length === 0 || (own !== undefined && !isJsonObject(own))) return {};
  const merged: JsonObject = { ...own };
  for (const member of given) {
    if (merged[member] !== undefined) {
      const detail = `is given in /wrapper/${member} as well`;
      errors.push({ pointer: `/config/${category}/${member}`, detail });
    }
    merged[member] = wrapper[member] ?? null;
  }
  return { [category]: merged };
}

/** `tools`: MCP Tool objects or bare names. What is served is what the server lists; these are compared with it. */
function readToolNames(tools: JsonValue | undefined, errors: FieldError[]): readonly string[] {
  if (tools === undefined || tools === null) return [];
  if (!Array.isArray(tools)) {
    errors.push({ pointer: '/tools', detail: 'must be a list' });
    return [];
  }
  const names: string[] = [];
  for (const [index, tool] of tools.entries()) {
    const name = isJsonObject(tool) ? tool['name'] : tool;
    if (typeof name === 'string') names.push(name);
    else errors.push({ pointer: `/tools/${String(index)}`, detail: 'must be a tool with a name' });
  }
  return names;
}

function serviceManifest(document: JsonObject): Manifest {
  const label = typeof document['name'] === 'string' ? document['name'] : 'service';
  const entry: ManifestEntry = { label, spec: document, origins: [], declaredTools: [] };
  return { kind: 'service', entries: [entry], warnings: [] };
}

function refuse(errors: FieldError[], pointer: string, detail: string): null {
  errors.push({ pointer, detail });
  return null;
}
