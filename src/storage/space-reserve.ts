import type { FileSystem } from '../kernel/file-system.js';
import { writeFully } from './durable-write.js';
import { isOutOfSpace } from './storage.errors.js';

const CHUNK_BYTES = 64 * 1024;

/**
 * A file that only takes up room. When the disk is full it is removed, so that the journal can be repaired and deletions
 * can be logged; once there is room again it comes back.
 */
export class SpaceReserve {
  private held = false;

  constructor(
    private readonly fileSystem: FileSystem,
    private readonly path: string,
    /** 0 = no reserve. */
    private readonly bytes: number,
  ) {}

  get isHeld(): boolean {
    return this.held || this.bytes === 0;
  }

  /**
   * Takes the room, if there is enough. Answers whether it is held.
   * Why a quarter more than is kept: else the room that was just given back would count as room for new commits, and the
   * deletions that it is meant for would find none.
   */
  async hold(): Promise<boolean> {
    if (this.isHeld) return true;
    if ((await this.fileSystem.facts(this.path))?.bytes === this.bytes) {
      this.held = true;
      return true;
    }
    try {
      await this.fill();
      this.held = true;
    } catch (error) {
      await this.fileSystem.remove(this.path).catch(() => undefined);
      if (!isOutOfSpace(error)) throw error;
    }
    return this.held;
  }

  /** Gives the room back. Answers whether there was any to give. */
  async release(): Promise<boolean> {
    const had = this.held;
    this.held = false;
    await this.fileSystem.remove(this.path);
    return had;
  }

  private async fill(): Promise<void> {
    await this.fileSystem.remove(this.path);
    const file = await this.fileSystem.open(this.path, 'exclusive');
    try {
      const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, this.bytes), 0x5a);
      const withMargin = this.bytes + Math.ceil(this.bytes / 4);
      for (let left = withMargin; left > 0; left -= chunk.length) {
        await writeFully(file, chunk.subarray(0, Math.min(left, chunk.length)));
      }
      await file.sync();
      await file.truncate(this.bytes);
    } finally {
      await file.close();
    }
  }
}
