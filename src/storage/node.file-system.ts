import { lstat, mkdir, open, readdir, readFile, rename, rmdir, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { FileSystem, type FileFacts, type OpenFile } from '../kernel/file-system.js';
import { systemCode } from './storage.errors.js';

const FLAGS = { exclusive: 'wx', append: 'a', 'read-write': 'r+' } as const;

/** The file system of this machine. */
export class NodeFileSystem extends FileSystem {
  override async open(
    path: string,
    mode: 'exclusive' | 'append' | 'read-write',
  ): Promise<OpenFile> {
    return new NodeOpenFile(await open(path, FLAGS[mode], 0o600));
  }

  override read(path: string): Promise<Buffer> {
    return readFile(path);
  }

  override async readRange(path: string, offset: number, length: number): Promise<Buffer> {
    const handle = await open(path, 'r');
    try {
      const buffer = Buffer.allocUnsafe(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return buffer.subarray(0, filled);
    } finally {
      await handle.close();
    }
  }

  override async names(path: string): Promise<string[]> {
    const names = await ignoring(['ENOENT'], readdir(path));
    return (names ?? []).sort();
  }

  override async facts(path: string): Promise<FileFacts | undefined> {
    const found = await ignoring(['ENOENT', 'ENOTDIR'], lstat(path));
    if (found === undefined) return undefined;
    return {
      kind: found.isFile()
        ? 'file'
        : found.isDirectory()
          ? 'directory'
          : found.isSymbolicLink()
            ? 'link'
            : 'other',
      bytes: found.size,
      modified_ms: found.mtimeMs,
      mode: found.mode & 0o7777,
      uid: found.uid,
    };
  }

  override rename(from: string, to: string): Promise<void> {
    return rename(from, to);
  }

  override async remove(path: string): Promise<void> {
    await ignoring(['ENOENT'], unlink(path));
  }

  override async removeDirectory(path: string): Promise<void> {
    await ignoring(['ENOENT', 'ENOTEMPTY', 'EEXIST'], rmdir(path));
  }

  override async makeDirectory(path: string): Promise<void> {
    await mkdir(path, { recursive: true, mode: 0o700 });
  }

  override async syncDirectory(path: string): Promise<void> {
    const handle = await open(path, 'r');
    try {
      // Some network file systems cannot sync a directory and say so; there is nothing more one could do there.
      await ignoring(['EINVAL', 'ENOTSUP'], handle.sync());
    } finally {
      await handle.close();
    }
  }
}

class NodeOpenFile implements OpenFile {
  constructor(private readonly handle: FileHandle) {}

  async write(content: Uint8Array, offset: number, length: number): Promise<number> {
    const { bytesWritten } = await this.handle.write(content, offset, length);
    return bytesWritten;
  }

  syncData(): Promise<void> {
    return this.handle.datasync();
  }

  sync(): Promise<void> {
    return this.handle.sync();
  }

  truncate(bytes: number): Promise<void> {
    return this.handle.truncate(bytes);
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

/** The result, or `undefined` when it failed with one of `codes`. */
async function ignoring<T>(
  codes: readonly string[],
  operation: Promise<T>,
): Promise<T | undefined> {
  try {
    return await operation;
  } catch (error) {
    if (codes.includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}
