import { ANONYMOUS, type Attempt } from './attempt-record.js';

const MINUTE_MS = 60_000;

export interface TallyLimits {
  /** Failed and done requests of a minute that are recorded one by one; those beyond are counted. */
  readonly eachPerMinute: number;
  /** Counters of one minute. More different ones share the last. */
  readonly maxCounters: number;
}

export const TALLY_LIMITS: TallyLimits = Object.freeze({ eachPerMinute: 240, maxCounters: 1_000 });

interface Counter {
  readonly first: Attempt;
  count: number;
  until: string;
}

/**
 * What becomes one record and what is only counted. Denials, and whatever comes from nobody that is known, are always
 * counted: one record for each actor, route, code and minute. So a flood of them costs a number, and what is remembered of a minute has a bound, whoever sends what.
 */
export class AttemptTally {
  private readonly counters = new Map<string, Counter>();
  private minute = 0;
  private each = 0;

  constructor(private readonly limits: TallyLimits = TALLY_LIMITS) {}

  /** Open counters. */
  get size(): number {
    return this.counters.size;
  }

  /** What is complete by now and has to be recorded, counters of minutes that are over among it. */
  add(attempt: Attempt, nowMs: number): Attempt[] {
    const over = this.turn(nowMs);
    if (isTold(attempt) && this.each < this.limits.eachPerMinute) {
      this.each += 1;
      return [...over, attempt];
    }
    this.count(attempt);
    return over;
  }

  /** Closes the counters of a minute that is over at `nowMs`. */
  turn(nowMs: number): Attempt[] {
    const minute = Math.floor(nowMs / MINUTE_MS);
    if (minute === this.minute) return [];
    this.minute = minute;
    this.each = 0;
    return this.close();
  }

  /** Closes all counters, the present minute's as well. */
  close(): Attempt[] {
    const records = this.open();
    this.counters.clear();
    return records;
  }

  /** The counters as they stand. */
  open(): Attempt[] {
    return [...this.counters.values()].map(({ first, count, until }) => ({
      ...first,
      ...(count === 1 ? {} : { until }),
      count,
    }));
  }

  /** Milliseconds from `nowMs` to the end of its minute. */
  static untilTurn(nowMs: number): number {
    return MINUTE_MS - (nowMs % MINUTE_MS);
  }

  private count(attempt: Attempt): void {
    const { outcome, actor, route, status, code } = attempt;
    const isRoom = this.counters.size < this.limits.maxCounters;
    const key = JSON.stringify([outcome, actor, route, status, code]);
    const counter = this.counters.get(key) ?? this.counters.get(OVERFLOW);
    if (counter !== undefined && (this.counters.has(key) || !isRoom)) {
      counter.count += 1;
      counter.until = attempt.at;
      return;
    }
    const { at } = attempt;
    if (isRoom) this.counters.set(key, { first: attempt, count: 1, until: at });
    else this.counters.set(OVERFLOW, { first: overflow(attempt), count: 1, until: at });
  }
}

/** Whether it is worth a record of its own: who is not even known could fill the file with anything. */
function isTold({ outcome, actor }: Attempt): boolean {
  return outcome !== 'denied' && actor !== ANONYMOUS;
}

const OVERFLOW = 'overflow';

function overflow(attempt: Attempt): Attempt {
  const { at, outcome, source, status, request_id } = attempt;
  return {
    at,
    outcome,
    actor: '*',
    source,
    verb: 'audit.overflow',
    route: '*',
    subject: null,
    status,
    code: null,
    request_id,
    reason: 'More different attempts in a minute than are told apart',
    count: 1,
  };
}
