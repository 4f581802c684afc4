import type { Clock } from '../kernel/clock.js';
import type { FileSystem } from '../kernel/file-system.js';
import { isJsonObject } from '../kernel/json.js';
import { writeFully } from './durable-write.js';
import type { ProcessIdentity, ProcessTable } from './process-identity.js';
import { storageProblems, systemCode } from './storage.errors.js';

const MAX_ATTEMPTS = 5;
/** How long an empty lock may be one that is just being written. */
const SETTLE_MS = 100;

/**
 * One process at a time in a data directory: a file with the holder's pid and start time. It is left behind by a crash,
 * and then told from a living one by asking the system whether that very process still runs.
 */
export class StoreLock {
  private isHeld = false;

  constructor(
    private readonly fileSystem: FileSystem,
    private readonly path: string,
    private readonly processes: ProcessTable,
    private readonly clock: Clock,
  ) {}

  /** Throws `storage.locked` while another process, or another store of this one, holds it. */
  async acquire(): Promise<void> {
    const self = await this.processes.self();
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      if (await this.create(self)) {
        this.isHeld = true;
        return;
      }
      const before = await this.contents();
      const holder = parseHolder(before);
      if (holder !== null && (await this.processes.isAlive(holder))) {
        throw storageProblems.locked({
          detail: `Process ${holder.pid} holds ${this.path}.`,
          extra: { pid: holder.pid },
        });
      }
      if (holder === null && before !== null && attempt === 0) await this.clock.sleep(SETTLE_MS);
      else if (before !== null) await this.evict(before, self);
    }
    throw storageProblems.locked(`${this.path} could not be taken.`);
  }

  async release(): Promise<void> {
    if (!this.isHeld) return;
    this.isHeld = false;
    await this.fileSystem.remove(this.path);
  }

  private async create(self: ProcessIdentity): Promise<boolean> {
    try {
      const file = await this.fileSystem.open(this.path, 'exclusive');
      try {
        await writeFully(file, Buffer.from(`${JSON.stringify(self)}\n`));
      } finally {
        await file.close();
      }
      return true;
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return false;
      await this.fileSystem.remove(this.path).catch(() => undefined);
      throw error;
    }
  }

  /** Moves a stale lock away. When someone else was faster, what was moved is theirs and goes back. */
  private async evict(stale: string, self: ProcessIdentity): Promise<void> {
    const aside = `${this.path}.stale-${self.pid}`;
    try {
      await this.fileSystem.rename(this.path, aside);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return;
      throw error;
    }
    const moved = (await this.fileSystem.read(aside)).toString('utf8');
    if (moved === stale) await this.fileSystem.remove(aside);
    else await this.fileSystem.rename(aside, this.path);
  }

  private async contents(): Promise<string | null> {
    try {
      return (await this.fileSystem.read(this.path)).toString('utf8');
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return null;
      throw error;
    }
  }
}

function parseHolder(text: string | null): ProcessIdentity | null {
  if (text === null) return null;
  try {
    const holder: unknown = JSON.parse(text);
    if (!isJsonObject(holder) || typeof holder['pid'] !== 'number') return null;
    const started = holder['started'];
    return { pid: holder['pid'], started: typeof started === 'string' ? started : null };
  } catch {
    return null;
  }
}
