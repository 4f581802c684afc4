import { randomBytes, randomUUID } from 'node:crypto';

/** The one door to randomness. */
export abstract class Random {
  abstract uuid(): string;
  /** Uniform in [0, 1). */
  abstract fraction(): number;
  abstract bytes(count: number): Buffer;
}

/** Fetched at once: a session or a hop needs a few bytes each, and a call into the system costs as much for 12 as for 4096. */
const POOL_BYTES = 4096;
const MAX_POOLED_BYTES = 64;

export class SystemRandom extends Random {
  private pool: Buffer = Buffer.alloc(0);

  override uuid(): string {
    return randomUUID();
  }

  override fraction(): number {
    return Math.random();
  }

  override bytes(count: number): Buffer {
    if (count > MAX_POOLED_BYTES) return randomBytes(count);
    if (this.pool.length < count) this.pool = randomBytes(POOL_BYTES);
    const taken = Buffer.from(this.pool.subarray(0, count));
    // Nothing that was handed out stays behind: a dump of the heap must not show yesterday's secrets.
    this.pool.fill(0, 0, count);
    this.pool = this.pool.subarray(count);
    return taken;
  }
}
