import { dirname } from 'node:path';
import type { CancelTimer, Clock } from '../kernel/clock.js';
import type { FileSystem } from '../kernel/file-system.js';
import type { JsonObject } from '../kernel/json.js';
import type { Logger } from '../kernel/logger.js';
import { ensureDirectory, replaceFile } from './durable-write.js';
import { forEachParallel } from './parallel.js';
import { decodeRecordFile, encodeRecordFile } from './record-file.js';
import { directoryOf, fileOf, isNested, recordKey } from './record-layout.js';
import type { RecordKind } from './record-store.js';

/** A file that is not yet what the journal says it is. */
export interface PendingFile {
  readonly kind: RecordKind;
  readonly id: string;
  readonly version: number;
  /** `null` = the file is to go. */
  readonly doc: JsonObject | null;
  /** Whether the file may be right already, as after a crash: it is read first, and written only if it is not. */
  readonly verify?: boolean;
}

const PASS_FILES = 256;
const WIDTH = 4;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;

/**
 * Brings the files up to the journal, behind the answers. Only the last state of a record is written. A failure is retried
 * for as long as it takes: the commit is durable in the journal, and a document stays readable here until its file is.
 */
export class Materialiser {
  private readonly pending = new Map<string, PendingFile>();
  private readonly knownDirectories = new Set<string>();
  private running: Promise<boolean> | null = null;
  private cancelRetry: CancelTimer | null = null;
  private retryMs = FIRST_RETRY_MS;
  private isStopped = false;

  constructor(
    private readonly fileSystem: FileSystem,
    private readonly directory: string,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  get pendingCount(): number {
    return this.pending.size;
  }

  /** The state of a record whose file is not written yet. */
  find(kind: RecordKind, id: string): PendingFile | undefined {
    return this.pending.get(recordKey(kind, id));
  }

  enqueue(file: PendingFile): void {
    if (directoryOf(file.kind) === null) return;
    const key = recordKey(file.kind, file.id);
    this.pending.delete(key);
    this.pending.set(key, file);
    if (!this.isStopped && this.cancelRetry === null) void this.run();
  }

  /** Writes all that is pending up to `version`. Answers whether all of it is on disk. */
  async flush(version = Number.POSITIVE_INFINITY): Promise<boolean> {
    const isBehind = (): boolean =>
      [...this.pending.values()].some((file) => file.version <= version);
    while (isBehind()) {
      if (this.isStopped || !(await this.run())) return false;
    }
    return true;
  }

  /** Writes nothing more, and waits for what is under way. What is pending stays readable. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.cancelRetry?.();
    this.cancelRetry = null;
    await this.running;
  }

  /** One pass; goes on with another by itself as long as there is more. */
  private run(): Promise<boolean> {
    this.running ??= this.passOrRetry().finally(() => {
      this.running = null;
      if (this.pending.size > 0 && !this.isStopped && this.cancelRetry === null) void this.run();
    });
    return this.running;
  }

  private async passOrRetry(): Promise<boolean> {
    this.cancelRetry?.();
    this.cancelRetry = null;
    // Lets the answers of a whole group of commits go out first.
    await Promise.resolve();
    const failure = await this.pass();
    if (failure === null) this.retryMs = FIRST_RETRY_MS;
    else this.retryLater(failure);
    return failure === null;
  }

  /** Writes some files, then makes their names durable with one sync a directory. Answers the first failure. */
  private async pass(): Promise<{ readonly error: unknown } | null> {
    const files = [...this.pending.values()].slice(0, PASS_FILES);
    const written = new Map<string, PendingFile[]>();
    let failure: { readonly error: unknown } | null = null;
    const attempt = async (task: () => Promise<void>): Promise<void> => {
      try {
        await task();
      } catch (error) {
        failure ??= { error };
      }
    };
    await forEachParallel(files, WIDTH, (file) =>
      attempt(async () => {
        const directory = await this.write(file);
        written.set(directory, [...(written.get(directory) ?? []), file]);
      }),
    );
    await forEachParallel(written, WIDTH, ([directory, done]) =>
      attempt(async () => {
        await this.fileSystem.syncDirectory(directory);
        for (const file of done) this.settle(file);
        await this.removeIfEmpty(directory, done);
      }),
    );
    return failure;
  }

  /** Answers the directory whose names changed. */
  private async write(file: PendingFile): Promise<string> {
    const path = this.pathOf(file);
    const directory = dirname(path);
    if (!this.knownDirectories.has(directory)) {
      await ensureDirectory(this.fileSystem, directory);
      this.knownDirectories.add(directory);
    }
    if (file.doc === null) await this.fileSystem.remove(path);
    else if (file.verify !== true || !(await this.isRight(file, path))) {
      const content = encodeRecordFile(file.kind, file.id, file.version, file.doc);
      await replaceFile(this.fileSystem, path, [content]);
    }
    return directory;
  }

  private async isRight(file: PendingFile, path: string): Promise<boolean> {
    if ((await this.fileSystem.facts(path)) === undefined) return false;
    const found = decodeRecordFile(await this.fileSystem.read(path), file.kind, file.id);
    return found.state === 'intact' && found.version === file.version;
  }

  private settle(file: PendingFile): void {
    const key = recordKey(file.kind, file.id);
    // A newer state may have come while this one was being written.
    if (this.pending.get(key) === file) this.pending.delete(key);
  }

  private async removeIfEmpty(directory: string, done: readonly PendingFile[]): Promise<void> {
    if (!done.some((file) => isNested(file.kind) && file.doc === null)) return;
    this.knownDirectories.delete(directory);
    await this.fileSystem.removeDirectory(directory);
  }

  private retryLater(failure: { readonly error: unknown }): void {
    if (this.isStopped) return;
    this.logger.warn(
      { err: failure.error, pending: this.pending.size, retry_ms: this.retryMs },
      'Files are behind the journal; trying again.',
    );
    this.cancelRetry = this.clock.schedule(this.retryMs, () => {
      this.cancelRetry = null;
      void this.run();
    });
    this.retryMs = Math.min(this.retryMs * 2, LONGEST_RETRY_MS);
  }

  private pathOf(file: PendingFile): string {
    return `${this.directory}/${fileOf(file.kind, file.id) ?? ''}`;
  }
}
