import type { Clock } from '../kernel/clock.js';
import type { Random } from '../kernel/random.js';
import { DueQueue } from './due-queue.js';

/** One check of one service. */
export interface Round {
  readonly serviceId: string;
  readonly checkKey: string;
}

/** What the owner of the checks tells about one of them. */
export interface RoundFacts {
  readonly intervalMs: number;
  /** Running it starts an upstream. */
  readonly starts: boolean;
}

const POOL = 10;
const MAX_STARTS = 2;
const TRY_AGAIN_MS = 2_000;
const SEPARATOR = ' ';

/**
 * Which checks run when: at most 10 at once, 2 of them with a start, none overlapping itself. Owns the queue; what a check
 * does is the owner's.
 */
export class CheckRounds {
  private readonly queue = new DueQueue();
  private readonly running = new Map<string, Promise<void>>();
  private readonly planned = new Map<string, ReadonlySet<string>>();
  private starting = 0;

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
    /** `null`: there is no such check any more. */
    private readonly factsOf: (round: Round) => RoundFacts | null,
    /** Must not reject. */
    private readonly run: (round: Round) => Promise<void>,
  ) {}

  /** Makes `checkKeys` the checks of the service, no more and no less. */
  plan(serviceId: string, checkKeys: readonly string[]): void {
    const wanted = new Set(checkKeys.map((checkKey) => keyOf({ serviceId, checkKey })));
    for (const key of this.planned.get(serviceId) ?? []) {
      if (!wanted.has(key)) this.queue.remove(key);
    }
    if (wanted.size === 0) this.planned.delete(serviceId);
    else this.planned.set(serviceId, wanted);
    for (const key of wanted) {
      const facts = this.factsOf(roundOf(key));
      if (facts === null || this.queue.has(key)) continue;
      this.queue.add(key, facts.intervalMs, this.clock.monotonicMs(), this.random.fraction());
    }
  }

  /** Starts what is due. Synchronous: what it starts reports by itself. */
  tick(): void {
    const free = POOL - this.running.size;
    for (const key of this.queue.take(this.clock.monotonicMs(), free)) {
      const facts = this.factsOf(roundOf(key));
      if (facts === null) this.queue.remove(key);
      else if (this.running.has(key)) this.again(key, facts.intervalMs);
      else if (facts.starts && this.starting >= MAX_STARTS) this.again(key, TRY_AGAIN_MS);
      else void this.begin(key, facts.starts);
    }
  }

  /** Runs it now, or waits for the run under way. */
  async now(round: Round): Promise<void> {
    const key = keyOf(round);
    await (this.running.get(key) ?? this.begin(key, false));
  }

  clear(): void {
    for (const serviceId of [...this.planned.keys()]) this.plan(serviceId, []);
  }

  /** Checks planned. */
  get size(): number {
    return this.queue.size;
  }

  private begin(key: string, starts: boolean): Promise<void> {
    if (starts) this.starting += 1;
    const done = this.run(roundOf(key)).finally(() => {
      if (starts) this.starting -= 1;
      this.running.delete(key);
      const facts = this.factsOf(roundOf(key));
      if (facts === null) this.queue.remove(key);
      else this.again(key, facts.intervalMs);
    });
    this.running.set(key, done);
    return done;
  }

  private again(key: string, intervalMs: number): void {
    this.queue.done(key, intervalMs, this.clock.monotonicMs(), this.random.fraction());
  }
}

function keyOf({ serviceId, checkKey }: Round): string {
  return serviceId + SEPARATOR + checkKey;
}

function roundOf(key: string): Round {
  const at = key.indexOf(SEPARATOR);
  return { serviceId: key.slice(0, at), checkKey: key.slice(at + 1) };
}
