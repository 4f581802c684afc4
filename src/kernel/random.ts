import { randomBytes, randomUUID } from 'node:crypto';

/** The one door to randomness. */
export abstract class Random {
  abstract uuid(): string;
  /** Uniform in [0, 1). */
  abstract fraction(): number;
  abstract bytes(count: number): Buffer;
}

export class SystemRandom extends Random {
  override uuid(): string {
    return randomUUID();
  }

  override fraction(): number {
    return Math.random();
  }

  override bytes(count: number): Buffer {
    return randomBytes(count);
  }
}
