import { mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { newApiKey } from '../kernel/api-key.js';
import { isJsonObject, type JsonObject } from '../kernel/json.js';
import type { Random } from '../kernel/random.js';
import { CommandFailure, EXIT } from './exit-code.js';

/** An entry of the keys file. */
export interface KeyEntry {
  readonly id: string;
  readonly sha256: string;
  readonly scopes: readonly string[];
  readonly services: readonly string[] | null;
  readonly expires_at: string | null;
}

export interface KeyWishes {
  readonly id: string;
  /** Separated by commas. */
  readonly scopes: string;
  readonly services?: string;
  readonly expires?: string;
}

const SCOPES = ['read', 'write', 'invoke', 'exec', 'admin'];
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const PATTERN = /^[a-z0-9*-]{1,63}$/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/** Makes a key and its entry; wishes that make no sense are a usage error. */
export function createKey(wishes: KeyWishes, random: Random): { key: string; entry: KeyEntry } {
  const scopes = listOf(wishes.scopes);
  const services = wishes.services === undefined ? null : listOf(wishes.services);
  const expires_at = wishes.expires ?? null;
  refuseUnless(ID.test(wishes.id), '--id takes letters, digits, ".", "_" and "-", at most 64.');
  refuseUnless(
    scopes.length > 0 && scopes.every((scope) => SCOPES.includes(scope)),
    `--scopes takes some of ${SCOPES.join(', ')}, separated by commas.`,
  );
  refuseUnless(
    services === null || (services.length > 0 && services.every((each) => PATTERN.test(each))),
    '--services takes service names, "*" for any characters, separated by commas.',
  );
  refuseUnless(
    expires_at === null || (TIME.test(expires_at) && !Number.isNaN(Date.parse(expires_at))),
    '--expires takes an RFC 3339 time such as 2027-01-31T00:00:00Z.',
  );
  const { key, sha256 } = newApiKey(random);
  return { key, entry: { id: wishes.id, sha256, scopes, services, expires_at } };
}

/**
 * Adds an entry to a keys file, or makes the file; the gateway reads it anew by itself. The file is replaced whole, mode
 * 0600, so that a crash leaves the old one.
 */
export async function addToKeysFile(path: string, entry: KeyEntry): Promise<void> {
  const document = await readKeysFile(path);
  if (document.keys.some((each) => isJsonObject(each) && each['id'] === entry.id)) {
    throw new CommandFailure(EXIT.refused, `${path} has a key with the id "${entry.id}" already.`);
  }
  const content = `${JSON.stringify({ ...document, keys: [...document.keys, entry] }, null, 2)}\n`;
  const target = resolve(path);
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const temporary = `${target}.${String(process.pid)}.tmp`;
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, target).catch(async (error: unknown) => {
    await unlink(temporary);
    throw error;
  });
}

async function readKeysFile(path: string): Promise<JsonObject & { keys: unknown[] }> {
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { keys: [] };
    throw new CommandFailure(EXIT.usage, `${path} cannot be read: ${String(error)}`);
  }
  let document: unknown = null;
  try {
    document = JSON.parse(content);
  } catch {
    // Refused below, as anything else that is no keys file.
  }
  if (isJsonObject(document) && Array.isArray(document['keys'])) {
    return { ...document, keys: document['keys'] };
  }
  throw new CommandFailure(
    EXIT.refused,
    `${path} is no keys file: { "keys": [ … ] } was expected.`,
  );
}

/** Of an error of the operating system. */
function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function refuseUnless(holds: boolean, message: string): void {
  if (!holds) throw new CommandFailure(EXIT.usage, message);
}
