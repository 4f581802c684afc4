import type { ServiceDocument } from '../registry/service.js';
import type { LifecycleParts, Wake } from './lifecycle-parts.js';
import { proofBudgetMs } from './attempt-runner.js';
import { poolPlan } from './pool-plan.js';
import { runnableOf } from './service-observer.js';
import type { Settling } from './settling.js';

const AT_ONCE = 2;
/** With more services than this, only those that ask for warm instances are started before their first call. */
const EAGER_LIMIT = 64;

/**
 * Proves in the background what boot mounted unproven, two at a time: those with warm instances first, then shared ones.
 * It never takes an instance away from a service in use: at the global cap it leaves the rest to their first call.
 */
export class ProofQueue {
  private readonly waiting: string[] = [];
  private working = 0;

  constructor(
    private readonly parts: LifecycleParts,
    private readonly settling: Settling,
    private readonly wake: Wake,
  ) {}

  /** Services whose proof is still to be begun. */
  get length(): number {
    return this.waiting.length;
  }

  fill(docs: readonly ServiceDocument[]): void {
    const ranked = docs.map((doc) => ({ doc, rank: rankOf(doc) }));
    const eager = docs.length > EAGER_LIMIT ? ranked.filter(({ rank }) => rank === 0) : ranked;
    eager.sort((left, right) => left.rank - right.rank);
    this.waiting.push(...eager.map(({ doc }) => doc.service_id));
    while (this.working < AT_ONCE && this.waiting.length > 0) {
      this.working += 1;
      void this.work().finally(() => {
        this.working -= 1;
      });
    }
  }

  /** What has not begun is left to the first call. */
  clear(): void {
    this.waiting.length = 0;
  }

  private async work(): Promise<void> {
    for (let id = this.waiting.shift(); id !== undefined; id = this.waiting.shift()) {
      await this.prove(id);
    }
  }

  private async prove(id: string): Promise<void> {
    const { registry, runtimes, starter } = this.parts;
    const doc = registry.find(id);
    const runtime = runtimes.of(id);
    if (doc?.desired !== 'active' || runtime.trusted !== doc.revision) return;
    const revision = runnableOf(doc);
    if (poolPlan(revision).spawns && !starter.budget.hasRoom) return;
    runtime.proofWanted = true;
    await this.wake(id);
    const over = (): true | null => (runtime.proofWanted || runtime.attempt !== null ? null : true);
    await this.settling.until(id, over, () => true, 2 * proofBudgetMs(revision));
  }
}

function rankOf(doc: ServiceDocument): number {
  const plan = poolPlan(runnableOf(doc));
  if (plan.warm > 0) return 0;
  return plan.kind === 'shared' ? 1 : 2;
}
