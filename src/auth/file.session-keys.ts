import { dirname } from 'node:path';
import type { Clock } from '../kernel/clock.js';
import type { FileSystem } from '../kernel/file-system.js';
import { isJsonObject, pointerTo, type JsonValue } from '../kernel/json.js';
import type { Logger } from '../kernel/logger.js';
import type { Random } from '../kernel/random.js';
import { decodeBase64 } from './base64.js';
import { KeyFileError, readList, repeated } from './api-keys.js';
import { SessionKeys, type SessionKey } from './session-keys.js';
import { WatchedFile } from './watched-file.js';

const KEY_BYTES = 32;
const ID = /^[A-Za-z0-9_-]{1,32}$/;

/**
 * Keys in a file, `{ "keys": [ { "id", "key": base64 of 32 bytes } ] }`: the first one seals, all of them open. Nodes
 * that share sessions share the file; a key is rotated by putting a new one first.
 */
export class FileSessionKeys extends SessionKeys {
  constructor(private readonly file: WatchedFile<readonly SessionKey[]>) {
    super();
  }

  override current(): SessionKey {
    const [first] = this.file.value;
    if (first === undefined) throw new Error('The session keys are empty');
    return first;
  }

  override find(id: string): Buffer | undefined {
    return this.file.value.find((key) => key.id === id)?.key;
  }

  close(): void {
    this.file.close();
  }
}

/** Throws `KeyFileError`; an empty list is a fault. */
export function parseSessionKeys(content: Uint8Array): readonly SessionKey[] {
  const entries = readList(content, 'keys');
  const faults = [...repeated(entries, 'id')];
  if (entries.length === 0) faults.push('/keys is empty');
  const keys = entries.map((entry, at) => readKey(entry, pointerTo('/keys', at), faults));
  if (faults.length > 0) throw new KeyFileError(faults);
  return keys.filter((key) => key !== null);
}

/** Makes a file with one new key where there is none: mode 0600, complete or absent. */
export async function ensureSessionKeys(
  path: string,
  files: FileSystem,
  random: Random,
): Promise<void> {
  if ((await files.facts(path)) !== undefined) return;
  const id = random.bytes(6).toString('base64url');
  const key = random.bytes(KEY_BYTES).toString('base64');
  const content = Buffer.from(`${JSON.stringify({ keys: [{ id, key }] }, null, 2)}\n`);
  const scratch = `${path}.new`;
  await files.makeDirectory(dirname(path));
  await files.remove(scratch);
  const file = await files.open(scratch, 'exclusive');
  try {
    for (let offset = 0; offset < content.length;) {
      offset += await file.write(content, offset, content.length - offset);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  await files.rename(scratch, path);
  await files.syncDirectory(dirname(path));
}

/** Opens the keys at `path`; a bad file is an error that names every fault. */
export async function openSessionKeys(
  path: string,
  ports: { readonly files: FileSystem; readonly clock: Clock; readonly logger: Logger },
): Promise<FileSessionKeys> {
  const { files, clock, logger } = ports;
  const file = new WatchedFile(path, parseSessionKeys, files, clock, logger);
  return new FileSessionKeys(await file.open());
}

function readKey(entry: JsonValue, at: string, faults: string[]): SessionKey | null {
  if (!isJsonObject(entry)) {
    faults.push(`${at} is not an object`);
    return null;
  }
  const { id, key, ...others } = entry;
  for (const member of Object.keys(others)) faults.push(`${pointerTo(at, member)} is unknown`);
  if (typeof id !== 'string' || !ID.test(id)) {
    faults.push(`${at}/id is not a name of letters, digits, "_" and "-" (at most 32)`);
    return null;
  }
  const bytes = typeof key === 'string' ? decodeBase64(key) : null;
  if (bytes?.length !== KEY_BYTES) {
    faults.push(`${at}/key is not 32 bytes in base64`);
    return null;
  }
  return { id, key: bytes };
}
