import type { CancelTimer, Clock } from '../kernel/clock.js';
import type { Logger } from '../kernel/logger.js';
import type { ChainLink } from '../storage/record-store.js';
import type { AttemptChain } from './attempt-chain.js';
import type { Attempt } from './attempt-record.js';

/** A record waits at most so long for others to be written with it. */
const BATCH_MS = 1_000;
/** Records that wait for a disk that takes none; those beyond are lost, and counted. */
const MAX_WAITING = 2_000;
const MAX_BATCH = 500;

export interface AttemptLogParts {
  readonly chain: AttemptChain;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where the journal stands. */
  readonly journalEnd: () => ChainLink;
}

/**
 * Writes attempts in the background, in batches. Nobody waits for it and nothing fails with it: while the disk takes nothing
 * records wait, and those that find no room are counted; the count is recorded as soon as that is possible.
 */
export class AttemptLog {
  private waiting: Attempt[] = [];
  private cancelBatch: CancelTimer | null = null;
  private running: Promise<void> | null = null;
  private isOpen = false;
  private isFailing = false;
  /** Of these no record tells yet. */
  private untold = 0;
  private lostCount = 0;

  constructor(private readonly parts: AttemptLogParts) {}

  /** Records that were never written. */
  get lost(): number {
    return this.lostCount;
  }

  write(attempts: readonly Attempt[]): void {
    for (const attempt of attempts) {
      if (this.waiting.length < MAX_WAITING) {
        this.waiting.push(attempt);
      } else {
        this.untold += attempt.count;
        this.lostCount += attempt.count;
      }
    }
    if (attempts.length > 0) this.scheduleBatch();
  }

  /** Resolves once all that was written before is durable, or could not be made so. */
  async flush(): Promise<void> {
    this.cancelBatch?.();
    this.cancelBatch = null;
    while (this.running !== null) await this.running;
    this.running = this.writeAll().finally(() => {
      this.running = null;
    });
    await this.running;
  }

  async close(): Promise<void> {
    await this.flush();
    this.cancelBatch?.();
    this.cancelBatch = null;
    await this.parts.chain.close().catch(() => undefined);
  }

  private scheduleBatch(): void {
    this.cancelBatch ??= this.parts.clock.schedule(BATCH_MS, () => {
      this.cancelBatch = null;
      void this.flush();
    });
  }

  private async writeAll(): Promise<void> {
    const { chain, logger, journalEnd } = this.parts;
    try {
      await this.ensureOpen();
      while (this.waiting.length > 0 || this.untold > 0) {
        const told = this.untold;
        const batch = this.waiting.slice(0, MAX_BATCH);
        const lost =
          told > 0 && batch.length === this.waiting.length ? [this.lostRecord(told)] : [];
        await chain.append([...batch, ...lost], journalEnd());
        this.waiting.splice(0, batch.length);
        if (lost.length > 0) this.untold -= told;
        await chain.rotateWhenFull();
      }
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing) {
        logger.error({ err: error, waiting: this.waiting.length }, 'attempts cannot be recorded');
      }
      this.isFailing = true;
      this.scheduleBatch();
    }
  }

  private async ensureOpen(): Promise<void> {
    if (this.isOpen) return;
    const { chain, logger } = this.parts;
    const { cutBytes, badLines } = await chain.open();
    this.isOpen = true;
    if (cutBytes === 0 && badLines === 0) return;
    logger.warn({ bytes: cutBytes, lines: badLines }, 'the end of the recorded attempts was torn');
    const reason = `${cutBytes} bytes of a torn line were cut off; ${badLines} lines cannot be read`;
    this.waiting.unshift(this.ownRecord('audit.cut', 1, reason));
  }

  private lostRecord(count: number): Attempt {
    return this.ownRecord('audit.lost', count, 'Records that could not be written');
  }

  private ownRecord(verb: string, count: number, reason: string): Attempt {
    return {
      at: this.parts.clock.timestamp(),
      outcome: 'failed',
      actor: 'system',
      source: 'audit',
      verb,
      route: '-',
      subject: null,
      status: 0,
      code: null,
      request_id: null,
      reason,
      count,
    };
  }
}
