import { authProblems } from '../auth/auth.errors.js';
import type { RequestCaller } from '../auth/current-caller.decorator.js';
import { maySeeService, type Principal } from '../auth/principal.js';
import {
  InstanceReady,
  InstanceStarted,
  AvailabilityChanged,
  ServiceStateChanged,
  ServiceStopped,
  ToolsChanged,
} from '../lifecycle/lifecycle.events.js';
import type { JsonObject } from '../kernel/json.js';
import type { HealthRecord } from '../lifecycle/service-status.js';
import { RevisionPromoted, ServiceArchived } from '../registry/registry.events.js';
import { changeContext } from '../registry/change-context.js';
import type { ServiceDocument } from '../registry/service.js';
import type { ActivationProver } from './activation-prover.js';
import { PENDING } from './check-state.js';
import type { HealthHistoryView } from './dto/health-history.view.js';
import type { HistoryQuery } from './history-query.js';
import { CheckView, type HealthView } from './dto/health.view.js';
import { ToolPinsView } from './dto/tool-pins.view.js';
import { HealthChanged } from './health.events.js';
import { ServiceHealth, type HealthParts } from './service-health.js';

/** Proves what the lifecycle starts, watches what is served, and answers for the health of every service. */
export class HealthService {
  private readonly health: ServiceHealth;
  private endings: (() => void)[] = [];

  constructor(
    private readonly parts: HealthParts,
    private readonly prover: ActivationProver,
  ) {
    this.health = new ServiceHealth(parts);
  }

  /** Starts to listen. Services that boot has mounted are taken up by the first `resync`. */
  start(): void {
    const { bus, usage, performance, circuits, passive } = this.parts;
    const follow = ({ service_id }: { readonly service_id: string }): void => {
      this.health.follow(service_id);
    };
    usage.start();
    performance.start();
    passive.start();
    this.parts.announcements.start((name) => {
      this.hearAnnouncement(name);
    });
    circuits.start((id) => {
      this.health.judge(id);
    });
    this.endings = [
      bus.subscribe(InstanceStarted, (event) => this.prove(event)),
      bus.subscribe(InstanceReady, follow),
      bus.subscribe(ServiceStateChanged, (event) => {
        this.followState(event);
      }),
      bus.subscribe(AvailabilityChanged, follow),
      bus.subscribe(RevisionPromoted, (event) => this.welcome(event)),
      bus.subscribe(ServiceStopped, follow),
      ...[HealthChanged, ServiceStateChanged, AvailabilityChanged].map((type) =>
        bus.subscribe<{ service_id: string }>(type, ({ service_id }) => {
          this.health.stir(service_id);
        }),
      ),
      bus.subscribe(ToolsChanged, ({ service_id }) => {
        this.health.inspect(service_id, true);
      }),
      bus.subscribe(ServiceArchived, ({ service_id }) => {
        this.health.forget(service_id);
      }),
    ];
  }

  stop(): void {
    for (const end of this.endings.splice(0)) end();
    this.health.rounds.clear();
    this.parts.usage.stop();
    this.parts.performance.stop();
    this.parts.circuits.stop();
    this.parts.passive.stop();
    this.parts.announcements.stop();
  }

  /** Checks that are run again and again, and those under way. */
  probeCounts(): { readonly planned: number; readonly running: number } {
    const { size, underWay } = this.health.rounds;
    return { planned: size, running: underWay };
  }

  /** Starts the checks that are due. Synchronous. */
  tick(): void {
    this.health.rounds.tick();
  }

  /** Makes good whatever event was lost. */
  resync(): void {
    for (const { service_id } of this.parts.registry.list()) this.health.follow(service_id);
  }

  recordOf(id: string): HealthRecord {
    return this.health.recordOf(id);
  }

  /** Its checks, those that are switched off left out; none for a service that is not served. */
  checksOf(id: string): CheckView[] {
    const board = this.health.boards.get(id);
    return (board?.checks ?? []).map((check) =>
      CheckView.of(check, board?.stateOf(check.key) ?? PENDING),
    );
  }

  /**
   * Runs every check now and answers with what was found; a service in error that heals by itself is tried at once first.
   * Errors: those of `find`.
   */
  async checkNow(idOrName: string, principal?: Principal): Promise<HealthView> {
    const doc = this.find(idOrName, principal);
    await this.parts.lifecycle.retryNow(doc.service_id);
    await this.health.runAll(doc.service_id);
    this.health.judge(doc.service_id);
    return this.viewOf(doc);
  }

  /** Errors: `registry.unknown`, `registry.archived`, and 404 for a service that the caller may not see. */
  view(idOrName: string, principal?: Principal): HealthView {
    return this.viewOf(this.find(idOrName, principal));
  }

  /** Errors: those of `find`. */
  historyOf(
    idOrName: string,
    { check, limit }: HistoryQuery,
    principal?: Principal,
  ): HealthHistoryView {
    const { service_id, spec } = this.find(idOrName, principal);
    const { history, transitions } = this.parts;
    return {
      service_id,
      name: spec.name,
      transitions: transitions.of(service_id).slice(0, limit),
      results: history.of(service_id, limit, check),
    };
  }

  /** Errors: those of `find`. */
  pinsOf(idOrName: string, principal?: Principal): ToolPinsView {
    const doc = this.find(idOrName, principal);
    return ToolPinsView.of(doc, this.parts.pinning.stateOf(doc));
  }

  /** What was blocked for them serves when this resolves. Errors: those of `find` and of `ToolPinningDesk.approve`. */
  async approveTools(
    idOrName: string,
    hash: string,
    { principal, requestId }: RequestCaller,
  ): Promise<ToolPinsView> {
    const doc = this.find(idOrName, principal);
    const { service_id } = doc;
    await this.parts.pinning.approve(doc, hash, changeContext(principal, requestId));
    this.health.security.release(service_id);
    await this.health.lookAgain(service_id);
    await this.health.security.settled(service_id);
    this.health.judge(service_id);
    return this.pinsOf(service_id, principal);
  }

  private find(idOrName: string, principal: Principal | undefined): ServiceDocument {
    const doc = this.parts.registry.require(idOrName);
    if (principal === undefined || maySeeService(principal, doc.spec.name)) return doc;
    throw authProblems['service-unknown']();
  }

  private viewOf({ service_id, spec }: ServiceDocument): HealthView {
    const { proof } = this.parts.lifecycle.statusOf(service_id);
    const record = this.recordOf(service_id);
    return { service_id, name: spec.name, ...record, proof, checks: this.checksOf(service_id) };
  }

  /** The lifecycle bounds how long a proof may take; one that comes too late is ignored there. */
  private async prove({ service_id, revision, attempt_id }: InstanceStarted): Promise<void> {
    const { lifecycle } = this.parts;
    const target = lifecycle.upstreamOf(attempt_id);
    if (target === null) return;
    let result = await this.prover.prove(target);
    if (result.ok) {
      this.health.noteProven(service_id, revision);
      if (await this.screen(service_id, revision, result.tools))
        result = { ...result, tools: lifecycle.statusOf(service_id).tools };
    }
    await lifecycle.recordProof(attempt_id, result);
    this.health.follow(service_id);
  }

  private followState({ service_id, to }: ServiceStateChanged): void {
    this.health.follow(service_id);
    // Its endpoint is that of this revision from now on, and can be asked.
    if (to === 'active') this.health.inspect(service_id, true);
  }

  /** What it was promoted with is approved with it. */
  private async welcome({ service_id }: RevisionPromoted): Promise<void> {
    this.health.security.release(service_id);
    this.health.follow(service_id);
    await this.parts.pinning.settle(service_id, null);
  }

  private hearAnnouncement(name: string): void {
    const doc = this.parts.registry.find(name);
    if (doc !== undefined) void this.health.noteAnnounced(doc.service_id);
  }

  /**
   * Before anybody is let in to it. A candidate is approved when it is promoted, whatever it lists. Answers whether nobody
   * may learn of these tools.
   */
  private async screen(
    id: string,
    revision: number,
    tools: readonly JsonObject[],
  ): Promise<boolean> {
    if (this.parts.registry.find(id)?.revision !== revision) return false;
    await this.parts.pinning.settle(id, tools);
    return this.health.security.screen(id, tools);
  }
}
