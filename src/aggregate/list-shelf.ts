import type { Clock } from '../kernel/clock.js';
import { equalJson, type JsonObject } from '../kernel/json.js';
import type { ListKind } from './member-lists.js';

export type Items = readonly JsonObject[];

interface Kept {
  items: Items | null;
  /** Monotonic; -Infinity: old. */
  askedMs: number;
  asking: Promise<Items | null> | null;
  /** Whether somebody went on without an answer. */
  missed: boolean;
  /** Whether it was told already that the list in `items` is another one by now. */
  told: boolean;
}

/** After a failure the server is left alone for this long. */
const AGAIN_AFTER_MS = 5_000;

/**
 * What one server listed last, by kind. A list that fails to come leaves the last good one; equal lists keep their
 * identity, by which others remember what they made of them.
 */
export class ListShelf {
  private readonly kept = new Map<ListKind, Kept>();

  constructor(
    private readonly clock: Clock,
    /** Rejects when the server cannot be asked. */
    private readonly fetch: (kind: ListKind) => Promise<Items>,
    private readonly ttlMs: number,
    /** Hears that somebody was told another list than the one that is there now; `late` when it went on without one. */
    private readonly onChange: (kind: ListKind, late: boolean) => void,
  ) {}

  /** The last good list, however old. */
  peek(kind: ListKind): Items | null {
    return this.kept.get(kind)?.items ?? null;
  }

  /**
   * The list, asked for anew when it is old; the last good one, or `null`, when no other comes within `waitMs`. A server
   * that somebody waited for in vain is not waited for again until it has answered.
   */
  async ask(kind: ListKind, waitMs: number): Promise<Items | null> {
    const kept = this.of(kind);
    if (kept.asking === null && this.clock.monotonicMs() - kept.askedMs < this.ttlMs) {
      return kept.items;
    }
    kept.asking ??= this.refresh(kind, kept);
    if (kept.missed) return kept.items;
    const late = Symbol('late');
    let cancel = (): void => undefined;
    const alarm = new Promise<typeof late>((resolve) => {
      cancel = this.clock.schedule(waitMs, () => {
        resolve(late);
      });
    });
    const first = await Promise.race([kept.asking, alarm]);
    cancel();
    if (first !== late) return first;
    kept.missed = true;
    return kept.items;
  }

  /** Puts what was listed on the way to something else. */
  put(kind: ListKind, items: Items): void {
    const kept = this.of(kind);
    kept.askedMs = this.clock.monotonicMs();
    const { missed } = kept;
    kept.missed = false;
    if (kept.items !== null && equalJson(kept.items, items)) return;
    const isNews = kept.items !== null || (missed && items.length > 0);
    kept.items = items;
    if (isNews && !kept.told) this.onChange(kind, missed);
  }

  /** The server said that its lists are others now. Told once until somebody asks for them again. */
  changed(kinds: readonly ListKind[]): void {
    for (const kind of kinds) {
      const kept = this.kept.get(kind);
      if (kept === undefined) continue;
      kept.askedMs = -Infinity;
      if (kept.told) continue;
      kept.told = true;
      this.onChange(kind, false);
    }
  }

  /** The lists may be others now, which those who need to know are told of elsewhere. */
  age(kinds: readonly ListKind[]): void {
    for (const kind of kinds) {
      const kept = this.kept.get(kind);
      if (kept !== undefined) kept.askedMs = -Infinity;
    }
  }

  private of(kind: ListKind): Kept {
    let kept = this.kept.get(kind);
    if (kept === undefined) {
      kept = { items: null, askedMs: -Infinity, asking: null, missed: false, told: false };
      this.kept.set(kind, kept);
    }
    return kept;
  }

  private async refresh(kind: ListKind, kept: Kept): Promise<Items | null> {
    const startedMs = this.clock.monotonicMs();
    kept.askedMs = startedMs;
    const toldBefore = kept.told;
    kept.told = false;
    try {
      const items = await this.fetch(kind);
      // A list that became old while it was on its way is asked for again by the next one who wants it.
      const aged = kept.askedMs < startedMs;
      const toldMeanwhile = kept.told;
      kept.told ||= toldBefore;
      this.put(kind, items);
      kept.told = toldMeanwhile;
      if (aged) kept.askedMs = -Infinity;
    } catch {
      kept.told ||= toldBefore;
      kept.askedMs = this.clock.monotonicMs() - this.ttlMs + AGAIN_AFTER_MS;
    } finally {
      kept.asking = null;
    }
    return kept.items;
  }
}
