import type { Clock } from '../kernel/clock.js';
import type { EventBus } from '../kernel/event-bus.js';
import type { Logger } from '../kernel/logger.js';
import type { Random } from '../kernel/random.js';
import { upstreamCodeOf } from '../lifecycle/failure-mapping.js';
import { poolPlan } from '../lifecycle/pool-plan.js';
import { runnableOf } from '../lifecycle/service-observer.js';
import type { HealthRecord } from '../lifecycle/service-status.js';
import type { ServiceDocument } from '../registry/service.js';
import type { CheckHistory } from './check-history.js';
import type { TransitionLog } from './transition-log.js';
import type { CircuitWatch } from './circuit-watch.js';
import { DependentIndex } from './dependent-index.js';
import { externalsOf, intervalOf, type PlannedCheck } from './check-plan.js';
import type { InstanceSource } from '../upstream/instance-source.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import { CheckRounds, type Round, type RoundFacts } from './check-rounds.js';
import { HealthBoards, type ServiceBoard } from './health-board.js';
import { HealthChanged } from './health.events.js';
import type { LifecycleAccess, RegistryReading } from './health-ports.js';
import type { PassiveMonitor } from './passive-monitor.js';
import type { PerformanceWatch } from './performance-watch.js';
import type { ProbeTarget } from './probe.js';
import type { ProbeFailure } from './probe-failure.js';
import type { ProbeRunner } from './probe.runner.js';
import type { UsageWatch } from './usage-watch.js';
import { takesOut, verdictOf, type JudgedCheck } from './verdict.js';

export interface HealthParts {
  readonly registry: RegistryReading;
  readonly lifecycle: LifecycleAccess;
  readonly runner: ProbeRunner;
  readonly usage: UsageWatch;
  readonly performance: PerformanceWatch;
  readonly circuits: CircuitWatch;
  readonly passive: PassiveMonitor;
  readonly history: CheckHistory;
  readonly transitions: TransitionLog;
  readonly clock: Clock;
  readonly random: Random;
  readonly bus: EventBus;
  readonly logger: Logger;
}

/**
 * The health of every service: plans its checks, runs them, draws the verdict and tells the lifecycle. Invariant: a service
 * that is not served has no check planned and no probe that could still have an effect.
 */
export class ServiceHealth {
  readonly boards = new HealthBoards();
  readonly rounds: CheckRounds;
  private readonly dependents = new DependentIndex();
  private readonly levels = new Map<string, HealthRecord['level']>();

  constructor(private readonly parts: HealthParts) {
    this.rounds = new CheckRounds(
      parts.clock,
      parts.random,
      (round) => this.factsOf(round),
      (round) => this.runRound(round),
    );
  }

  /** Plans what the documents ask for now, and draws the verdict. Idempotent; for events and the resync alike. */
  follow(id: string): void {
    const doc = this.watchedDocument(id);
    this.dependents.note(id, doc?.effective.integration.dependencies ?? []);
    if (doc === undefined) {
      this.rounds.plan(id, []);
      if (this.parts.registry.find(id) === undefined) this.forget(id);
    } else {
      const checks = this.checksOf(doc);
      if (externalsOf(doc.effective.integration).length === 0)
        this.parts.lifecycle.recordExternal(id, null);
      this.rounds.plan(
        id,
        checks.map(({ key }) => key),
      );
    }
    this.inspect(id, false);
    if (doc !== undefined) this.withdrawFindings(doc);
    this.judge(id);
  }

  /** Nothing of the service is kept. */
  forget(id: string): void {
    this.rounds.plan(id, []);
    this.boards.remove(id);
    this.parts.usage.forget(id);
    this.parts.performance.forget(id);
    this.parts.circuits.forget(id);
    this.parts.passive.forget(id);
    this.parts.history.forget(id);
    void this.parts.transitions.forget(id);
    this.levels.delete(id);
    this.dependents.forget(id);
  }

  /** The revision was proven; whatever its checks had found counts no more. */
  noteProven(id: string, revision: number): void {
    this.boards.markProven(id, revision);
  }

  /** The record as it is now; pure reading. */
  recordOf(id: string): HealthRecord {
    const { registry, lifecycle } = this.parts;
    const doc = registry.find(id);
    const status = lifecycle.statusOf(id);
    const availability = lifecycle.availabilityOf(id);
    const board = this.boards.get(id);
    return verdictOf({
      state: status.state,
      serving: availability.serving,
      unavailable: { reason: availability.reason, message: availability.message },
      failure: status.last_failure,
      proof: status.proof,
      proven: doc !== undefined && this.boards.isProven(id, doc.revision),
      idle: doc !== undefined && this.isSpawned(doc) && !this.isRunning(id),
      circuit: doc === undefined ? null : this.parts.circuits.of(id, doc.revision),
      checks: board === undefined ? [] : board.checks.map((check) => judged(check, board)),
    });
  }

  /** Draws the verdict and tells whoever wants to know. */
  judge(id: string): void {
    const { registry, lifecycle, bus, logger } = this.parts;
    if (registry.find(id) === undefined) return;
    const record = this.recordOf(id);
    lifecycle.recordHealth(id, record).catch((error: unknown) => {
      logger.error({ err: error, service_id: id }, 'a health record could not be stored');
    });
    const before = this.levels.get(id) ?? 'unknown';
    this.levels.set(id, record.level);
    if (before === record.level) return;
    const { level: to, reason, summary } = record;
    const at = this.parts.clock.timestamp();
    void this.parts.transitions.note(id, { at, from: before, to, reason, summary });
    bus.publish(new HealthChanged(id, before, record.level, record.reason, record.summary));
  }

  /** Runs every check of a served service now. */
  async runAll(id: string): Promise<void> {
    const doc = this.watchedDocument(id);
    if (doc === undefined) return;
    const checks = this.checksOf(doc);
    await Promise.all(checks.map(({ key }) => this.rounds.now({ serviceId: id, checkKey: key })));
  }

  /** What a service is made of is another: what it is and says is looked at now, not at the end of its interval. */
  inspect(id: string, anew: boolean): void {
    const doc = this.servedDocument(id);
    const board = this.boards.get(id);
    if (doc === undefined || board === undefined) return;
    for (const { key, config } of board.checks) {
      const isDue = config.kind === 'security' && (anew || board.stateOf(key).last === null);
      if (isDue) void this.rounds.now({ serviceId: id, checkKey: key });
    }
  }

  /** Something happened to a service: those that need it look again at once. */
  stir(id: string): void {
    const doc = this.parts.registry.find(id);
    for (const serviceId of this.dependents.of(id, doc?.spec.name)) {
      for (const { key, config } of this.boards.get(serviceId)?.checks ?? []) {
        if (config.kind === 'dependency') void this.rounds.now({ serviceId, checkKey: key });
      }
    }
  }

  private factsOf({ serviceId, checkKey }: Round): RoundFacts | null {
    const doc = this.watchedDocument(serviceId);
    const board = this.boards.get(serviceId);
    const check = board?.find(checkKey);
    if (doc === undefined || board === undefined || check === undefined) return null;
    const idle = this.isSpawned(doc) && !this.isAwake(doc);
    const failing = board.stateOf(checkKey).status === 'failing';
    const starts = check.config.kind === 'functional' && (idle || !this.isMultiplexed(doc));
    return { intervalMs: intervalOf(check, { idle, failing }), starts };
  }

  private async runRound({ serviceId, checkKey }: Round): Promise<void> {
    const doc = this.watchedDocument(serviceId);
    const board = this.boards.get(serviceId);
    const check = board?.find(checkKey);
    if (doc === undefined || board === undefined || check === undefined) return;
    const target = this.targetOf(doc, check);
    if (target === null) return;
    const { outcome, tools, sample } = await this.parts.runner.run(target, check.config);
    // Meanwhile it may have been removed or replaced; then this outcome is about nothing that serves.
    if (this.boards.get(serviceId) !== board || this.watchedDocument(serviceId) === undefined)
      return;
    if (sample !== null) this.parts.performance.record(serviceId, sample);
    this.parts.history.note(serviceId, check, outcome);
    const fails = board.note(check, outcome);
    if (fails) this.tellFailing(serviceId, check, board);
    if (check.config.kind === 'dependency') this.tellExternal(serviceId, check, board);
    if (check.config.kind === 'security') this.tellSecurity(serviceId, check, board);
    if (tools !== null && outcome.result === 'pass') await this.tellTools(serviceId, tools);
    this.judge(serviceId);
  }

  private tellFailing(id: string, check: PlannedCheck, board: ServiceBoard): void {
    const failure = board.stateOf(check.key).telling?.failure;
    if (failure === null || failure === undefined || !takesOut(check.config)) return;
    const { reason, message, authentication } = failure;
    const code = upstreamCodeOf(failure.code) ?? undefined;
    this.parts.lifecycle.recordUnhealthy(id, reason, message, { authentication, code });
  }

  private tellExternal(id: string, check: PlannedCheck, board: ServiceBoard): void {
    const { status, telling } = board.stateOf(check.key);
    const failure = status === 'failing' ? (telling?.failure ?? null) : null;
    const unmet = failure?.code === EXTERNAL_REQUIRED ? `${failure.message}.` : null;
    this.parts.lifecycle.recordExternal(id, unmet);
  }

  /** What nobody looks at any more is not held against the service. */
  private withdrawFindings(doc: ServiceDocument): void {
    const { lifecycle } = this.parts;
    const id = doc.service_id;
    const isWatched = this.checksOf(doc).some(({ config }) => config.kind === 'security');
    const held = lifecycle.statusOf(id).conditions.some(({ type }) => type === 'Secure');
    if (!isWatched && held && this.servedDocument(id) !== undefined) this.recordSecurity(id, null);
  }

  private tellSecurity(id: string, check: PlannedCheck, board: ServiceBoard): void {
    const { status, telling } = board.stateOf(check.key);
    const failure = status === 'failing' ? (telling?.failure ?? null) : null;
    this.recordSecurity(id, failure);
  }

  private recordSecurity(id: string, failure: ProbeFailure | null): void {
    const { lifecycle, logger } = this.parts;
    const told =
      failure === null
        ? lifecycle.recordCondition(id, null, ['Secure'])
        : lifecycle.recordCondition(id, {
            type: 'Secure',
            status: 'false',
            reason: failure.reason,
            message: failure.message,
          });
    told.catch((error: unknown) => {
      logger.error({ err: error, service_id: id }, 'a condition could not be stored');
    });
  }

  private async tellTools(
    id: string,
    tools: Parameters<LifecycleAccess['recordTools']>[1],
  ): Promise<void> {
    try {
      await this.parts.lifecycle.recordTools(id, tools);
    } catch (error) {
      this.parts.logger.error({ err: error, service_id: id }, 'listed tools could not be stored');
    }
  }

  /** `null` while it cannot be called: what stands in the way is told by the lifecycle, not by a probe. */
  private targetOf(doc: ServiceDocument, { config }: PlannedCheck): ProbeTarget | null {
    const { lifecycle } = this.parts;
    const present = lifecycle.sourceFor(doc.service_id, doc.revision);
    const looksElsewhere = config.kind === 'dependency' || config.kind === 'security';
    const callable = present !== null && lifecycle.availabilityOf(doc.service_id).serving;
    if (!callable && !looksElsewhere) return null;
    const source = present ?? NO_SOURCE;
    return {
      service_id: doc.service_id,
      revision: doc.revision,
      config: doc.effective,
      source,
      multiplexed: this.isMultiplexed(doc),
      awake: this.isSpawned(doc) ? this.isAwake(doc) : this.isRunning(doc.service_id),
      instances: lifecycle
        .instances(doc.service_id)
        .filter(({ state, revision }) => state === 'ready' && revision === doc.revision),
    };
  }

  /** Served, or kept from it by what it needs outside, which nobody else looks for. */
  private watchedDocument(id: string): ServiceDocument | undefined {
    const served = this.servedDocument(id);
    if (served !== undefined) return served;
    const doc = this.parts.registry.find(id);
    if (doc?.desired !== 'active' || this.parts.lifecycle.statusOf(id).state !== 'error')
      return undefined;
    return externalsOf(doc.effective.integration).length > 0 ? doc : undefined;
  }

  /** Those that can tell something now: of a service in error, what it needs. */
  private checksOf(doc: ServiceDocument): readonly PlannedCheck[] {
    const { checks } = this.boards.of(doc.service_id, doc.revision, doc.effective);
    if (this.servedDocument(doc.service_id) !== undefined) return checks;
    return checks.filter(({ config }) => config.kind === 'dependency');
  }

  private servedDocument(id: string): ServiceDocument | undefined {
    const doc = this.parts.registry.find(id);
    if (doc === undefined) return undefined;
    const { state } = this.parts.lifecycle.statusOf(id);
    return state === 'active' || state === 'updating' ? doc : undefined;
  }

  private isMultiplexed(doc: ServiceDocument): boolean {
    return poolPlan(runnableOf(doc)).kind === 'shared';
  }

  private isSpawned(doc: ServiceDocument): boolean {
    return doc.effective.runtime.command !== null;
  }

  private isRunning(id: string): boolean {
    return this.parts.lifecycle.instances(id).some(({ state }) => state === 'ready');
  }

  /** Whether something of it runs that is used, or young enough to be about to. */
  private isAwake(doc: ServiceDocument): boolean {
    const running = this.parts.lifecycle
      .instances(doc.service_id)
      .filter(({ state }) => state === 'ready');
    if (running.length === 0) return false;
    const { idle_stop_ms } = doc.effective.runtime;
    const isYoung = running.some(({ uptime_s }) => uptime_s * 1_000 < idle_stop_ms);
    return isYoung || this.parts.usage.usedWithin(doc.service_id, idle_stop_ms);
  }
}

const EXTERNAL_REQUIRED = 'health.external-required';

const NO_SOURCE: InstanceSource = {
  acquire: () => Promise.reject(new UpstreamError('stopped', 'The service does not serve')),
};

function judged(check: PlannedCheck, board: ServiceBoard): JudgedCheck {
  const { kind, critical } = check.config;
  return { kind, label: check.label, critical, state: board.stateOf(check.key) };
}
