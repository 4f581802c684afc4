import type { ChainPage } from '../storage/chain-history.js';
import type { ChainPlace, HistoryQuery } from '../storage/record-store.js';
import { fits, type AuditEntry, type AuditFilter } from './audit-entry.js';

/** Where the next page begins in each chain; `null` = nothing more of it. */
export interface TrailPosition {
  readonly journal: number | null;
  readonly attempts: number | null;
}

export interface TrailPage {
  readonly items: readonly AuditEntry[];
  /** `null` = the end of the trail. A page may be short, or empty, and still have one after it. */
  readonly next: TrailPosition | null;
  readonly damaged: readonly ChainPlace[];
}

export interface TrailSources {
  /** Entries of the journal, newest first. */
  readonly journal: (query: HistoryQuery) => Promise<ChainPage<AuditEntry>>;
  readonly attempts: (query: HistoryQuery) => Promise<ChainPage<AuditEntry>>;
  /** Whether a commit is told by an entry of the attempts. */
  readonly isTold: (revision: number) => boolean;
}

/** Entries looked at for one page, so that a filter that fits nothing does not read the whole trail at once. */
const MAX_SCANNED = 20_000;
const READ_AT_ONCE = 200;
/** How far the clock may have been set back without hiding an entry behind `since`. */
const CLOCK_SLACK_MS = 3_600_000;

/** Both chains as one list, newest first: merged by time, each in its own order. */
export class AuditTrail {
  constructor(private readonly sources: TrailSources) {}

  /** `position` as answered for the page before; absent = from the newest on. */
  async page(filter: AuditFilter, limit: number, position?: TrailPosition): Promise<TrailPage> {
    const { journal, attempts, isTold } = this.sources;
    const left = new NewestFirst(journal, filter, position?.journal);
    const right = new NewestFirst(attempts, filter, position?.attempts);
    const items: AuditEntry[] = [];
    for (let scanned = 0; scanned < MAX_SCANNED && items.length < limit; scanned += 1) {
      const [commit, attempt] = [await left.peek(), await right.peek()];
      if (commit === null && attempt === null) break;
      const isCommit = attempt === null || (commit !== null && commit.at >= attempt.at);
      const entry = isCommit ? left.take() : right.take();
      if (entry === null) break;
      const isHidden = entry.chain === 'journal' && isTold(entry.number ?? 0);
      if (!isHidden && fits(entry, filter)) items.push(entry);
    }
    const next = { journal: left.position, attempts: right.position };
    const isEnd = next.journal === null && next.attempts === null;
    return { items, next: isEnd ? null : next, damaged: [...left.damaged, ...right.damaged] };
  }
}

/** One chain from its newest entry on, read as it is needed. */
class NewestFirst {
  readonly damaged: ChainPlace[] = [];
  private held: AuditEntry[] = [];
  private next: number | null | undefined;

  constructor(
    private readonly read: TrailSources['journal'],
    private readonly filter: AuditFilter,
    from: number | null | undefined,
  ) {
    this.next = from;
  }

  /** Number of the entry that comes next; `null` = there is none. */
  get position(): number | null {
    return this.held[0]?.number ?? this.next ?? null;
  }

  async peek(): Promise<AuditEntry | null> {
    while (this.held.length === 0 && this.next !== null) {
      const page = await this.read({ order: 'newest', from: this.next, limit: READ_AT_ONCE });
      this.held = [...page.items];
      this.next = page.next;
      this.damaged.push(...page.damaged);
    }
    const entry = this.held[0];
    if (entry === undefined) return null;
    if (!this.isPast(entry)) return entry;
    this.held = [];
    this.next = null;
    return null;
  }

  take(): AuditEntry | null {
    return this.held.shift() ?? null;
  }

  private isPast({ at, until }: AuditEntry): boolean {
    const { sinceMs } = this.filter;
    return sinceMs !== undefined && Date.parse(until ?? at) < sinceMs - CLOCK_SLACK_MS;
  }
}

export function encodePosition({ journal, attempts }: TrailPosition): string {
  return Buffer.from(JSON.stringify([journal, attempts])).toString('base64url');
}

/** `null` for a cursor that is none of ours. */
export function decodePosition(cursor: string): TrailPosition | null {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (!Array.isArray(parsed) || parsed.length !== 2) return null;
    const [journal, attempts] = parsed as unknown[];
    return isPlace(journal) && isPlace(attempts) ? { journal, attempts } : null;
  } catch {
    return null;
  }
}

function isPlace(value: unknown): value is number | null {
  return value === null || (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0);
}
