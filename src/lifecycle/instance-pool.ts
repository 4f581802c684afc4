import { setMaxListeners } from 'node:events';
import type { InstanceSource, Lease, LeaseRequest } from '../upstream/instance-source.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import { IdleStopper } from './idle-stopper.js';
import type { Instance, InstanceView } from './instance.js';
import { AT_ONCE, InstanceRoster } from './instance-roster.js';
import type { InstanceStarter } from './instance-starter.js';
import { poolPlan, type PoolPlan, type RunnableRevision } from './pool-plan.js';
import type { PoolHooks, TrialOptions } from './pool-hooks.js';
import { allInUse, keepsEnding, retired } from './pool-refusals.js';
import { ProofGate } from './proof-gate.js';
import { countsAsCrash } from './restart-policy.js';

/**
 * The instances of one revision of one service. Shared upstreams serve all leases; of `own` ones each lease has its own,
 * which ends with it. Invariant: after `stop`, or a finished `drain`, no process, timer or listener of it is left.
 */
export class InstancePool implements InstanceSource {
  readonly plan: PoolPlan;
  private readonly roster: InstanceRoster;
  private readonly gate: ProofGate;
  private readonly idle: IdleStopper;
  private readonly withdrawOffer: () => void;
  private readonly life = new AbortController();
  /** Starts under way for leases, replicas and the warm stock; they count against `max_instances`. */
  private startsUnderWay = 0;
  private sharedStart: Promise<Instance> | null = null;
  private filling = false;
  private refusal: UpstreamError | null = null;
  private lastCountedMs = -1;

  constructor(
    readonly revision: RunnableRevision,
    private readonly starter: InstanceStarter,
    private readonly hooks: PoolHooks,
  ) {
    const { clock, budget } = starter;
    this.plan = poolPlan(revision);
    // Each start listens while it lasts; their number is bounded by `max_instances`.
    setMaxListeners(0, this.life.signal);
    this.gate = new ProofGate(clock, this.plan.startTimeoutMs);
    this.roster = new InstanceRoster(this.plan, clock, (instance) => {
      hooks.onEnding(instance);
    });
    this.idle = new IdleStopper(
      clock,
      this.plan.idleStopMs,
      () => this.roster.idleCandidates(),
      (instance) => {
        this.roster.end(instance);
      },
    );
    const offer = this.plan.spawns ? budget.offer(() => this.roster.reclaimable()) : null;
    this.withdrawOffer = () => offer?.();
  }

  /** Whether it was proven, and has not lost that since. */
  get proven(): boolean {
    return this.gate.isTrusted;
  }

  /** What ended the last of its upstreams unasked; `null` once another one is proven. */
  get outage(): UpstreamError | null {
    return this.gate.outage;
  }

  get retired(): boolean {
    return this.life.signal.aborted;
  }

  /** Whether anything of it may still run. */
  get running(): boolean {
    return this.startsUnderWay > 0 || !this.roster.isEmpty;
  }

  /** Callers that wait for a proof. */
  get waiters(): number {
    return this.gate.waiters;
  }

  instances(): readonly Instance[] {
    return this.roster.all();
  }

  views(restarts: number): InstanceView[] {
    const now = this.starter.clock.monotonicMs();
    return this.instances().map((instance) => instance.view(now, restarts));
  }

  async acquire(request: LeaseRequest): Promise<Lease> {
    this.refuseUnlessAdmitting(request);
    if (this.plan.reproves && this.roster.serving.size === 0) this.gate.renew();
    if (!this.gate.isOpen) {
      this.policyWaitMs();
      this.hooks.onProofWanted(this.revision.revision);
      await this.gate.pass(request.signal);
      this.refuseUnlessAdmitting(request);
    }
    const instance = this.plan.kind === 'shared' ? await this.oneShared() : await this.oneOwn();
    const lease = this.lease(instance);
    if (this.retired || request.signal?.aborted === true) {
      lease.release();
      this.refuseUnlessAdmitting(request);
    }
    return lease;
  }

  /** An upstream to prove the revision with: one that serves if `reuse`, else one that takes no lease until admitted. */
  async beginTrial(signal: AbortSignal, options: TrialOptions): Promise<Instance> {
    const present =
      options.reuse && this.plan.kind === 'shared' ? this.roster.leastBusy() : undefined;
    if (present !== undefined) return present;
    const starting = this.starter.start(this.revision, {
      signal: AbortSignal.any([signal, this.life.signal]),
      reclaim: options.reclaim,
      onDown: (instance, error) => {
        const onTrial = !this.roster.serving.has(instance);
        this.onDown(instance, error);
        if (onTrial) options.onDown(error);
      },
    });
    this.roster.track(starting);
    const instance = await starting;
    this.roster.trials.add(instance);
    if (!this.retired && !signal.aborted && instance.state === 'ready') return instance;
    this.roster.end(instance);
    throw new UpstreamError('aborted', 'The start was given up.');
  }

  /** The trial failed: its upstream is stopped, unless it serves. */
  dismiss(instance: Instance): void {
    if (this.roster.trials.has(instance)) this.roster.end(instance);
  }

  /**
   * The trial succeeded: callers are let in. A shared upstream serves from now on; an own one was used up by the proof and
   * is stopped. With `replaceDrainMs` the instances there were leave, waited for at most that long.
   */
  admit(instance: Instance, replaceDrainMs: number | null): void {
    const before = [...this.roster.serving].filter((other) => other !== instance);
    if (this.roster.trials.has(instance)) {
      const serves = this.plan.kind === 'shared' && instance.state === 'ready';
      if (serves) this.roster.trials.delete(instance);
      if (serves) this.roster.serving.add(instance);
      else this.roster.end(instance);
    }
    if (replaceDrainMs !== null) {
      for (const other of before)
        this.roster.leave(other, { drainMs: replaceDrainMs, sessionDrainMs: replaceDrainMs });
    }
    this.refusal = null;
    this.gate.open();
    this.fill();
    this.idle.watch();
  }

  /** As of `InstanceRoster`; an instance that one client alone uses is that client's affair. */
  eject(instanceId: string, forMs: number): boolean {
    return this.plan.kind === 'shared' && this.roster.eject(instanceId, forMs);
  }

  pardon(instanceId: string): void {
    this.roster.pardon(instanceId);
  }

  /** What served has ended for this reason: callers wait until the next one is proven. */
  awaitProof(outage: UpstreamError): void {
    this.gate.renew(outage);
  }

  /** The proof could not be had: whoever waits for it is told why. */
  refuseWaiting(error: UpstreamError): void {
    this.gate.refuse(error);
  }

  /** Out of rotation: everything is stopped and every caller refused with `error` until a trial is admitted. */
  suspend(error: UpstreamError): void {
    this.refusal = error;
    this.gate.close();
    this.gate.refuse(error);
    for (const instance of [...this.roster.serving]) this.roster.leave(instance, AT_ONCE);
  }

  /** No new lease from now on; who waits for one is refused with `retired`. */
  retire(): void {
    if (this.retired) return;
    this.life.abort();
    this.gate.refuse(retired(this.revision));
    this.withdrawOffer();
    this.idle.cancel();
  }

  /** Retires, and resolves when calls and sessions have ended (within the limits) and everything is stopped. */
  async drain(drainMs: number, sessionDrainMs: number): Promise<void> {
    this.retire();
    for (const instance of [...this.roster.trials]) this.roster.end(instance);
    for (const instance of [...this.roster.serving]) {
      this.roster.leave(instance, { drainMs, sessionDrainMs });
    }
    await this.roster.ended();
  }

  /** Retires and stops everything now; a drain under way is cut short. */
  async stop(): Promise<void> {
    this.roster.hurry();
    await this.drain(0, 0);
  }

  private refuseUnlessAdmitting({ signal, inspects }: LeaseRequest): void {
    if (this.retired) throw retired(this.revision);
    if (signal?.aborted === true) throw new UpstreamError('aborted', 'The caller gave up.');
    const barrier = inspects === true ? null : (this.hooks.barrier?.() ?? null);
    const refusal = this.refusal ?? barrier;
    if (refusal !== null) throw refusal;
  }

  private async oneShared(): Promise<Instance> {
    const present = this.roster.pick();
    if (present !== undefined) {
      if (this.roster.serving.size < this.plan.replicas) this.fill();
      return present;
    }
    // One start serves everybody who waits for a shared upstream.
    this.sharedStart ??= this.startServing(false).finally(() => {
      this.sharedStart = null;
    });
    return await this.sharedStart;
  }

  private async oneOwn(): Promise<Instance> {
    const warm = this.roster.unused();
    if (warm === undefined) return await this.startServing(true);
    warm.used = true;
    this.fill();
    return warm;
  }

  private async startServing(used: boolean): Promise<Instance> {
    if (this.roster.serving.size + this.startsUnderWay >= this.plan.maxInstances) {
      throw allInUse(this.revision, this.plan.maxInstances);
    }
    this.startsUnderWay += 1;
    const begunMs = this.starter.clock.monotonicMs();
    try {
      await this.waitForPolicy();
      const starting = this.starter.start(this.revision, {
        signal: this.life.signal,
        reclaim: true,
        onDown: (instance, error) => {
          this.onDown(instance, error);
        },
      });
      this.roster.track(starting);
      return this.put(await starting, used);
    } catch (error) {
      throw this.startFailed(error, begunMs);
    } finally {
      this.startsUnderWay -= 1;
    }
  }

  private put(instance: Instance, used: boolean): Instance {
    this.roster.serving.add(instance);
    if (this.retired) this.roster.end(instance);
    if (instance.state !== 'ready') {
      this.roster.end(instance);
      throw new UpstreamError('exited-early', 'The upstream ended as soon as it had started.');
    }
    instance.used = used;
    this.idle.watch();
    return instance;
  }

  /** How long the restart policy has a start wait; refuses when that is longer than a start may take. */
  private policyWaitMs(): number {
    const waitMs = this.hooks.startAtMs() - this.starter.clock.monotonicMs();
    if (waitMs <= this.plan.startTimeoutMs) return waitMs;
    throw keepsEnding(this.revision, waitMs);
  }

  private async waitForPolicy(): Promise<void> {
    const waitMs = this.policyWaitMs();
    if (waitMs > 0) await this.starter.clock.sleep(waitMs, this.life.signal);
    if (this.retired) throw retired(this.revision);
  }

  private startFailed(error: unknown, begunMs: number): unknown {
    if (this.retired) return retired(this.revision);
    if (!(error instanceof UpstreamError) || !countsAsCrash(error.code)) return error;
    // Starts that ran side by side and failed together are one failure of the service.
    const counted = begunMs > this.lastCountedMs || this.plan.kind === 'shared';
    this.tellFailure(null, error, counted);
    return error;
  }

  private onDown(instance: Instance, error: UpstreamError): void {
    const served = this.roster.serving.has(instance);
    this.roster.end(instance);
    if (!served || this.retired) return;
    // A child that one client made end is that client's affair; a shared or unused one is the service's.
    const counted = countsAsCrash(error.code) && !(this.plan.kind === 'own' && instance.used);
    this.tellFailure(instance, error, counted);
  }

  private tellFailure(instance: Instance | null, error: UpstreamError, counted: boolean): void {
    if (counted) this.lastCountedMs = this.starter.clock.monotonicMs();
    const { isBereft } = this.roster;
    this.hooks.onFailure({ revision: this.revision.revision, instance, error, counted, isBereft });
  }

  private lease(instance: Instance): Lease {
    instance.leases += 1;
    let held = true;
    return {
      instanceId: instance.id,
      upstream: instance.upstream,
      release: () => {
        if (!held) return;
        held = false;
        instance.leases -= 1;
        if (this.plan.kind === 'own') this.roster.end(instance);
      },
    };
  }

  /** Starts what is missing of the replicas or the warm stock, one after another, in the background. */
  private fill(): void {
    if (this.filling || this.missing() <= 0) return;
    this.filling = true;
    void this.fillUp()
      .catch(() => undefined)
      .finally(() => {
        this.filling = false;
      });
  }

  private async fillUp(): Promise<void> {
    while (this.missing() > 0) await this.startServing(false);
  }

  private missing(): number {
    if (this.retired || !this.gate.isOpen) return 0;
    const { kind, replicas, warm, maxInstances } = this.plan;
    const { serving, unusedCount } = this.roster;
    const room = maxInstances - serving.size - this.startsUnderWay;
    if (kind === 'own') return Math.min(room, warm - unusedCount);
    // Replicas are started on demand: with none running nobody uses the service.
    return serving.size === 0 ? 0 : Math.min(room, replicas - serving.size);
  }
}
