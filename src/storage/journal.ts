import type { FileSystem, OpenFile } from '../kernel/file-system.js';
import { writeFully } from './durable-write.js';
import { encodeRecord, GENESIS, type ChainPoint } from './journal-record.js';
import { scanSegment } from './journal-scan.js';
import type { CommitRecord } from './record-store.js';
import { isOutOfSpace, storageProblems, systemCode } from './storage.errors.js';

/** One file of the journal, named by the first revision in it. */
export interface Segment {
  readonly first: number;
  readonly name: string;
  readonly isSealed: boolean;
}

export interface JournalState {
  readonly end: ChainPoint;
  /** Ordered by first revision, sealed ones included. */
  readonly segments: readonly Segment[];
  /** Good bytes in the last segment; appended to when it is not sealed. */
  readonly tailBytes: number;
}

export interface JournalExtent {
  readonly end: ChainPoint;
  readonly segments: readonly Segment[];
  /** How much of the last segment is durable; what follows is being written. `null` = all of it. */
  readonly tailBytes: number | null;
}

/** An append that failed. `isContained`: the refused records cannot come back at the next boot. */
export class JournalFailure extends Error {
  constructor(
    override readonly cause: unknown,
    readonly isContained: boolean,
  ) {
    super('The journal could not be written.', { cause });
    this.name = 'JournalFailure';
  }

  get isOutOfSpace(): boolean {
    return isOutOfSpace(this.cause);
  }
}

export function segmentName(first: number): string {
  return `${String(first).padStart(12, '0')}.jsonl`;
}

/** The first revision of a segment's name, or `null` for another file's name. */
export function firstOfSegment(name: string): number | null {
  const match = /^(\d{12,15})\.jsonl$/.exec(name);
  return match === null ? null : Number(match[1]);
}

/**
 * The commit point: appends groups of records to the last segment, one write and one fdatasync a group.
 * Owned by one writer that awaits each call; only `read` may run beside it.
 * Invariant: when `append` has resolved the records are durable; when it has failed contained, they never will be.
 */
export class Journal {
  private file: OpenFile | null = null;
  /** Whether the file at the end may hold bytes of a refused group, as cutting them off failed. */
  private isDirty = false;
  private end: ChainPoint = GENESIS;
  private segments: Segment[] = [];
  private tailBytes = 0;
  private canReuseTail = false;
  /** Boot found damage: where the good bytes end is not known, and nothing is appended. */
  private isTailUnknown = false;

  constructor(
    private readonly fileSystem: FileSystem,
    readonly directory: string,
    readonly sealedDirectory: string,
    /** Called when there is no room, before the failed bytes are cut off: frees the reserve. */
    private readonly onOutOfSpace: () => Promise<void>,
  ) {}

  /** Goes on from what boot found. */
  resume(state: JournalState): void {
    this.end = state.end;
    this.segments = [...state.segments];
    this.tailBytes = state.tailBytes;
    this.canReuseTail = state.tailBytes > 0 && this.segments.at(-1)?.isSealed === false;
    this.isTailUnknown = state.tailBytes === 0 && state.segments.length > 0;
  }

  get point(): ChainPoint {
    return this.end;
  }

  /** Oldest first, sealed ones included. */
  get files(): readonly Segment[] {
    return this.segments;
  }

  /** What is durable at this moment, for those who read it beside the writer. */
  get extent(): JournalExtent {
    const tailBytes = this.isTailUnknown ? null : this.tailBytes;
    return { end: this.end, segments: [...this.segments], tailBytes };
  }

  /** Where the segment of that name is now, or `null` when it is no longer kept. */
  find(name: string): string | null {
    const segment = this.segments.find((one) => one.name === name);
    return segment === undefined ? null : this.pathOf(segment);
  }

  pathOf(segment: Segment): string {
    return `${segment.isSealed ? this.sealedDirectory : this.directory}/${segment.name}`;
  }

  /** Makes the commits durable. Answers the bytes of each; throws `JournalFailure`. */
  async append(commits: readonly CommitRecord[]): Promise<readonly number[]> {
    let hash = this.end.hash;
    const lines = commits.map((commit) => {
      const encoded = encodeRecord(commit, hash, this.end.revision);
      hash = encoded.hash;
      return Buffer.from(encoded.line);
    });
    const group = Buffer.concat(lines);
    try {
      if (this.isDirty) await this.cutTail();
      const file = this.file ?? (await this.openSegment(this.end.revision + 1));
      await writeFully(file, group);
      await file.syncData();
      // The name of a fresh segment must be as durable as its content.
      if (this.tailBytes === 0) await this.fileSystem.syncDirectory(this.directory);
    } catch (error) {
      throw new JournalFailure(error, await this.contain(error));
    }
    this.tailBytes += group.length;
    this.end = { revision: commits.at(-1)?.revision ?? this.end.revision, hash };
    return lines.map((line) => line.length);
  }

  /** Ends the current segment; the next append begins another. */
  async rotate(): Promise<void> {
    const file = this.file;
    this.file = null;
    this.canReuseTail = false;
    await file?.close();
  }

  /** Moves the segments whose records all are at or before `revision` out of the way of boot. */
  async sealThrough(revision: number): Promise<void> {
    let moved = false;
    for (const [index, segment] of this.segments.entries()) {
      const last = (this.segments[index + 1]?.first ?? this.end.revision + 1) - 1;
      const isCurrent = index === this.segments.length - 1 && (this.file !== null || this.isDirty);
      if (segment.isSealed || last > revision || isCurrent) continue;
      const sealed = { ...segment, isSealed: true };
      await this.fileSystem.rename(this.pathOf(segment), this.pathOf(sealed));
      this.segments[index] = sealed;
      moved = true;
      if (index === this.segments.length - 1) this.canReuseTail = false;
    }
    if (!moved) return;
    await this.fileSystem.syncDirectory(this.sealedDirectory);
    await this.fileSystem.syncDirectory(this.directory);
  }

  /** Removes a sealed segment that is past its time. */
  async forget(segment: Segment): Promise<void> {
    this.segments = this.segments.filter((other) => other.name !== segment.name);
    await this.fileSystem.remove(this.pathOf(segment));
  }

  /** Commits after `revision` up to `through`, oldest first, from the files; throws `storage.compacted`. */
  async read(revision: number, through: number, limit: number): Promise<readonly CommitRecord[]> {
    const found: CommitRecord[] = [];
    let next = revision + 1;
    while (next <= through && found.length < limit) {
      const wanted = next;
      const segment = this.segments.findLast((candidate) => candidate.first <= wanted);
      if (segment === undefined) throw storageProblems.compacted();
      for (const commit of await this.readSegment(segment)) {
        if (commit.revision !== next || next > through || found.length >= limit) continue;
        found.push(commit);
        next += 1;
      }
      if (next === wanted) {
        throw storageProblems['corrupt-journal'](`Revision ${next} cannot be read.`);
      }
    }
    return found;
  }

  async close(): Promise<void> {
    await this.rotate();
  }

  private async readSegment(segment: Segment): Promise<readonly CommitRecord[]> {
    let content: Buffer;
    try {
      content = await this.fileSystem.read(this.pathOf(segment));
    } catch (error) {
      // Sealed or forgotten meanwhile: the list says where it is now.
      const now = this.segments.find((other) => other.name === segment.name);
      if (systemCode(error) !== 'ENOENT') throw error;
      if (now === undefined) throw storageProblems.compacted();
      content = await this.fileSystem.read(this.pathOf(now));
    }
    // The hash before it was checked at boot; each line still carries its own.
    return scanSegment(content, { revision: segment.first - 1, hash: null }, true).records;
  }

  private async openSegment(first: number): Promise<OpenFile> {
    const tail = this.segments.at(-1);
    if (this.canReuseTail && tail !== undefined) {
      this.file = await this.fileSystem.open(this.pathOf(tail), 'append');
      return this.file;
    }
    const segment: Segment = { first, name: segmentName(first), isSealed: false };
    const path = this.pathOf(segment);
    if (tail?.name !== segment.name) this.segments.push(segment);
    this.tailBytes = 0;
    this.isTailUnknown = false;
    try {
      this.file = await this.fileSystem.open(path, 'exclusive');
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
      // Left empty by an append that failed and was cut off.
      this.file = await this.fileSystem.open(path, 'append');
      await this.file.truncate(0);
    }
    this.canReuseTail = true;
    return this.file;
  }

  /** After a failure: frees room, cuts off what may have been written, and leaves the segment for good. */
  private async contain(cause: unknown): Promise<boolean> {
    const file = this.file;
    this.file = null;
    this.isDirty = true;
    if (isOutOfSpace(cause)) await this.onOutOfSpace().catch(() => undefined);
    await file?.close().catch(() => undefined);
    try {
      await this.cutTail();
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Cuts the last segment back to its good bytes, durably, through a fresh descriptor.
   * Why not go on in the same file: after a failed fsync the kernel may have dropped pages of it and forgotten the error.
   */
  private async cutTail(): Promise<void> {
    const tail = this.segments.at(-1);
    const path = tail === undefined ? null : this.pathOf(tail);
    if (path !== null && (await this.fileSystem.facts(path)) !== undefined) {
      const file = await this.fileSystem.open(path, 'read-write');
      try {
        await file.truncate(this.tailBytes);
        await file.sync();
      } finally {
        await file.close();
      }
    }
    this.isDirty = false;
    this.canReuseTail = false;
    if (this.tailBytes === 0) this.segments.pop();
  }
}
