import type { CheckKind } from '../config/service-config.js';
import type { Clock } from '../kernel/clock.js';
import type { EventBus } from '../kernel/event-bus.js';
import type { Logger } from '../kernel/logger.js';
import type { Random } from '../kernel/random.js';
import { upstreamCodeOf } from '../lifecycle/failure-mapping.js';
import type { HealthRecord } from '../lifecycle/service-status.js';
import type { ServiceDocument } from '../registry/service.js';
import type { AnnouncementWatch } from './announcement-watch.js';
import type { CheckHistory } from './check-history.js';
import type { TransitionLog } from './transition-log.js';
import type { CircuitWatch } from './circuit-watch.js';
import { DependentIndex } from './dependent-index.js';
import { externalsOf, intervalOf, type PlannedCheck } from './check-plan.js';
import { CheckRounds, type Round, type RoundFacts } from './check-rounds.js';
import { HealthBoards, type ServiceBoard } from './health-board.js';
import { HealthChanged } from './health.events.js';
import type { LifecycleAccess, ProbeObserver, RegistryReading } from './health-ports.js';
import type { PassiveMonitor } from './passive-monitor.js';
import type { PerformanceWatch } from './performance-watch.js';
import type { ProbeTarget } from './probe.js';
import type { ProbeRunner } from './probe.runner.js';
import { ProbeTargets } from './probe-targets.js';
import { SecurityRecord } from './security-record.js';
import type { ToolPinningDesk } from './tool-pinning.js';
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
  readonly pinning: ToolPinningDesk;
  readonly announcements: AnnouncementWatch;
  /** Counts what the checks themselves cost. */
  readonly probes?: ProbeObserver;
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
  readonly security: SecurityRecord;
  private readonly targets: ProbeTargets;
  /** Services of whose security something could not be looked at yet. */
  private readonly unseen = new Set<string>();
  /** Services whose server announced other tools since they were listed. */
  private readonly announced = new Set<string>();
  private readonly dependents = new DependentIndex();
  private readonly levels = new Map<string, HealthRecord['level']>();

  constructor(private readonly parts: HealthParts) {
    this.security = new SecurityRecord(parts.lifecycle, parts.pinning, parts.logger);
    this.targets = new ProbeTargets(parts.lifecycle, parts.usage);
    this.rounds = new CheckRounds(
      parts.clock,
      parts.random,
      (round) => this.factsOf(round),
      (round) => this.runRound(round),
      (latenessMs) => parts.probes?.recordProbeStart(latenessMs),
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
    this.unseen.delete(id);
    this.announced.delete(id);
    this.parts.pinning.forget(id);
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
      unavailable: availability,
      failure: status.last_failure,
      proof: status.proof,
      proven: doc !== undefined && this.boards.isProven(id, doc.revision),
      idle: doc !== undefined && this.targets.isAsleep(doc),
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
      if (config.kind !== 'security') continue;
      const isDue = anew || this.unseen.has(id) || board.stateOf(key).last === null;
      if (isDue) this.rounds.soon({ serviceId: id, checkKey: key });
    }
  }

  /**
   * Its server says that its tools are others now: they are listed again, and looked at. Why not where each client has a
   * process of its own: what one says of itself no other can be asked about, and each that is started may say it anew.
   */
  async noteAnnounced(id: string): Promise<void> {
    const doc = this.servedDocument(id);
    if (doc === undefined || !this.targets.isMultiplexed(doc)) return;
    this.announced.add(id);
    for (const { key, config } of this.boards.get(id)?.checks ?? []) {
      if (config.kind !== 'security') continue;
      await this.rounds.now({ serviceId: id, checkKey: key });
      // It was a run that began before.
      if (this.announced.has(id)) await this.rounds.now({ serviceId: id, checkKey: key });
    }
  }

  /** Its safety is looked at with what is known now; resolves when that is told. */
  async lookAgain(id: string): Promise<void> {
    for (const { key, config } of this.boards.get(id)?.checks ?? []) {
      if (config.kind !== 'security' || this.servedDocument(id) === undefined) continue;
      // The first may be a run that began before.
      await this.rounds.now({ serviceId: id, checkKey: key });
      await this.rounds.now({ serviceId: id, checkKey: key });
    }
  }

  /** Something happened to a service: those that need it look again at once. */
  stir(id: string): void {
    const doc = this.parts.registry.find(id);
    for (const serviceId of this.dependents.of(id, doc?.spec.name)) {
      for (const { key, config } of this.boards.get(serviceId)?.checks ?? []) {
        if (config.kind === 'dependency') this.rounds.soon({ serviceId, checkKey: key });
      }
    }
  }

  private factsOf({ serviceId, checkKey }: Round): RoundFacts | null {
    const doc = this.watchedDocument(serviceId);
    const board = this.boards.get(serviceId);
    const check = board?.find(checkKey);
    if (doc === undefined || board === undefined || check === undefined) return null;
    const idle = this.targets.isIdle(doc);
    const { status, fails } = board.stateOf(checkKey);
    const failing = status === 'failing' || (check.config.kind === 'functional' && fails > 0);
    const blocking = this.parts.lifecycle.availabilityOf(serviceId).blocked === true;
    const mayStart =
      check.config.kind === 'functional' || (check.config.kind === 'security' && blocking);
    const starts = mayStart && (idle || !this.targets.isMultiplexed(doc));
    const slow = check.config.kind === 'functional';
    return { intervalMs: intervalOf(check, { idle, failing, blocking }), starts, slow };
  }

  private async runRound({ serviceId, checkKey }: Round): Promise<void> {
    const doc = this.watchedDocument(serviceId);
    const board = this.boards.get(serviceId);
    const check = board?.find(checkKey);
    if (doc === undefined || board === undefined || check === undefined) return;
    const isAnnounced = check.config.kind === 'security' && this.announced.delete(serviceId);
    const target = this.targets.targetOf(doc, check, isAnnounced);
    if (target === null) return;
    const run = await this.parts.runner.run(target, check.config);
    const { outcome, tools, sample } = run;
    this.parts.probes?.recordProbeEnd(check.config.kind, outcome.result, outcome.duration_ms);
    // Meanwhile it may have been removed or replaced; then this outcome is about nothing that serves.
    if (this.boards.get(serviceId) !== board || this.watchedDocument(serviceId) === undefined)
      return;
    if (sample !== null) this.parts.performance.record(serviceId, sample);
    this.parts.history.note(serviceId, check, outcome);
    const fails = board.note(check, outcome);
    if (fails) this.tellFailing(serviceId, check, board);
    if (showsLife(check.config.kind, target, outcome.result)) {
      this.parts.circuits.settle(serviceId, doc.revision);
    }
    if (check.config.kind === 'dependency') this.tellExternal(serviceId, check, board);
    const isSecurity = check.config.kind === 'security';
    // What is listed cannot be taken for a list of tools: whether it may be served is for another check to say.
    if (!isSecurity && outcome.failure?.stage === 'list') this.inspect(serviceId, true);
    if (isSecurity) this.tellSecurity(serviceId, check, board, run.incomplete);
    if (tools !== null && (isSecurity || outcome.result === 'pass'))
      await this.tellTools(serviceId, tools);
    this.judge(serviceId);
  }

  private tellFailing(id: string, check: PlannedCheck, board: ServiceBoard): void {
    const failure = board.stateOf(check.key).telling?.failure;
    if (failure === null || failure === undefined) return;
    const { reason, message, authentication } = failure;
    if (!takesOut(check.config) && !authentication) return;
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
    if (!isWatched && held && this.servedDocument(id) !== undefined) this.security.tell(id, null);
  }

  private tellSecurity(
    id: string,
    check: PlannedCheck,
    board: ServiceBoard,
    incomplete: boolean,
  ): void {
    const { status, telling } = board.stateOf(check.key);
    if (incomplete) this.unseen.add(id);
    else this.unseen.delete(id);
    this.security.tell(id, status === 'failing' ? (telling?.failure ?? null) : null);
  }

  private async tellTools(
    id: string,
    tools: Parameters<LifecycleAccess['recordTools']>[1],
  ): Promise<void> {
    try {
      if (this.security.screen(id, tools)) return;
      await this.parts.lifecycle.recordTools(id, tools);
    } catch (error) {
      this.parts.logger.error({ err: error, service_id: id }, 'listed tools could not be stored');
    }
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
}

const EXTERNAL_REQUIRED = 'health.external-required';

/** Whether the outcome shows that calls would be answered. */
function showsLife(kind: CheckKind, target: ProbeTarget, result: string): boolean {
  if (result !== 'pass') return false;
  return kind === 'functional' || (kind === 'basic' && target.awake && target.multiplexed);
}

function judged(check: PlannedCheck, board: ServiceBoard): JudgedCheck {
  const { kind, critical } = check.config;
  return { kind, label: check.label, critical, state: board.stateOf(check.key) };
}
