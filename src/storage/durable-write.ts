import { dirname } from 'node:path';
import type { FileSystem, OpenFile } from '../kernel/file-system.js';
import { systemCode } from './storage.errors.js';

export const TEMPORARY_SUFFIX = '.tmp';

/** Writes all of `content`, however little the system takes at a time. */
export async function writeFully(file: OpenFile, content: Uint8Array): Promise<void> {
  let offset = 0;
  while (offset < content.length) {
    const written = await file.write(content, offset, content.length - offset);
    if (written <= 0) {
      throw Object.assign(new Error('The system wrote nothing.'), { code: 'EIO' });
    }
    offset += written;
  }
}

/**
 * Replaces a file whole or not at all: temporary file beside it, all bytes, fsync, close, rename. The new name is durable
 * once the caller has synced the directory, which it may do once for many files.
 * Invariant: the file at `path` is never one that is partly written, whatever fails.
 */
export async function replaceFile(
  fileSystem: FileSystem,
  path: string,
  content: Iterable<Uint8Array>,
): Promise<void> {
  const temporary = `${path}${TEMPORARY_SUFFIX}`;
  // What an earlier crash or failure left there is worth nothing, and only the owner of the lock writes here.
  await fileSystem.remove(temporary);
  try {
    const file = await fileSystem.open(temporary, 'exclusive');
    try {
      for (const chunk of content) await writeFully(file, chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await fileSystem.rename(temporary, path);
  } catch (error) {
    await fileSystem.remove(temporary).catch(() => undefined);
    throw error;
  }
}

/**
 * Makes a directory whose name survives a power cut, and its parents.
 * Why the parent is synced although the directory is there: who made it may have died before that.
 */
export async function ensureDirectory(fileSystem: FileSystem, path: string): Promise<void> {
  const parent = dirname(path);
  if ((await fileSystem.facts(path))?.kind === 'directory') {
    await fileSystem.syncDirectory(parent).catch((error: unknown) => {
      // A parent that we may not even read is not one that we made a name in.
      if (!['EACCES', 'EPERM', 'EROFS'].includes(systemCode(error) ?? '')) throw error;
    });
    return;
  }
  if (parent !== path) await ensureDirectory(fileSystem, parent);
  await fileSystem.makeDirectory(path);
  await fileSystem.syncDirectory(parent);
}
