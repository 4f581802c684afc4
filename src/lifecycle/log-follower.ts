import type { CancelTimer } from '../kernel/clock.js';
import type { LifecycleParts } from './lifecycle-parts.js';
import type { PoolKeeper } from './pool-keeper.js';
import type { LogLine, LogListener } from './service-log.js';

/** How often the stderr of followed services is looked at, in milliseconds. */
const POLL_MS = 1000;

/** Reads the logs of services. Stderr is taken over when somebody looks, and each second while somebody follows. */
export class LogFollower {
  private readonly followed = new Map<string, number>();
  private cancelTimer: CancelTimer | null = null;

  constructor(
    private readonly parts: LifecycleParts,
    private readonly pools: PoolKeeper,
  ) {}

  /** The last `tail` lines, oldest first. */
  logs(id: string, tail: number): readonly LogLine[] {
    this.collect(id);
    return this.parts.runtimes.peek(id)?.log.tail(tail) ?? [];
  }

  /** Hears each further line. Answers the function that ends it. */
  follow(id: string, listener: LogListener): () => void {
    this.collect(id);
    const unfollow = this.parts.runtimes.of(id).log.follow(listener);
    this.followed.set(id, (this.followed.get(id) ?? 0) + 1);
    this.cancelTimer ??= this.parts.clock.schedule(POLL_MS, () => {
      this.poll();
    });
    let following = true;
    return () => {
      if (!following) return;
      following = false;
      unfollow();
      this.release(id);
    };
  }

  stop(): void {
    this.followed.clear();
    this.cancelTimer?.();
    this.cancelTimer = null;
  }

  private release(id: string): void {
    const left = (this.followed.get(id) ?? 1) - 1;
    if (left > 0) this.followed.set(id, left);
    else this.followed.delete(id);
    if (this.followed.size === 0) this.stop();
  }

  private poll(): void {
    this.cancelTimer = null;
    for (const id of this.followed.keys()) this.collect(id);
    if (this.followed.size === 0) return;
    this.cancelTimer = this.parts.clock.schedule(POLL_MS, () => {
      this.poll();
    });
  }

  private collect(id: string): void {
    const runtime = this.parts.runtimes.peek(id);
    if (runtime === undefined) return;
    for (const pool of runtime.pools.values()) {
      for (const instance of pool.instances()) this.pools.collect(runtime, instance);
    }
  }
}
