import type { FileSystem } from '../kernel/file-system.js';
import { isJsonObject } from '../kernel/json.js';
import { replaceFile } from './durable-write.js';
import type { ChainLink } from './record-store.js';
import { systemCode } from './storage.errors.js';

/** Beside the files of a chain: the last line that retention removed, which the first one kept follows. */
export const ANCHOR_FILE = 'anchor.json';
const HASH = /^[0-9a-f]{64}$/;

/** To be durable before the lines up to it are removed. */
export async function writeAnchor(
  fileSystem: FileSystem,
  directory: string,
  { number, hash }: ChainLink,
): Promise<void> {
  const text = `${JSON.stringify({ schema_version: '1.0', number, hash })}\n`;
  await replaceFile(fileSystem, `${directory}/${ANCHOR_FILE}`, [Buffer.from(text)]);
  await fileSystem.syncDirectory(directory);
}

/** `null`: nothing was ever removed. `damaged`: there is one, and it cannot be read. */
export async function readAnchor(
  fileSystem: FileSystem,
  directory: string,
): Promise<ChainLink | 'damaged' | null> {
  let content: Buffer;
  try {
    content = await fileSystem.read(`${directory}/${ANCHOR_FILE}`);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
  try {
    const anchor: unknown = JSON.parse(content.toString('utf8'));
    if (!isJsonObject(anchor)) return 'damaged';
    const { number, hash } = anchor;
    if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 1) return 'damaged';
    return typeof hash === 'string' && HASH.test(hash) ? { number, hash } : 'damaged';
  } catch {
    return 'damaged';
  }
}
