/** Services brought up at once; each takes a process, and all of them share the machine's cores. */
const MOST_AT_ONCE = 8;

/**
 * Lets attempts that start a process begin a few at a time, in the order in which they ask. Why: an import or a restore
 * asks for hundreds in the same moment; started together they starve the machine and meet the cap on child processes,
 * though nearly all of them would rest right after their proof.
 */
export class StartTurns {
  private readonly atOnce: number;
  private readonly begun = new Set<string>();
  private readonly waiting = new Map<string, () => void>();

  /** `limit`: the cap on child processes. Half of it at most is given to those that begin. */
  constructor(limit: number) {
    this.atOnce = Math.max(1, Math.min(MOST_AT_ONCE, Math.floor(limit / 2)));
  }

  /** `null`: it may begin at once. Otherwise resolves when it may, or when it was ended before. */
  take(id: string): Promise<void> | null {
    if (this.begun.size < this.atOnce) {
      this.begun.add(id);
      return null;
    }
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
    });
  }

  /** It is over, or waits no more. */
  end(id: string): void {
    const given = this.waiting.get(id);
    this.waiting.delete(id);
    given?.();
    if (!this.begun.delete(id)) return;
    const [next] = this.waiting;
    if (next === undefined) return;
    this.waiting.delete(next[0]);
    this.begun.add(next[0]);
    next[1]();
  }
}
