import { dirname } from 'node:path';
import { FileSystem, type FileFacts, type OpenFile } from '../kernel/file-system.js';

type Entry = { readonly kind: 'file'; content: Buffer } | { readonly kind: 'gone' | 'directory' };

/**
 * Another file system as it is, with every change kept in memory and lost at the end: what would be done to the disk is
 * done for real, and the disk stays as it is. For dry runs; memory grows with what is written.
 */
export class OverlayFileSystem extends FileSystem {
  private readonly changed = new Map<string, Entry>();

  constructor(
    private readonly below: FileSystem,
    private readonly nowMs: () => number,
  ) {
    super();
  }

  override async open(
    path: string,
    mode: 'exclusive' | 'append' | 'read-write',
  ): Promise<OpenFile> {
    const exists = (await this.facts(path)) !== undefined;
    if (exists && mode === 'exclusive') throw failure('EEXIST', path);
    if (!exists && mode === 'read-write') throw failure('ENOENT', path);
    const content = exists ? await this.read(path) : Buffer.alloc(0);
    const entry = { kind: 'file' as const, content };
    this.changed.set(path, entry);
    return new OverlayFile(entry, mode === 'append' ? content.length : 0);
  }

  override async read(path: string): Promise<Buffer> {
    const entry = this.changed.get(path);
    if (entry === undefined) return this.below.read(path);
    if (entry.kind !== 'file') throw failure('ENOENT', path);
    return Promise.resolve(entry.content);
  }

  override async names(path: string): Promise<string[]> {
    const isGone = this.changed.get(path)?.kind === 'gone';
    const names = new Set(isGone ? [] : await this.below.names(path));
    for (const [changed, entry] of this.changed) {
      if (dirname(changed) !== path) continue;
      const name = changed.slice(path.length + 1);
      if (entry.kind === 'gone') names.delete(name);
      else names.add(name);
    }
    return [...names].sort();
  }

  override async facts(path: string): Promise<FileFacts | undefined> {
    const entry = this.changed.get(path);
    if (entry === undefined) return this.below.facts(path);
    if (entry.kind === 'gone') return undefined;
    const isFile = entry.kind === 'file';
    const bytes = isFile ? entry.content.length : 0;
    const mode = isFile ? 0o600 : 0o700;
    const uid = process.getuid?.() ?? 0;
    return Promise.resolve({ kind: entry.kind, bytes, modified_ms: this.nowMs(), mode, uid });
  }

  override async rename(from: string, to: string): Promise<void> {
    const content = await this.read(from);
    this.changed.set(to, { kind: 'file', content });
    this.changed.set(from, { kind: 'gone' });
  }

  override remove(path: string): Promise<void> {
    this.changed.set(path, { kind: 'gone' });
    return Promise.resolve();
  }

  override async removeDirectory(path: string): Promise<void> {
    if ((await this.names(path)).length === 0) this.changed.set(path, { kind: 'gone' });
  }

  override async makeDirectory(path: string): Promise<void> {
    if ((await this.facts(path)) === undefined) this.changed.set(path, { kind: 'directory' });
  }

  override syncDirectory(): Promise<void> {
    return Promise.resolve();
  }
}

class OverlayFile implements OpenFile {
  constructor(
    private readonly entry: { content: Buffer },
    private position: number,
  ) {}

  write(content: Uint8Array, offset: number, length: number): Promise<number> {
    const before = this.entry.content.subarray(0, this.position);
    const after = this.entry.content.subarray(this.position + length);
    const written = content.subarray(offset, offset + length);
    this.entry.content = Buffer.concat([before, written, after]);
    this.position += length;
    return Promise.resolve(length);
  }

  truncate(bytes: number): Promise<void> {
    this.entry.content = this.entry.content.subarray(0, bytes);
    return Promise.resolve();
  }

  syncData(): Promise<void> {
    return Promise.resolve();
  }

  sync(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
