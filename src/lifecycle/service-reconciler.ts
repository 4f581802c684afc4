import { KeyedSerial } from '../kernel/serial.js';
import { AvailabilityChanged } from './lifecycle.events.js';
import type { LifecycleParts } from './lifecycle-parts.js';
import type { PoolKeeper } from './pool-keeper.js';
import { reconcile } from './reconcile.js';
import type { ServiceRuntime } from './service-runtime.js';
import type { StepPerformer } from './step-performer.js';

/** Steps of one pass; more means that two rules undo one another. */
const MAX_STEPS = 50;
/** After a fault of our own (a full disk, say) the pass is tried again, in milliseconds. */
const RETRY_MS = 5000;
/** Longest timer; the pass that it causes sets the next one. */
const LONGEST_WAIT_MS = 3_600_000;

/**
 * Brings each service to what is desired of it, one step after another; passes over one service never overlap. What lasts
 * (a start, a proof, a drain) is begun here and heard of by another pass.
 */
export class ServiceReconciler {
  private readonly serial = new KeyedSerial();
  private stopped = false;

  constructor(
    private readonly parts: LifecycleParts,
    private readonly pools: PoolKeeper,
    private readonly steps: StepPerformer,
    /** Hears that a pass is over. */
    private readonly onPassed: (serviceId: string) => void,
  ) {}

  /** Makes another pass, which sees all that happened until now; resolves when it is over. Never rejects. */
  wake(id: string): Promise<void> {
    if (this.stopped) return Promise.resolve();
    const runtime = this.parts.runtimes.of(id);
    runtime.nextPass ??= this.queue(id, runtime);
    return runtime.nextPass;
  }

  /** No further pass. */
  stop(): void {
    this.stopped = true;
    for (const [, runtime] of this.parts.runtimes.entries()) runtime.clearTimer();
  }

  /** Publishes `AvailabilityChanged` when what a caller would be told is different from last time. */
  announce(id: string, runtime: ServiceRuntime): void {
    const { serving, reason, message, outage } = this.parts.observer.availability(id);
    const told = outage === undefined ? 'serving' : `serving after ${outage.reason}`;
    const now = serving ? told : `${reason} ${message}`;
    if (now === runtime.announced) return;
    runtime.announced = now;
    runtime.tableAtChange = this.pools.tableVersion;
    this.parts.bus.publish(new AvailabilityChanged(id));
  }

  private async queue(id: string, runtime: ServiceRuntime): Promise<void> {
    runtime.passes += 1;
    await this.serial.run(id, async () => {
      runtime.nextPass = null;
      try {
        await this.pass(id, runtime);
      } catch (error) {
        this.parts.logger.error({ err: error, service_id: id }, 'a lifecycle step failed');
        this.wakeAt(id, runtime, this.parts.clock.monotonicMs() + RETRY_MS);
      }
    });
    runtime.passes -= 1;
    this.announce(id, runtime);
    this.onPassed(id);
  }

  private async pass(id: string, runtime: ServiceRuntime): Promise<void> {
    runtime.clearTimer();
    for (let step = 0; step < MAX_STEPS; step += 1) {
      if (this.stopped) return;
      const action = reconcile(this.parts.observer.observe(id, runtime));
      if (action === null) return await this.steps.describe(id, runtime);
      if (action.do === 'wait-until' || action.do === 'await-proof') {
        this.wakeAt(id, runtime, action.do === 'wait-until' ? action.atMs : action.untilMs);
        return;
      }
      await this.steps.perform(id, runtime, action);
      if (action.do === 'become') this.announce(id, runtime);
    }
    throw new Error(`service ${id} does not settle`);
  }

  private wakeAt(id: string, runtime: ServiceRuntime, atMs: number): void {
    runtime.clearTimer();
    if (this.stopped || atMs === Infinity) return;
    const delayMs = Math.min(LONGEST_WAIT_MS, Math.max(0, atMs - this.parts.clock.monotonicMs()));
    runtime.cancelTimer = this.parts.clock.schedule(delayMs, () => {
      runtime.cancelTimer = null;
      void this.wake(id);
    });
  }
}
