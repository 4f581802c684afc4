import { isJsonObject, pointerTo, type JsonValue } from '../kernel/json.js';
import { decodeBase64 } from './base64.js';
import { KeyFileError, readList, repeated } from './api-keys.js';

/** A secret that webhooks are signed with (Standard Webhooks, "symmetric"). */
export interface HookSecret {
  readonly id: string;
  readonly key: Buffer;
}

const PREFIX = 'whsec_';
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** Bounds of the specification. */
const MIN_BYTES = 24;
const MAX_BYTES = 64;

/** Reads `{ "secrets": [ { "id", "secret": "whsec_<base64 of 24 to 64 bytes>" } ] }`. Throws `KeyFileError`. */
export function parseHookSecrets(content: Uint8Array): readonly HookSecret[] {
  const entries = readList(content, 'secrets');
  const faults = [...repeated(entries, 'id')];
  const secrets = entries.map((entry, at) => readSecret(entry, pointerTo('/secrets', at), faults));
  if (faults.length > 0) throw new KeyFileError(faults);
  return secrets.filter((secret) => secret !== null);
}

function readSecret(entry: JsonValue, at: string, faults: string[]): HookSecret | null {
  if (!isJsonObject(entry)) {
    faults.push(`${at} is not an object`);
    return null;
  }
  const { id, secret, ...others } = entry;
  for (const member of Object.keys(others)) faults.push(`${pointerTo(at, member)} is unknown`);
  if (typeof id !== 'string' || !ID.test(id)) {
    faults.push(`${at}/id is not a name of letters, digits, ".", "_" and "-" (at most 64)`);
    return null;
  }
  const key =
    typeof secret === 'string' && secret.startsWith(PREFIX)
      ? decodeBase64(secret.slice(PREFIX.length))
      : null;
  if (key === null || key.length < MIN_BYTES || key.length > MAX_BYTES) {
    faults.push(`${at}/secret is not "whsec_" and 24 to 64 bytes in base64`);
    return null;
  }
  return { id, key };
}
