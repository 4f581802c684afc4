import { readFile } from 'node:fs/promises';
import { CommandFailure, EXIT } from './exit-code.js';

const MIB = 1024 * 1024;
const MAX_BYTES = MIB;
const MAX_BUNDLE_BYTES = 64 * MIB;

/** A manifest, a client's file, a server.json or a service specification as JSON; `-` is the standard input. */
export async function readManifestFile(
  path: string,
  stdin: AsyncIterable<Uint8Array | string>,
): Promise<unknown> {
  const content = await readTextFile(path, stdin, MAX_BYTES);
  try {
    return JSON.parse(content) as unknown;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(EXIT.usage, `${path} is not JSON: ${reason}`);
  }
}

/** The text of a file of at most `maxBytes`, 64 MiB by default; `-` is the standard input. */
export async function readTextFile(
  path: string,
  stdin: AsyncIterable<Uint8Array | string>,
  maxBytes = MAX_BUNDLE_BYTES,
): Promise<string> {
  const content = path === '-' ? await readAll(stdin, maxBytes) : await readNamed(path);
  if (Buffer.byteLength(content) <= maxBytes) return content;
  const limit = `${String(maxBytes / MIB)} MiB`;
  throw new CommandFailure(EXIT.usage, `${path} has more than ${limit}.`);
}

async function readNamed(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(EXIT.usage, `${path} cannot be read: ${reason}`);
  }
}

async function readAll(
  stdin: AsyncIterable<Uint8Array | string>,
  maxBytes: number,
): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of stdin) {
    parts.push(Buffer.from(part));
    bytes += part.length;
    if (bytes > maxBytes) break;
  }
  return Buffer.concat(parts).toString('utf8');
}
