import type { FileSystem, OpenFile } from '../kernel/file-system.js';
import type { ChainExtent, ChainFile, ChainFiles } from '../storage/chain-files.js';
import { ensureDirectory, writeFully } from '../storage/durable-write.js';
import type { ChainLink } from '../storage/record-store.js';
import { readAnchor, writeAnchor } from '../storage/retention-anchor.js';
import { NO_HASH } from '../storage/sealed-line.js';
import { systemCode } from '../storage/storage.errors.js';
import { attemptFileName, attemptFiles, lastLinkOf, tailOf } from './attempt-file.js';
import { encodeAttempt, type Attempt } from './attempt-record.js';

export interface AttemptChainLimits {
  /** A file that has reached it is followed by another. */
  readonly fileBytes: number;
  /** Together with `fileBytes` the bound of what is kept. */
  readonly keptFiles: number;
}

/** What opening found. */
export interface OpenedChain {
  /** Bytes of a last line without an end, which were cut off. */
  readonly cutBytes: number;
  /** Whole lines at the end that cannot be read, which were left. */
  readonly badLines: number;
}

/**
 * The files of attempts as a chain that grows: one write and one fdatasync for a group. One writer that awaits each call.
 * Invariant: after a failure nothing of the group counts, and the next group does not follow on bytes of it.
 */
export class AttemptChain implements ChainFiles {
  private files: ChainFile[] = [];
  private end: ChainLink = { number: 0, hash: NO_HASH };
  private tailBytes = 0;
  private file: OpenFile | null = null;
  /** The last file takes more. */
  private isOpenEnded = false;
  private isDirty = false;

  constructor(
    private readonly fileSystem: FileSystem,
    private readonly directory: string,
    private readonly limits: AttemptChainLimits,
  ) {}

  get extent(): ChainExtent {
    return { end: this.end, files: [...this.files], tailBytes: this.tailBytes };
  }

  find(name: string): string | null {
    return this.files.some((file) => file.name === name) ? `${this.directory}/${name}` : null;
  }

  /** Finds the end and cuts off a torn line. What a crash left unreadable before it stays, and is told by a check. */
  async open(): Promise<OpenedChain> {
    await ensureDirectory(this.fileSystem, this.directory);
    this.files = await attemptFiles(this.fileSystem, this.directory);
    this.end = await this.anchorOrStart();
    let badLines = 0;
    let cutBytes = 0;
    for (const file of [...this.files].reverse()) {
      const path = `${this.directory}/${file.name}`;
      const tail = await tailOf(this.fileSystem, path);
      if (file === this.files.at(-1)) {
        cutBytes = tail.bytes - tail.wholeBytes;
        if (cutBytes > 0) await this.truncate(path, tail.wholeBytes);
        this.tailBytes = tail.wholeBytes;
        this.isOpenEnded = tail.badLines === 0;
      }
      badLines += tail.badLines;
      if (tail.last === null) continue;
      this.end = { number: tail.last.seq, hash: tail.last.hash };
      break;
    }
    // Their numbers are taken, although nobody can read them.
    if (badLines > 0) this.end = { ...this.end, number: this.end.number + badLines };
    return { cutBytes, badLines };
  }

  async append(attempts: readonly Attempt[], journal: ChainLink): Promise<void> {
    let { number, hash } = this.end;
    const lines = attempts.map((attempt) => {
      number += 1;
      const sealed = encodeAttempt(attempt, number, journal, hash);
      ({ hash } = sealed);
      return sealed.line;
    });
    const group = Buffer.from(lines.join(''));
    try {
      if (this.isDirty) await this.cutTail();
      const file = this.file ?? (await this.openFile());
      await writeFully(file, group);
      await file.syncData();
      if (this.tailBytes === 0) await this.fileSystem.syncDirectory(this.directory);
    } catch (error) {
      await this.contain();
      throw error;
    }
    this.tailBytes += group.length;
    this.end = { number, hash };
  }

  /** Begins another file when the present one is full, and removes what is past its time. */
  async rotateWhenFull(): Promise<void> {
    if (this.tailBytes < this.limits.fileBytes) return;
    await this.close();
    this.isOpenEnded = false;
    const past = this.files.slice(0, Math.max(0, this.files.length - this.limits.keptFiles));
    const newest = past.at(-1);
    if (newest === undefined) return;
    const anchor = await lastLinkOf(this.fileSystem, `${this.directory}/${newest.name}`);
    if (anchor !== null) await writeAnchor(this.fileSystem, this.directory, anchor);
    for (const file of past) {
      this.files = this.files.filter((one) => one !== file);
      await this.fileSystem.remove(`${this.directory}/${file.name}`);
    }
    await this.fileSystem.syncDirectory(this.directory);
  }

  async close(): Promise<void> {
    const { file } = this;
    this.file = null;
    await file?.close();
  }

  private async anchorOrStart(): Promise<ChainLink> {
    const anchor = await readAnchor(this.fileSystem, this.directory);
    return anchor === null || anchor === 'damaged' ? { number: 0, hash: NO_HASH } : anchor;
  }

  private async openFile(): Promise<OpenFile> {
    const tail = this.files.at(-1);
    if (this.isOpenEnded && tail !== undefined) {
      this.file = await this.fileSystem.open(`${this.directory}/${tail.name}`, 'append');
      return this.file;
    }
    const first = this.end.number + 1;
    const name = attemptFileName(first);
    const path = `${this.directory}/${name}`;
    try {
      this.file = await this.fileSystem.open(path, 'exclusive');
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
      // Left empty by a group that failed and was cut off.
      this.file = await this.fileSystem.open(path, 'append');
      await this.file.truncate(0);
    }
    if (tail?.name !== name) this.files.push({ first, name });
    this.tailBytes = 0;
    this.isOpenEnded = true;
    return this.file;
  }

  private async contain(): Promise<void> {
    const { file } = this;
    this.file = null;
    this.isDirty = true;
    await file?.close().catch(() => undefined);
    // What cannot be cut off now is cut off before anything else is written.
    await this.cutTail().catch(() => undefined);
  }

  private async cutTail(): Promise<void> {
    const tail = this.files.at(-1);
    const path = tail === undefined ? null : `${this.directory}/${tail.name}`;
    if (path !== null && (await this.fileSystem.facts(path)) !== undefined) {
      await this.truncate(path, this.tailBytes);
    }
    this.isDirty = false;
  }

  private async truncate(path: string, bytes: number): Promise<void> {
    const file = await this.fileSystem.open(path, 'read-write');
    try {
      await file.truncate(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  }
}
