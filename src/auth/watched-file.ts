import type { CancelTimer, Clock } from '../kernel/clock.js';
import type { FileSystem } from '../kernel/file-system.js';
import { sha256Hex } from '../kernel/ids.js';
import type { Logger } from '../kernel/logger.js';

const LOOK_EVERY_MS = 2_000;
const MAX_BYTES = 1_048_576;

/**
 * A small file whose parsed content is kept current. A bad file when it is opened is the caller's error; one that goes
 * bad later is logged once and the last good content stays.
 *
 * Why not modification times or watches of the system: mounted secrets are changed by moving a link above the file,
 * which neither sees. Reading a few hundred bytes every two seconds does.
 */
export class WatchedFile<T> {
  private content: { readonly sha256: string; readonly value: T } | null = null;
  /** The text of the fault logged last, so that each is logged once. */
  private fault: string | null = null;
  private cancel: CancelTimer | null = null;
  private closed = false;

  constructor(
    private readonly path: string,
    private readonly parse: (content: Buffer) => T,
    private readonly files: FileSystem,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Reads it for the first time and starts to look after it. Rejects with the path and every fault. */
  async open(): Promise<this> {
    try {
      await this.read();
    } catch (error) {
      throw new Error(`${this.path} cannot be used:\n${textOf(error)}`, { cause: error });
    }
    this.lookLater();
    return this;
  }

  close(): void {
    this.closed = true;
    this.cancel?.();
  }

  /** What was read last without fault. */
  get value(): T {
    if (this.content === null) throw new Error(`${this.path} has not been opened`);
    return this.content.value;
  }

  private lookLater(): void {
    if (this.closed) return;
    this.cancel = this.clock.schedule(LOOK_EVERY_MS, () => {
      void this.look().then(() => {
        this.lookLater();
      });
    });
  }

  private async look(): Promise<void> {
    try {
      const changed = await this.read();
      this.fault = null;
      if (changed) this.logger.info({ file: this.path }, 'a key file was read again');
    } catch (error) {
      const fault = textOf(error);
      if (fault === this.fault) return;
      this.fault = fault;
      this.logger.error(
        { file: this.path, fault },
        'a key file cannot be read; what was read before stays in force',
      );
    }
  }

  private async read(): Promise<boolean> {
    const content = await this.files.read(this.path);
    if (content.length > MAX_BYTES) throw new Error('The file is larger than 1 MiB');
    const sha256 = sha256Hex(content);
    if (sha256 === this.content?.sha256) return false;
    this.content = { sha256, value: this.parse(content) };
    return true;
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
