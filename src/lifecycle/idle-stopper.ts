import type { CancelTimer, Clock } from '../kernel/clock.js';
import type { Instance } from './instance.js';

/** Shorter is no time: between its handshake and its first call a child would count as unused. */
const MIN_IDLE_MS = 500;

/**
 * Stops instances that nobody used for `idleMs`: no call, no standing stream. One timer, and only while there is
 * something to watch.
 */
export class IdleStopper {
  private timer: CancelTimer | null = null;
  private ended = false;
  private readonly idleMs: number | null;

  /** `idleMs: null` never stops anything; less than half a second counts as that. */
  constructor(
    private readonly clock: Clock,
    idleMs: number | null,
    private readonly candidates: () => readonly Instance[],
    private readonly stop: (instance: Instance) => void,
  ) {
    this.idleMs = idleMs === null ? null : Math.max(idleMs, MIN_IDLE_MS);
  }

  /** There may be something new to watch. */
  watch(): void {
    if (this.idleMs === null || this.timer !== null || this.ended) return;
    if (this.candidates().length === 0) return;
    this.timer = this.clock.schedule(this.idleMs, () => {
      this.timer = null;
      this.sweep(this.idleMs ?? 0);
    });
  }

  /** For good. */
  cancel(): void {
    this.ended = true;
    this.timer?.();
    this.timer = null;
  }

  private sweep(idleMs: number): void {
    const now = this.clock.monotonicMs();
    let nextMs: number | null = null;
    for (const instance of this.candidates()) {
      const usedMs = Math.max(instance.upstream.lastUsedMs, instance.facts.startedMs);
      const dueMs = instance.isQuiet ? usedMs + idleMs : now + idleMs;
      if (dueMs <= now) this.stop(instance);
      else nextMs = Math.min(nextMs ?? dueMs, dueMs);
    }
    if (nextMs === null || this.ended) return;
    this.timer = this.clock.schedule(nextMs - now, () => {
      this.timer = null;
      this.sweep(idleMs);
    });
  }
}
