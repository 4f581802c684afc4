import type { Clock } from '../kernel/clock.js';
import { drainInstance } from './drain.js';
import type { Instance } from './instance.js';
import type { Reclaimable } from './instance-budget.js';
import type { PoolPlan } from './pool-plan.js';

/** How long a leaving instance is waited for, in milliseconds. */
export interface LeaveLimits {
  readonly drainMs: number;
  readonly sessionDrainMs: number;
}

export const AT_ONCE: LeaveLimits = { drainMs: 0, sessionDrainMs: 0 };

/** How long the trial of an ejected instance keeps other callers from it. */
const TRIAL_MS = 30_000;

/**
 * Every instance of a pool and where it stands: serving, on trial, or leaving. Invariant: an instance is in one of the
 * three from its start until nothing of it runs, and each end under way is awaited by `ended`.
 */
export class InstanceRoster {
  readonly serving = new Set<Instance>();
  readonly trials = new Set<Instance>();
  private readonly leaving = new Set<Instance>();
  private readonly endings = new Set<Promise<unknown>>();
  private readonly haste = new AbortController();

  /** `onEnding` hears of each instance just before it is gone. */
  constructor(
    private readonly plan: PoolPlan,
    private readonly clock: Clock,
    private readonly onEnding: (instance: Instance) => void,
  ) {}

  /** Whether none serves of the children that all callers share. */
  get isBereft(): boolean {
    return this.plan.spawns && this.plan.kind === 'shared' && this.serving.size === 0;
  }

  get isEmpty(): boolean {
    return this.endings.size === 0 && this.all().length === 0;
  }

  all(): readonly Instance[] {
    return [...this.serving, ...this.trials, ...this.leaving];
  }

  isLeaving(instance: Instance): boolean {
    return this.leaving.has(instance);
  }

  /** The shared instance with the least to do. */
  leastBusy(): Instance | undefined {
    let best: Instance | undefined;
    for (const instance of this.serving) {
      if (instance.state !== 'ready') continue;
      if (best === undefined || busyness(instance) < busyness(best)) best = instance;
    }
    return best;
  }

  /**
   * The shared instance for the next lease: the least busy of those that are not ejected. One whose time is over gets one
   * lease to try it, and the next one only after `TRIAL_MS` or when it is pardoned. All ejected: the least busy all the same.
   */
  pick(): Instance | undefined {
    const nowMs = this.clock.monotonicMs();
    let best: Instance | undefined;
    for (const instance of this.serving) {
      if (instance.state !== 'ready' || instance.ejectedUntilMs > nowMs) continue;
      if (best === undefined || busyness(instance) < busyness(best)) best = instance;
    }
    if (best !== undefined && best.ejectedUntilMs > 0) best.ejectedUntilMs = nowMs + TRIAL_MS;
    return best ?? this.leastBusy();
  }

  /** Not picked for a while; `false` when fewer than half of the instances would be left, or it does not serve. */
  eject(instanceId: string, forMs: number): boolean {
    const nowMs = this.clock.monotonicMs();
    const ready = [...this.serving].filter(({ state }) => state === 'ready');
    const found = ready.find(({ id }) => id === instanceId);
    const out = ready.filter(
      ({ id, ejectedUntilMs }) => id !== instanceId && ejectedUntilMs > nowMs,
    );
    if (found === undefined || (out.length + 1) * 2 > ready.length) return false;
    found.ejectedUntilMs = nowMs + forMs;
    return true;
  }

  pardon(instanceId: string): void {
    for (const instance of this.serving) {
      if (instance.id === instanceId) instance.ejectedUntilMs = 0;
    }
  }

  /** A serving instance that never had a lease. */
  unused(): Instance | undefined {
    for (const instance of this.serving) {
      if (!instance.used && instance.state === 'ready') return instance;
    }
    return undefined;
  }

  get unusedCount(): number {
    return [...this.serving].filter((instance) => !instance.used).length;
  }

  /** What may be stopped when nobody uses it; the warm stock is kept on purpose. */
  idleCandidates(): readonly Instance[] {
    return [...this.serving].filter((instance) => this.plan.kind === 'shared' || instance.used);
  }

  /** What may be stopped in favour of another service: no session would notice. */
  reclaimable(): readonly Reclaimable[] {
    const free = [...this.serving].filter((instance) => instance.isQuiet && instance.leases === 0);
    return free.map((instance) => ({
      idleSinceMs: Math.max(instance.upstream.lastUsedMs, instance.facts.startedMs),
      stop: async () => {
        this.end(instance);
        await instance.stop();
      },
    }));
  }

  /** Takes no new lease from now on, and is stopped when its work is done or the limits are reached. */
  leave(instance: Instance, limits: LeaveLimits): void {
    this.serving.delete(instance);
    this.leaving.add(instance);
    const all = { ...limits, idleStopMs: this.plan.idleStopMs };
    const drained = drainInstance(instance, all, this.clock, this.haste.signal);
    this.track(
      drained.finally(() => {
        this.onEnding(instance);
        this.leaving.delete(instance);
      }),
    );
  }

  /** Stops it now. */
  end(instance: Instance): void {
    this.serving.delete(instance);
    this.trials.delete(instance);
    this.onEnding(instance);
    this.track(instance.stop());
  }

  /** Makes `ended` wait for something. Neither its result nor its failure matters here. */
  track(work: Promise<unknown>): void {
    const tracked = work
      .catch(() => undefined)
      .finally(() => {
        this.endings.delete(tracked);
      });
    this.endings.add(tracked);
  }

  /** Cuts every wait short. */
  hurry(): void {
    this.haste.abort();
  }

  async ended(): Promise<void> {
    while (this.endings.size > 0) await Promise.all([...this.endings]);
  }
}

/** Calls under way decide; between equals the leases do. */
function busyness(instance: Instance): number {
  return instance.upstream.inFlight * 1000 + instance.leases;
}
