import type { CancelTimer, Clock } from '../kernel/clock.js';
import type { FileSystem } from '../kernel/file-system.js';
import type { Logger } from '../kernel/logger.js';
import { ChainHistory, type ChainPage, type LineForm } from '../storage/chain-history.js';
import type { ChainLink, HistoryQuery } from '../storage/record-store.js';
import { AttemptChain, type AttemptChainLimits } from './attempt-chain.js';
import { checkAttempts, type AttemptVerdict } from './attempt-check.js';
import { AttemptLog } from './attempt-log.js';
import { decodeAttempt, type Attempt, type AttemptRecord } from './attempt-record.js';
import { AttemptTally, TALLY_LIMITS, type TallyLimits } from './attempt-tally.js';

const MIB = 1024 * 1024;
export const ATTEMPT_LIMITS: AttemptChainLimits = Object.freeze({
  fileBytes: 4 * MIB,
  keptFiles: 16,
});
/** After the end of a minute, so that it is over whatever the timer's precision. */
const MARGIN_MS = 50;
const SCAN_LINES = 500;

/** A record together with its line, as a third party needs it. */
export interface AttemptLine {
  readonly record: AttemptRecord;
  readonly line: string;
}

const ATTEMPT_LINES: LineForm<AttemptLine> = {
  head: /^\{"schema_version":"[^"]*","seq":(\d{1,15}),/,
  decode: (line) => {
    const record = decodeAttempt(line);
    if (typeof record === 'string') return null;
    return { number: record.seq, item: { record, line: line.toString('utf8') } };
  },
};

export interface AttemptsParts {
  readonly fileSystem: FileSystem;
  /** Absolute; made when absent. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly journalEnd: () => ChainLink;
  readonly limits?: AttemptChainLimits;
  readonly tally?: TallyLimits;
}

/** The attempts: counted, written in the background, read and checked. */
export class Attempts {
  private readonly tally: AttemptTally;
  private readonly chain: AttemptChain;
  private readonly log: AttemptLog;
  private readonly past: ChainHistory<AttemptLine>;
  private cancelTurn: CancelTimer | null = null;
  /** Commits that a record of ours tells of; `null` until the files were read for it. */
  private told: Promise<Set<number>> | null = null;

  constructor(private readonly parts: AttemptsParts) {
    const { fileSystem, directory, clock, logger, journalEnd } = parts;
    this.tally = new AttemptTally(parts.tally ?? TALLY_LIMITS);
    this.chain = new AttemptChain(fileSystem, directory, parts.limits ?? ATTEMPT_LIMITS);
    this.log = new AttemptLog({ chain: this.chain, clock, logger, journalEnd });
    this.past = new ChainHistory(fileSystem, this.chain, ATTEMPT_LINES);
  }

  get lost(): number {
    return this.log.lost;
  }

  get end(): ChainLink {
    return this.chain.extent.end;
  }

  /** Never throws and waits for nothing. */
  record(attempt: Attempt): void {
    this.write(this.tally.add(attempt, this.parts.clock.now()));
    this.scheduleTurn();
  }

  /** Counters of the present minute, the latest first. */
  counted(): Attempt[] {
    return this.tally.open().reverse();
  }

  /** Everything complete is on disk, or could not be written; the files are found even when nothing was. */
  flush(): Promise<void> {
    return this.log.flush();
  }

  page(query: HistoryQuery): Promise<ChainPage<AttemptLine>> {
    return this.past.page(query);
  }

  check(): Promise<AttemptVerdict> {
    const { fileSystem, directory } = this.parts;
    return checkAttempts(fileSystem, directory, this.chain);
  }

  /** Revisions of commits that have their entry here. Reads the files the first time. */
  toldCommits(): Promise<ReadonlySet<number>> {
    this.told ??= this.readTold().catch((error: unknown) => {
      this.told = null;
      throw error;
    });
    return this.told;
  }

  async close(): Promise<void> {
    this.cancelTurn?.();
    this.write(this.tally.close());
    await this.log.close();
  }

  private write(attempts: readonly Attempt[]): void {
    this.log.write(attempts);
    const revisions = attempts.flatMap(({ commits = [] }) => commits.map((one) => one.revision));
    if (revisions.length === 0 || this.told === null) return;
    void this.told.then((told) => {
      for (const revision of revisions) told.add(revision);
    });
  }

  private scheduleTurn(): void {
    if (this.cancelTurn !== null || this.tally.size === 0) return;
    const { clock } = this.parts;
    this.cancelTurn = clock.schedule(AttemptTally.untilTurn(clock.now()) + MARGIN_MS, () => {
      this.cancelTurn = null;
      this.write(this.tally.turn(clock.now()));
      this.scheduleTurn();
    });
  }

  private async readTold(): Promise<Set<number>> {
    const told = new Set<number>();
    let from: number | null = 0;
    while (from !== null) {
      const page: ChainPage<AttemptLine> = await this.past.page({
        order: 'oldest',
        from,
        limit: SCAN_LINES,
      });
      for (const { record } of page.items) {
        for (const { revision } of record.commits ?? []) told.add(revision);
      }
      from = page.next;
    }
    return told;
  }
}
