import { sha256Hex } from '../kernel/ids.js';
import { isJsonObject, pointerTo, type JsonValue } from '../kernel/json.js';
import type { Random } from '../kernel/random.js';
import type { Principal, Scope } from './principal.js';

/** One entry of the keys file, as it is written: the key itself is never stored. */
export interface ApiKeyEntry {
  readonly id: string;
  /** Lower-case hex of the key's UTF-8 bytes. */
  readonly sha256: string;
  readonly scopes: readonly Scope[];
  /** Name patterns of the services it may see and use; `null` = all. */
  readonly services: readonly string[] | null;
  /** RFC 3339, or `null` = never. */
  readonly expires_at: string | null;
}

export interface ApiKey {
  readonly principal: Principal;
  readonly digest: Buffer;
  readonly expiresAtMs: number | null;
}

/** A key file that cannot be used; the message lists every fault, one a line. */
export class KeyFileError extends Error {
  constructor(readonly faults: readonly string[]) {
    super(faults.join('\n'));
    this.name = 'KeyFileError';
  }
}

export const MAX_KEY_CHARS = 512;
const MEMBERS = ['id', 'sha256', 'scopes', 'services', 'expires_at'];
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const PATTERN = /^[a-z0-9*-]{1,63}$/;
const TIME = /^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;
const SCOPES: ReadonlySet<string> = new Set(['read', 'write', 'invoke', 'exec', 'admin']);

/** Reads the keys file, `{ "keys": [ … ] }`. Throws `KeyFileError` with every fault; unknown members are faults. */
export function parseApiKeys(content: Uint8Array): readonly ApiKey[] {
  const entries = readList(content, 'keys');
  const faults: string[] = [];
  const keys = entries.map((entry, at) => readKey(entry, pointerTo('/keys', at), faults));
  faults.push(...repeated(entries, 'id'), ...repeated(entries, 'sha256'));
  if (faults.length > 0) throw new KeyFileError(faults);
  return keys.filter((key) => key !== null);
}

/** Makes a key: 256 random bits. `key` is shown to its user once, `entry` goes into the file. */
export function createApiKey(
  random: Random,
  options: {
    readonly id: string;
    readonly scopes: readonly Scope[];
    readonly services?: readonly string[] | null;
    readonly expires_at?: string | null;
  },
): { readonly key: string; readonly entry: ApiKeyEntry } {
  const key = `sy_${random.bytes(32).toString('base64url')}`;
  const entry: ApiKeyEntry = {
    id: options.id,
    sha256: sha256Hex(key),
    scopes: options.scopes,
    services: options.services ?? null,
    expires_at: options.expires_at ?? null,
  };
  const faults: string[] = [];
  readKey({ ...entry, scopes: [...entry.scopes] } as unknown as JsonValue, '', faults);
  if (faults.length > 0) throw new KeyFileError(faults);
  return { key, entry };
}

/** The array `name` of a document that has no other member; throws `KeyFileError`. */
export function readList(content: Uint8Array, name: string): readonly JsonValue[] {
  let document: JsonValue;
  try {
    document = JSON.parse(Buffer.from(content).toString('utf8')) as JsonValue;
  } catch {
    throw new KeyFileError(['The file is not JSON']);
  }
  const list = isJsonObject(document) ? document[name] : undefined;
  if (!isJsonObject(document) || !Array.isArray(list)) {
    throw new KeyFileError([`The file is not an object with an array "${name}"`]);
  }
  const others = Object.keys(document).filter((member) => member !== name);
  if (others.length > 0)
    throw new KeyFileError(others.map((other) => `${pointerTo('', other)} is unknown`));
  return list;
}

/** Faults of members that two entries of a list share. */
export function repeated(entries: readonly JsonValue[], member: string): string[] {
  const seen = new Set<JsonValue>();
  const faults: string[] = [];
  for (const entry of entries) {
    const value = isJsonObject(entry) ? entry[member] : undefined;
    if (typeof value !== 'string') continue;
    if (seen.has(value)) faults.push(`Two entries have the ${member} "${value}"`);
    seen.add(value);
  }
  return faults;
}

function readKey(entry: JsonValue, at: string, faults: string[]): ApiKey | null {
  const before = faults.length;
  if (!isJsonObject(entry)) {
    faults.push(`${at} is not an object`);
    return null;
  }
  for (const member of Object.keys(entry)) {
    if (!MEMBERS.includes(member)) faults.push(`${pointerTo(at, member)} is unknown`);
  }
  const { id, sha256, scopes, services = null, expires_at = null } = entry;
  if (typeof id !== 'string' || !ID.test(id)) {
    faults.push(`${at}/id is not a name of letters, digits, ".", "_" and "-" (at most 64)`);
  }
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) {
    faults.push(`${at}/sha256 is not 64 lower-case hex digits`);
  }
  if (!isListOf(scopes, (scope) => SCOPES.has(scope)) || scopes.length === 0) {
    faults.push(`${at}/scopes is not a list of ${[...SCOPES].join(', ')}`);
  }
  if (services !== null && !isListOf(services, (pattern) => PATTERN.test(pattern))) {
    faults.push(`${at}/services is neither null nor a list of name patterns`);
  }
  const expiresAtMs = readTime(expires_at);
  if (expiresAtMs === undefined)
    faults.push(`${at}/expires_at is neither null nor an RFC 3339 time`);
  if (faults.length > before || expiresAtMs === undefined) return null;
  const principal: Principal = {
    id: id as string,
    kind: 'key',
    scopes: new Set(scopes as string[]),
    services: services as string[] | null,
  };
  return { principal, digest: Buffer.from(sha256 as string, 'hex'), expiresAtMs };
}

function isListOf(
  value: JsonValue | undefined,
  fits: (text: string) => boolean,
): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string' && fits(item));
}

/** Milliseconds since the epoch; `null` = never, `undefined` = not a time. */
function readTime(value: JsonValue): number | null | undefined {
  if (value === null) return null;
  if (typeof value !== 'string' || !TIME.test(value)) return undefined;
  const ms = Date.parse(value);
  if (Number.isNaN(ms)) return undefined;
  // `Date` takes 30 February for 2 March: a key would live longer than its writer can have meant.
  const day = value.slice(0, 10);
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day) ? ms : undefined;
}
