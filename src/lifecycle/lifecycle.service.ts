import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { JsonObject } from '../kernel/json.js';
import type { ChangeContext } from '../registry/service.js';
import type { InstanceSource } from '../upstream/instance-source.js';
import type { Availability, Blockage } from './availability.js';
import type { ConditionChange } from './conditions.js';
import type { InstanceView } from './instance.js';
import { STORAGE_CORRUPT } from './failure-mapping.js';
import { LifecycleCore } from './lifecycle-core.js';
import type { AttemptView, ProofResult, UnhealthyFacts } from './observation-intake.js';
import type { CommandOptions } from './service-commands.js';
import type { LogLine, LogListener } from './service-log.js';
import type {
  Condition,
  ConditionType,
  HealthRecord,
  ServiceStatusDocument,
} from './service-status.js';
import type { Settlement } from './settling.js';

/** Services of one chunk of the resync; between chunks everything else has its turn. */
const RESYNC_CHUNK = 100;

/**
 * Brings services to what is desired of them and keeps them there: the one writer of state and status, the owner of every
 * instance. Services are named by their id.
 */
@Injectable()
export class LifecycleService implements BeforeApplicationShutdown {
  private resyncing = false;

  constructor(private readonly core: LifecycleCore) {}

  // Reading

  statusOf(id: string): ServiceStatusDocument {
    const status = this.core.parts.statuses.read(id);
    const health = this.core.parts.runtimes.peek(id)?.health ?? null;
    return health === null ? status : { ...status, health };
  }

  /** The store's version of the status record; 0 when there is none. */
  statusVersion(id: string): number {
    return this.core.parts.statuses.version(id);
  }

  availabilityOf(id: string): Availability {
    return this.core.parts.observer.availability(id);
  }

  instances(id: string): InstanceView[] {
    const runtime = this.core.parts.runtimes.peek(id);
    if (runtime === undefined) return [];
    return [...runtime.pools.values()].flatMap((pool) => pool.views(runtime.restarts.total));
  }

  /** The last `tail` lines, oldest first. */
  logs(id: string, tail: number): readonly LogLine[] {
    return this.core.logs.logs(id, tail);
  }

  followLogs(id: string, listener: LogListener): () => void {
    return this.core.logs.follow(id, listener);
  }

  /** Instances of all services, remote connections included. */
  runningCount(): number {
    let count = 0;
    for (const [, runtime] of this.core.parts.runtimes.entries()) {
      for (const pool of runtime.pools.values()) count += pool.instances().length;
    }
    return count;
  }

  /** Where an endpoint gets instances of a revision; the same object as long as the revision is kept. */
  sourceFor(id: string, revision: number): InstanceSource | null {
    const pool = this.core.parts.runtimes.peek(id)?.pools.get(revision);
    return pool === undefined || pool.retired ? null : pool;
  }

  /**
   * Whether the service waits for somebody to look at its stored document, which was damaged or edited by hand: nothing
   * that the gateway does of its own accord may write over it.
   */
  isHeld(id: string): boolean {
    const { statuses, faults } = this.core.parts;
    const { state, last_failure } = statuses.read(id);
    const isWaiting = state === 'error' && last_failure?.code === STORAGE_CORRUPT;
    return isWaiting || faults().some((fault) => fault.kind === 'service' && fault.id === id);
  }

  /**
   * Routes lead to these revisions of a service, the current one perhaps among them. From now on each keeps instances of its
   * own, started and proven for its first caller, and stays in the history; what was kept before and is not named any more
   * is seen out with the next table that does not name it.
   */
  keepRevisions(id: string, revisions: readonly number[]): Promise<void> {
    return this.core.kept.keep(id, revisions);
  }

  // Commands

  /** Rejects with `lifecycle.transition-refused` and the registry's problems. */
  async activate(id: string, context: ChangeContext, options?: CommandOptions): Promise<void> {
    await this.core.commands.activate(id, context, options);
  }

  async deactivate(id: string, context: ChangeContext, options?: CommandOptions): Promise<void> {
    await this.core.commands.deactivate(id, context, options);
  }

  restart(id: string): void {
    this.core.commands.restart(id);
  }

  /**
   * A service in error that heals by backoff is tried now instead of later; resolves when that try has ended, or after its
   * deadline. Any other is left as it is.
   */
  retryNow(id: string): Promise<void> {
    return this.core.recovering.retryNow(id);
  }

  validate(id: string): Promise<readonly Condition[]> {
    return this.core.commands.validate(id);
  }

  /** The drain of a deactivation under way, or of the next one, is skipped (`?force=true`). */
  expedite(id: string): void {
    this.core.commands.expedite(id);
  }

  /** Resolves when the service, or the try of one revision, has come to an end; at the latest after `timeoutMs`. */
  settled(
    id: string,
    revision: number | null,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<Settlement> {
    return this.core.settling.settled(id, revision, timeoutMs, signal);
  }

  // What upper layers saw

  /** The upstream to prove; `null` once the attempt is over. */
  upstreamOf(attemptId: string): AttemptView | null {
    return this.core.intake.upstreamOf(attemptId);
  }

  recordProof(attemptId: string, result: ProofResult): Promise<void> {
    return this.core.intake.recordProof(attemptId, result);
  }

  recordPublished(tableVersion: number, served: ReadonlyMap<string, readonly number[]>): void {
    this.core.intake.recordPublished(tableVersion, served);
  }

  recordHealth(id: string, record: HealthRecord): Promise<void> {
    return this.core.intake.recordHealth(id, record);
  }

  recordUnhealthy(
    id: string,
    reason: string,
    message: string,
    definite: UnhealthyFacts = {},
  ): void {
    this.core.intake.recordUnhealthy(id, reason, message, definite);
  }

  /** A required resource outside cannot be reached (the sentence says which); `null`: all of them can. */
  recordExternal(id: string, message: string | null): void {
    this.core.intake.recordExternal(id, message);
  }

  /** A security finding for which no new call is let in from now on; `null`: there is none any more. */
  recordBlockage(id: string, blockage: Blockage | null): Promise<void> {
    return this.core.intake.recordBlockage(id, blockage);
  }

  /** An instance whose calls fail is not picked for a while; `false`: it is, as too few others would be left. */
  ejectInstance(id: string, instanceId: string, forMs: number): boolean {
    const pools = this.core.parts.runtimes.peek(id)?.pools.values() ?? [];
    return [...pools].some((pool) => pool.eject(instanceId, forMs));
  }

  pardonInstance(id: string, instanceId: string): void {
    const pools = this.core.parts.runtimes.peek(id)?.pools.values() ?? [];
    for (const pool of pools) pool.pardon(instanceId);
  }

  recordTools(id: string, tools: readonly JsonObject[]): Promise<void> {
    return this.core.intake.recordTools(id, tools);
  }

  recordCondition(
    id: string,
    set: ConditionChange | null,
    drop: readonly ConditionType[] = [],
  ): Promise<void> {
    return this.core.intake.recordCondition(id, set, drop);
  }

  // The process

  /** Takes up what the store holds. Afterwards everything that was active is mounted, though nothing has started. */
  async recover(): Promise<void> {
    this.core.listener.start();
    await this.core.recovery.recover(this.core.ports.store.status().faults);
  }

  /** Looks at every service again: whatever event was lost is made good. */
  async resync(): Promise<void> {
    if (this.resyncing) return;
    this.resyncing = true;
    try {
      const { registry, clock } = this.core.parts;
      const ids = registry.list().map((doc) => doc.service_id);
      for (let at = 0; at < ids.length; at += RESYNC_CHUNK) {
        await Promise.all(
          ids.slice(at, at + RESYNC_CHUNK).map((id) => this.core.reconciler.wake(id)),
        );
        await clock.sleep(0);
      }
    } finally {
      this.resyncing = false;
    }
  }

  /** Before the listener is closed: whoever still waits for an upstream is answered. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.stop();
  }

  /** Ends every instance; no service changes its state. Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.core.listener.stop();
    this.core.queue.clear();
    this.core.reconciler.stop();
    this.core.logs.stop();
    const endings: Promise<void>[] = [];
    for (const [, runtime] of this.core.parts.runtimes.entries()) {
      runtime.attempt?.fail(STOPPING);
      for (const trial of runtime.trials.values()) trial.fail(STOPPING);
      for (const pool of runtime.pools.values()) endings.push(pool.stop());
    }
    await Promise.all(endings);
  }
}

const STOPPING = {
  stage: 'start',
  code: 'lifecycle.stopping',
  reason: 'Stopping',
  message: 'The gateway is shutting down.',
  action: 'Wait until the gateway runs again; the activation is then made anew.',
  stderr: [],
} as const;
