import { proofBudgetMs } from './attempt-runner.js';
import type { LifecycleParts, Wake } from './lifecycle-parts.js';
import { runnableOf } from './service-observer.js';
import type { Settling } from './settling.js';

/** Cuts the wait for the next try of a service short, when somebody wants to know how it is now. */
export class RetryNow {
  constructor(
    private readonly parts: LifecycleParts,
    private readonly settling: Settling,
    private readonly wake: Wake,
  ) {}

  /** Shares the try that is under way. Resolves when it has ended, or after twice what a proof may take. Never rejects. */
  async retryNow(id: string): Promise<void> {
    const { registry, statuses, runtimes, clock } = this.parts;
    const doc = registry.find(id);
    const runtime = runtimes.peek(id);
    if (doc?.desired !== 'active' || runtime?.healing !== 'backoff') return;
    if (statuses.read(id).state !== 'error') return;
    if (runtime.attempt === null) {
      const startAtMs = Math.min(runtime.restarts.startAtMs, clock.monotonicMs());
      runtime.restarts = { ...runtime.restarts, startAtMs };
      await this.wake(id);
    }
    const { attempt } = runtime;
    if (attempt === null) return;
    const over = (): true | null => (runtime.attempt === attempt ? null : true);
    await this.settling.until(id, over, () => true, 2 * proofBudgetMs(runnableOf(doc)));
  }
}
