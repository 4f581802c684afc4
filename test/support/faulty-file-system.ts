import { dirname } from 'node:path';
import { FileSystem, type FileFacts, type OpenFile } from '../../src/kernel/file-system.js';

/** What the next operation is, for a hook that may spoil it. */
export interface Operation {
  /** Counts from 1, over the life of this file system. */
  readonly number: number;
  readonly name: Exclude<keyof FileSystem | keyof OpenFile, 'read' | 'names' | 'facts'>;
  readonly path: string;
}

/**
 * `code`: fails with it, a write after `wrote` bytes (default none). `short`: writes at most that many bytes and succeeds.
 * `hang`: the power is cut here; this and everything later never answers.
 */
export interface Fault {
  readonly code?: string;
  readonly wrote?: number;
  readonly short?: number;
  readonly hang?: true;
}

export type FaultHook = (operation: Operation) => Fault | undefined;

interface FileNode {
  readonly kind: 'file';
  content: Buffer;
  /** What a power cut leaves for certain. */
  durable: Buffer;
  /** What the content was since the last sync: the system may have written any of it out by itself. */
  passed: Buffer[];
  modified_ms: number;
}

type Node = FileNode | { readonly kind: 'directory' };

/** A change of names that is not durable yet. */
interface NameChange {
  readonly directories: readonly string[];
  readonly set: readonly (readonly [string, Node | null])[];
}

const BLOCK_BYTES = 64;

/**
 * A file system in memory that fails on demand, knows what a power cut would leave, and can be cut. Content is durable
 * after a sync of the file, a name after a sync of its directory; what was not synced may survive, or not, or in part.
 */
export class FaultyFileSystem extends FileSystem {
  hook: FaultHook = () => undefined;
  /** Bytes that all files together may hold. */
  capacity = Number.POSITIVE_INFINITY;
  operations = 0;
  private isCut = false;
  private names_ = new Map<string, Node>([['/', { kind: 'directory' }]]);
  private durableNames = new Map<string, Node>(this.names_);
  private pendingNames: NameChange[] = [];

  constructor(readonly nowMs: () => number = () => 0) {
    super();
  }

  override async open(
    path: string,
    mode: 'exclusive' | 'append' | 'read-write',
  ): Promise<OpenFile> {
    await this.enter('open', path);
    const found = this.names_.get(path);
    if (found?.kind === 'directory') throw systemError('EISDIR', path);
    if (found !== undefined && mode === 'exclusive') throw systemError('EEXIST', path);
    if (found === undefined && mode === 'read-write') throw systemError('ENOENT', path);
    const node = found ?? this.create(path);
    return new FaultyOpenFile(this, path, node, mode === 'read-write' ? 0 : null);
  }

  override async read(path: string): Promise<Buffer> {
    await this.turn();
    const found = this.names_.get(path);
    if (found === undefined) throw systemError('ENOENT', path);
    if (found.kind === 'directory') throw systemError('EISDIR', path);
    return Buffer.from(found.content);
  }

  override async names(path: string): Promise<string[]> {
    await this.turn();
    return [...this.names_.keys()]
      .filter((name) => name !== '/' && dirname(name) === path)
      .map((name) => name.slice(name.lastIndexOf('/') + 1))
      .sort();
  }

  override async facts(path: string): Promise<FileFacts | undefined> {
    await this.turn();
    const found = this.names_.get(path);
    if (found === undefined) return undefined;
    const isFile = found.kind === 'file';
    return {
      kind: found.kind,
      bytes: isFile ? found.content.length : 0,
      modified_ms: isFile ? found.modified_ms : 0,
      mode: isFile ? 0o600 : 0o700,
      uid: 0,
    };
  }

  override async rename(from: string, to: string): Promise<void> {
    await this.enter('rename', to);
    const node = this.names_.get(from);
    if (node === undefined) throw systemError('ENOENT', from);
    this.requireParent(to);
    this.change([from, null], [to, node]);
  }

  override async remove(path: string): Promise<void> {
    await this.enter('remove', path);
    if (this.names_.has(path)) this.change([path, null]);
  }

  override async removeDirectory(path: string): Promise<void> {
    await this.enter('removeDirectory', path);
    const isUsed = [...this.names_.keys()].some((name) => dirname(name) === path);
    if (this.names_.get(path)?.kind === 'directory' && !isUsed) this.change([path, null]);
  }

  override async makeDirectory(path: string): Promise<void> {
    await this.enter('makeDirectory', path);
    const missing: string[] = [];
    for (let at = path; !this.names_.has(at); at = dirname(at)) missing.unshift(at);
    for (const directory of missing) this.change([directory, { kind: 'directory' }]);
  }

  override async syncDirectory(path: string): Promise<void> {
    await this.enter('syncDirectory', path);
    if (this.names_.get(path)?.kind !== 'directory') throw systemError('ENOENT', path);
    const isOf = (change: NameChange): boolean => change.directories.includes(path);
    for (const change of this.pendingNames.filter(isOf)) applyNames(this.durableNames, change);
    this.pendingNames = this.pendingNames.filter((change) => !isOf(change));
  }

  /** What is there when the process has died and the machine has not: everything that was done, though not more durable than before. */
  afterProcessDeath(): FaultyFileSystem {
    const next = new FaultyFileSystem(this.nowMs);
    next.names_ = new Map(this.names_);
    next.durableNames = new Map(this.durableNames);
    next.pendingNames = [...this.pendingNames];
    return next;
  }

  /**
   * What is there after a power cut. Of the names that were not synced, each directory keeps the first few; of the content,
   * each block may be the old or the new one, and the length anything between.
   */
  afterPowerCut(fraction: () => number): FaultyFileSystem {
    const names = new Map(this.durableNames);
    const ended = new Set<string>();
    for (const change of this.pendingNames) {
      if (change.directories.some((directory) => ended.has(directory))) continue;
      if (fraction() < 0.5) applyNames(names, change);
      else for (const directory of change.directories) ended.add(directory);
    }
    // A file is reachable only through directories that are there.
    for (const name of [...names.keys()].sort()) {
      if (name !== '/' && !names.has(dirname(name))) names.delete(name);
    }
    const next = new FaultyFileSystem(this.nowMs);
    next.adopt(names, (node) => tear(node, fraction));
    return next;
  }

  /** All names with the content of the files, for assertions. */
  contents(): ReadonlyMap<string, string | null> {
    const entries = [...this.names_].map(
      ([name, node]) =>
        [name, node.kind === 'file' ? node.content.toString('utf8') : null] as const,
    );
    return new Map(entries.sort(([left], [right]) => (left < right ? -1 : 1)));
  }

  /** Changes a file behind the store's back, durably. */
  overwrite(path: string, content: string | Buffer): void {
    const buffer = Buffer.from(content);
    const node = fileNode(buffer, this.nowMs());
    for (const names of [this.names_, this.durableNames]) {
      for (let at = dirname(path); !names.has(at); at = dirname(at)) {
        names.set(at, { kind: 'directory' });
      }
      names.set(path, node);
    }
  }

  /** Lets the hook decide about one operation; throws, hangs, or answers a shortened write. */
  async enter(name: Operation['name'], path: string): Promise<Fault> {
    await this.turn();
    this.operations += 1;
    const fault = this.hook({ number: this.operations, name, path }) ?? {};
    if (fault.hang === true) this.isCut = true;
    await this.turn();
    if (fault.code !== undefined && name !== 'write' && name !== 'sync' && name !== 'syncData') {
      throw systemError(fault.code, path);
    }
    return fault;
  }

  get usedBytes(): number {
    let used = 0;
    for (const node of this.names_.values()) if (node.kind === 'file') used += node.content.length;
    return used;
  }

  /** Gives others a turn; after the power cut nothing ever goes on. */
  private async turn(): Promise<void> {
    await Promise.resolve();
    if (this.isCut) await new Promise(() => undefined);
  }

  private create(path: string): FileNode {
    this.requireParent(path);
    const node = fileNode(Buffer.alloc(0), this.nowMs());
    this.change([path, node]);
    return node;
  }

  private requireParent(path: string): void {
    if (this.names_.get(dirname(path))?.kind !== 'directory') throw systemError('ENOENT', path);
  }

  private change(...set: (readonly [string, Node | null])[]): void {
    const directories = [...new Set(set.map(([name]) => dirname(name)))];
    const change: NameChange = { directories, set };
    applyNames(this.names_, change);
    this.pendingNames.push(change);
  }

  private adopt(names: ReadonlyMap<string, Node>, contentOf: (node: FileNode) => Buffer): void {
    this.names_ = new Map();
    for (const [name, node] of names) {
      if (node.kind === 'directory') {
        this.names_.set(name, node);
        continue;
      }
      this.names_.set(name, fileNode(contentOf(node), node.modified_ms));
    }
    this.durableNames = new Map(this.names_);
  }
}

class FaultyOpenFile implements OpenFile {
  constructor(
    private readonly fileSystem: FaultyFileSystem,
    private readonly path: string,
    private readonly node: FileNode,
    /** `null` = always at the end. */
    private position: number | null,
  ) {}

  async write(content: Uint8Array, offset: number, length: number): Promise<number> {
    const fault = await this.fileSystem.enter('write', this.path);
    const room = Math.max(0, this.fileSystem.capacity - this.fileSystem.usedBytes);
    const wanted = fault.code === undefined ? (fault.short ?? length) : (fault.wrote ?? 0);
    const count = Math.min(length, wanted, room);
    this.put(content.subarray(offset, offset + count));
    if (fault.code !== undefined) throw systemError(fault.code, this.path);
    if (count === 0 && length > 0) throw systemError('ENOSPC', this.path);
    return count;
  }

  async syncData(): Promise<void> {
    await this.flush(await this.fileSystem.enter('syncData', this.path));
  }

  async sync(): Promise<void> {
    await this.flush(await this.fileSystem.enter('sync', this.path));
  }

  async truncate(bytes: number): Promise<void> {
    await this.fileSystem.enter('truncate', this.path);
    const { content } = this.node;
    this.node.passed.push(content);
    this.node.content =
      bytes <= content.length
        ? Buffer.from(content.subarray(0, bytes))
        : Buffer.concat([content, Buffer.alloc(bytes - content.length)]);
  }

  async close(): Promise<void> {
    await this.fileSystem.enter('close', this.path);
  }

  private put(bytes: Uint8Array): void {
    const { content } = this.node;
    const at = this.position ?? content.length;
    this.node.passed.push(content);
    this.node.content = Buffer.concat([
      content.subarray(0, at),
      bytes,
      content.subarray(at + bytes.length),
    ]);
    if (this.position !== null) this.position += bytes.length;
    this.node.modified_ms = this.fileSystem.nowMs();
  }

  private flush(fault: Fault): Promise<void> {
    if (fault.code !== undefined) return Promise.reject(systemError(fault.code, this.path));
    this.node.durable = this.node.content;
    this.node.passed = [];
    return Promise.resolve();
  }
}

function fileNode(content: Buffer, modified_ms: number): FileNode {
  return { kind: 'file', content, durable: content, passed: [], modified_ms };
}

function applyNames(names: Map<string, Node>, change: NameChange): void {
  for (const [name, node] of change.set) {
    if (node === null) names.delete(name);
    else names.set(name, node);
  }
}

function tear(node: FileNode, fraction: () => number): Buffer {
  const { durable } = node;
  if (node.passed.length === 0) return durable;
  const candidates = [...node.passed, node.content];
  const content = candidates[Math.floor(fraction() * candidates.length)] ?? durable;
  if (content.equals(durable)) return durable;
  const shorter = Math.min(content.length, durable.length);
  const longer = Math.max(content.length, durable.length);
  const torn = Buffer.alloc(shorter + Math.floor(fraction() * (longer - shorter + 1)));
  for (let at = 0; at < torn.length; at += BLOCK_BYTES) {
    const source = fraction() < 0.5 ? durable : content;
    if (at < source.length) source.copy(torn, at, at, Math.min(at + BLOCK_BYTES, torn.length));
  }
  // What neither source reaches stays zero: a block that was allocated and never written. What was durable and was not
  // touched is the same in both.
  const untouched = commonPrefix(content, durable);
  content.copy(torn, 0, 0, Math.min(untouched, torn.length));
  return torn;
}

function commonPrefix(left: Buffer, right: Buffer): number {
  const end = Math.min(left.length, right.length);
  let at = 0;
  while (at < end && left[at] === right[at]) at += 1;
  return at;
}

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
