import { readFile } from 'node:fs/promises';
import { CommandFailure, EXIT } from './exit-code.js';

const MAX_BYTES = 1024 * 1024;

/** A manifest, a client's file, a server.json or a service specification as JSON; `-` is the standard input. */
export async function readManifestFile(
  path: string,
  stdin: AsyncIterable<Uint8Array | string>,
): Promise<unknown> {
  const content = path === '-' ? await readAll(stdin) : await readNamed(path);
  if (Buffer.byteLength(content) > MAX_BYTES) {
    throw new CommandFailure(EXIT.usage, `${path} has more than 1 MiB.`);
  }
  try {
    return JSON.parse(content) as unknown;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(EXIT.usage, `${path} is not JSON: ${reason}`);
  }
}

async function readNamed(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(EXIT.usage, `${path} cannot be read: ${reason}`);
  }
}

async function readAll(stdin: AsyncIterable<Uint8Array | string>): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of stdin) {
    parts.push(Buffer.from(part));
    bytes += part.length;
    if (bytes > MAX_BYTES) break;
  }
  return Buffer.concat(parts).toString('utf8');
}
