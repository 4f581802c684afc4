/** What a file system call may answer about a path. Sizes are bytes, times milliseconds since the epoch. */
export interface FileFacts {
  readonly kind: 'file' | 'directory' | 'link' | 'other';
  readonly bytes: number;
  readonly modified_ms: number;
  readonly mode: number;
  readonly uid: number;
}

/** An open file. `write` may write less than it was given; callers loop. */
export interface OpenFile {
  write(content: Uint8Array, offset: number, length: number): Promise<number>;
  /** Flushes data and what is needed to read it back (fdatasync). */
  syncData(): Promise<void>;
  /** Flushes data and metadata (fsync). */
  sync(): Promise<void>;
  truncate(bytes: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * The one door to the disk, so that a faulty one and a power-loss simulator can stand in. Errors are Node's own
 * (`code`: `ENOENT`, `ENOSPC`, `EIO`, …).
 */
export abstract class FileSystem {
  /** `exclusive` creates and fails with EEXIST; `append` creates when absent. Files are made with mode 0600. */
  abstract open(path: string, mode: 'exclusive' | 'append' | 'read-write'): Promise<OpenFile>;
  abstract read(path: string): Promise<Buffer>;
  /** `length` bytes from `offset` on; fewer at the end of the file, none behind it. */
  async readRange(path: string, offset: number, length: number): Promise<Buffer> {
    return (await this.read(path)).subarray(offset, offset + length);
  }
  /** Names in a directory, sorted; an absent directory is empty. */
  abstract names(path: string): Promise<string[]>;
  /** Does not follow links; `undefined` when absent. */
  abstract facts(path: string): Promise<FileFacts | undefined>;
  abstract rename(from: string, to: string): Promise<void>;
  /** Removes a file; an absent one is fine. */
  abstract remove(path: string): Promise<void>;
  /** Removes an empty directory; an absent or non-empty one is left. */
  abstract removeDirectory(path: string): Promise<void>;
  /** Makes a directory and its parents, mode 0700. */
  abstract makeDirectory(path: string): Promise<void>;
  /** Makes the names in a directory durable (fsync of the directory). */
  abstract syncDirectory(path: string): Promise<void>;
}
