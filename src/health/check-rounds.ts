import type { Clock } from '../kernel/clock.js';
import type { Random } from '../kernel/random.js';
import { DueQueue, JITTER } from './due-queue.js';

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
  /** It calls a tool: it costs something, and may wait for long. */
  readonly slow?: boolean;
}

/** Checks under way at once, those that somebody asks for by `now` left out. */
export const POOL = 40;
const MAX_STARTS = 2;
/** With starts 10 checks that call tools. The rest of the pool asks and waits, so that many that hang delay no other. */
const MAX_SLOW = 8;
const SEPARATOR = ' ';

/** Checks of which only so many run at once. */
class Lane {
  /** Taken from the queue, and kept until there is room; with the moment they were due. */
  readonly waiting = new Map<string, number>();
  running = 0;

  constructor(private readonly most: number) {}

  get isFull(): boolean {
    return this.running >= this.most;
  }
}

/**
 * Which checks run when: at most 40 at once, 2 of them with a start and 8 slow ones, none overlapping itself. Owns the queue; what a check
 * does is the owner's. One that ends makes room for the next at once, so that the tick bounds when a check begins and
 * not how many do.
 */
export class CheckRounds {
  private readonly queue = new DueQueue();
  private readonly running = new Map<string, Promise<void>>();
  private readonly planned = new Map<string, ReadonlySet<string>>();
  private readonly starters = new Lane(MAX_STARTS);
  private readonly slow = new Lane(MAX_SLOW);

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
    /** `null`: there is no such check any more. */
    private readonly factsOf: (round: Round) => RoundFacts | null,
    /** Must not reject. */
    private readonly run: (round: Round) => Promise<void>,
    /** Hears of each check that begins because it was due, and how late that is. */
    private readonly onBegin: (latenessMs: number) => void = () => undefined,
  ) {}

  /** Makes `checkKeys` the checks of the service, no more and no less. */
  plan(serviceId: string, checkKeys: readonly string[]): void {
    const wanted = new Set(checkKeys.map((checkKey) => keyOf({ serviceId, checkKey })));
    for (const key of this.planned.get(serviceId) ?? []) {
      if (!wanted.has(key)) this.drop(key);
    }
    if (wanted.size === 0) this.planned.delete(serviceId);
    else this.planned.set(serviceId, wanted);
    for (const key of wanted) {
      const facts = this.factsOf(roundOf(key));
      if (facts === null) continue;
      // Planned while it was to run less often: no later than its interval, as it is by now.
      const latestMs = this.clock.monotonicMs() + facts.intervalMs * (1 + JITTER);
      if (this.queue.has(key)) this.queue.hasten(key, latestMs);
      else this.queue.add(key, facts.intervalMs, this.clock.monotonicMs(), this.random.fraction());
    }
  }

  /** Starts what is due, as far as there is room. Synchronous: what it starts reports by itself. */
  tick(): void {
    for (const lane of [this.starters, this.slow]) {
      for (const [key, dueMs] of lane.waiting) {
        if (this.running.size >= POOL || lane.isFull) break;
        lane.waiting.delete(key);
        this.beginDue(key, dueMs);
      }
    }
    while (this.running.size < POOL) {
      const [due] = this.queue.take(this.clock.monotonicMs(), 1);
      if (due === undefined) return;
      this.beginDue(due.key, due.dueMs);
    }
  }

  /** Runs it now, or waits for the run under way. */
  async now(round: Round): Promise<void> {
    const key = keyOf(round);
    await (this.running.get(key) ?? this.begin(key, null));
  }

  /** It is due at once, as what it looks at has changed. One that is under way is not run again for that. */
  soon(round: Round): void {
    if (this.queue.hasten(keyOf(round), this.clock.monotonicMs())) this.tick();
  }

  clear(): void {
    for (const serviceId of [...this.planned.keys()]) this.plan(serviceId, []);
  }

  /** Checks planned. */
  get size(): number {
    return this.queue.size;
  }

  /** Checks under way. */
  get underWay(): number {
    return this.running.size;
  }

  private beginDue(key: string, dueMs: number): void {
    const facts = this.factsOf(roundOf(key));
    if (facts === null) {
      this.drop(key);
      return;
    }
    const lane = facts.starts ? this.starters : facts.slow === true ? this.slow : null;
    if (this.running.has(key)) {
      this.again(key, facts.intervalMs);
    } else if (lane?.isFull === true) {
      lane.waiting.set(key, dueMs);
    } else {
      this.onBegin(Math.max(0, this.clock.monotonicMs() - dueMs));
      void this.begin(key, lane);
    }
  }

  private begin(key: string, lane: Lane | null): Promise<void> {
    if (lane !== null) lane.running += 1;
    const done = this.run(roundOf(key)).finally(() => {
      if (lane !== null) lane.running -= 1;
      this.running.delete(key);
      const facts = this.factsOf(roundOf(key));
      if (facts === null) this.drop(key);
      else this.again(key, facts.intervalMs);
      this.tick();
    });
    this.running.set(key, done);
    return done;
  }

  private again(key: string, intervalMs: number): void {
    this.queue.done(key, intervalMs, this.clock.monotonicMs(), this.random.fraction());
  }

  private drop(key: string): void {
    this.queue.remove(key);
    this.starters.waiting.delete(key);
    this.slow.waiting.delete(key);
  }
}

function keyOf({ serviceId, checkKey }: Round): string {
  return serviceId + SEPARATOR + checkKey;
}

function roundOf(key: string): Round {
  const at = key.indexOf(SEPARATOR);
  return { serviceId: key.slice(0, at), checkKey: key.slice(at + 1) };
}
