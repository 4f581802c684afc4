import { isJsonObject, pointerTo, type JsonObject, type JsonValue } from '../kernel/json.js';
import type { FieldError } from '../kernel/problem.js';
import { serviceNameOf, type Manifest, type ManifestEntry } from './manifest-entry.js';

/** What the clients call their transports, and what we call them. */
const HOSTING_MODES: ReadonlyMap<string, string> = new Map([
  ['stdio', 'stdio'],
  ['local', 'stdio'],
  ['sse', 'sse'],
  ['http', 'streamable_http'],
  ['streamable-http', 'streamable_http'],
  ['streamableHttp', 'streamable_http'],
  ['streamable_http', 'streamable_http'],
  ['remote', 'streamable_http'],
]);
const RUNTIME_MEMBERS = ['command', 'args', 'env', 'cwd'];
const NETWORK_MEMBERS = ['url', 'headers'];
const READ_MEMBERS = new Set([
  ...RUNTIME_MEMBERS,
  ...NETWORK_MEMBERS,
  'type',
  'transport',
  'disabled',
  'enabled',
  'description',
]);

/**
 * The servers of a client's file: `{ "<name>": { command, args, env } | { url, type, headers } }`. Members that only mean
 * something to the client are reported as warnings; servers that are switched off there are left out.
 */
export function readClientServers(
  servers: JsonObject,
  at: string,
  errors: FieldError[],
): Manifest | null {
  const warnings: string[] = [];
  const entries: ManifestEntry[] = [];
  const labels = new Map<string, string>();
  for (const [label, server] of Object.entries(servers)) {
    const pointer = pointerTo(at, label);
    if (!isJsonObject(server)) {
      errors.push({ pointer, detail: 'must be an object' });
      continue;
    }
    if (server['disabled'] === true || server['enabled'] === false) {
      warnings.push(`"${label}" is disabled in the file and was left out.`);
      continue;
    }
    const name = readName(label, pointer, labels, errors);
    if (name !== null) entries.push(readServer(label, name, server, pointer, errors, warnings));
  }
  if (entries.length === 0 && errors.length === 0) {
    errors.push({ pointer: at, detail: 'names no server that is enabled' });
  }
  return { kind: 'client_servers', entries, warnings };
}

function readName(
  label: string,
  pointer: string,
  labels: Map<string, string>,
  errors: FieldError[],
): string | null {
  const name = serviceNameOf(label);
  if (name === null) {
    errors.push({ pointer, detail: 'must have a name with a letter a-z or a digit in it' });
    return null;
  }
  const other = labels.get(name);
  labels.set(name, label);
  if (other === undefined) return name;
  errors.push({ pointer, detail: `would be named "${name}", as "${other}" is` });
  return null;
}

function readServer(
  label: string,
  name: string,
  server: JsonObject,
  at: string,
  errors: FieldError[],
  warnings: string[],
): ManifestEntry {
  const ignored = Object.keys(server).filter((member) => !READ_MEMBERS.has(member));
  if (ignored.length > 0) {
    warnings.push(`"${label}": ${ignored.join(', ')} mean nothing here and were ignored.`);
  }
  const { command, url } = server;
  if ((command === undefined) === (url === undefined)) {
    errors.push({ pointer: at, detail: 'must have either command or url' });
  }
  const spec: JsonObject = {
    name,
    type: 'executable',
    hosting_mode: readHostingMode(server, at, errors),
    config: {
      ...section('runtime', RUNTIME_MEMBERS, server),
      ...section('network', NETWORK_MEMBERS, server),
    },
  };
  if (label !== name) spec['title'] = label;
  if (server['description'] !== undefined) spec['description'] = server['description'];
  return { label, spec, origins: originsAt(at), declaredTools: [] };
}

/** Without a word of the client's: a command speaks stdio, a URL Streamable HTTP, or HTTP+SSE when it ends in `/sse`. */
function readHostingMode(server: JsonObject, at: string, errors: FieldError[]): string {
  const named = server['type'] ?? server['transport'];
  if (named === undefined || named === null) {
    if (server['url'] === undefined) return 'stdio';
    return endsInSse(server['url']) ? 'sse' : 'streamable_http';
  }
  const mode = typeof named === 'string' ? HOSTING_MODES.get(named) : undefined;
  if (mode !== undefined) return mode;
  const member = server['type'] === undefined ? 'transport' : 'type';
  const known = [...HOSTING_MODES.keys()].join(', ');
  errors.push({ pointer: `${at}/${member}`, detail: `must be one of ${known}` });
  return 'stdio';
}

function endsInSse(url: JsonValue): boolean {
  if (typeof url !== 'string' || !URL.canParse(url)) return false;
  return new URL(url).pathname.endsWith('/sse');
}

function section(category: string, members: readonly string[], server: JsonObject): JsonObject {
  const found: JsonObject = {};
  for (const member of members) {
    const value = server[member];
    if (value !== undefined && value !== null) found[member] = value;
  }
  return Object.keys(found).length === 0 ? {} : { [category]: found };
}

function originsAt(at: string): ManifestEntry['origins'] {
  return [
    ...RUNTIME_MEMBERS.map((field) => [`/config/runtime/${field}`, `${at}/${field}`] as const),
    ...NETWORK_MEMBERS.map((field) => [`/config/network/${field}`, `${at}/${field}`] as const),
    ['/config', at],
    ['/hosting_mode', `${at}/type`],
    ['/description', `${at}/description`],
    ['/name', at],
    ['/title', at],
  ];
}
