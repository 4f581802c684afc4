import { UpstreamError } from '../upstream/upstream.errors.js';

/** The right to have one more child process. Given back once it is gone; `release` is idempotent. */
export interface Permit {
  release(): void;
}

/** An instance that nobody would miss now. `idleSinceMs` is monotonic. */
export interface Reclaimable {
  readonly idleSinceMs: number;
  stop(): Promise<void>;
}

/** Seconds a refused caller is told to wait: an idle instance may have ended by then. */
const RETRY_AFTER_S = 5;

/**
 * The cap on child processes over all services (`SWITCHYARD_MAX_INSTANCES`). At the cap the instance that is idle longest
 * is stopped in favour of the new one; only when all are in use is the caller refused.
 */
export class InstanceBudget {
  private taken = 0;
  private readonly sources = new Set<() => readonly Reclaimable[]>();

  constructor(readonly limit: number) {}

  get used(): number {
    return this.taken;
  }

  get hasRoom(): boolean {
    return this.taken < this.limit;
  }

  /** Names where idle instances may be found. Answers the function that ends it. */
  offer(source: () => readonly Reclaimable[]): () => void {
    this.sources.add(source);
    return () => {
      this.sources.delete(source);
    };
  }

  /** `reclaim: false` never stops another's instance. Rejects with `capacity`. */
  async take(options: { readonly reclaim: boolean }): Promise<Permit> {
    if (!this.hasRoom && options.reclaim) await this.longestIdle()?.stop();
    if (!this.hasRoom) {
      throw new UpstreamError(
        'capacity',
        `All ${String(this.limit)} child processes of the gateway are in use.`,
        { retryAfterS: RETRY_AFTER_S },
      );
    }
    this.taken += 1;
    let held = true;
    return {
      release: () => {
        if (held) this.taken -= 1;
        held = false;
      },
    };
  }

  private longestIdle(): Reclaimable | undefined {
    let oldest: Reclaimable | undefined;
    for (const source of this.sources) {
      for (const candidate of source()) {
        if (oldest === undefined || candidate.idleSinceMs < oldest.idleSinceMs) oldest = candidate;
      }
    }
    return oldest;
  }
}
