import type { AlertPorts } from '../../src/alerts/alert-assembly.js';
import { assembleAlerts } from '../../src/alerts/alert-assembly.js';
import type { AttemptOutcome } from '../../src/alerts/delivery.js';
import type { Notifier } from '../../src/alerts/delivery-runner.js';
import type { Notification } from '../../src/alerts/notification.js';
import type { Receiver } from '../../src/alerts/receiver.js';
import type { AlertsService } from '../../src/alerts/alerts.service.js';
import { DEFAULT_CHECKS } from '../../src/config/defaults.js';
import type { ServiceConfig } from '../../src/config/service-config.js';
import { HealthChanged } from '../../src/health/health.events.js';
import { EventBus } from '../../src/kernel/event-bus.js';
import { SilentLogger } from '../../src/kernel/logger.js';
import { Random } from '../../src/kernel/random.js';
import { ServiceStateChanged } from '../../src/lifecycle/lifecycle.events.js';
import type { HealthRecord, ServiceStatusDocument } from '../../src/lifecycle/service-status.js';
import { DependencyGraph } from '../../src/registry/dependency-graph.js';
import { ServiceArchived } from '../../src/registry/registry.events.js';
import type { ServiceDocument } from '../../src/registry/service.js';
import { MemoryStore } from '../../src/storage/memory.store.js';
import type { StoreStatus } from '../../src/storage/record-store.js';
import { storageProblems } from '../../src/storage/storage.errors.js';
import { receiver, SECRET } from '../support/alert-fixture.js';
import { ManualClock, settle } from '../support/manual-clock.js';
import { serviceConfig, serviceDocument } from '../support/service-fixture.js';

export type StatusPatch = Partial<ServiceStatusDocument>;

const SECOND = 1_000;
const MINUTE = 60_000;
const WELL: HealthRecord = {
  level: 'healthy',
  summary: 'Fine.',
  reason: 'Proven',
  action: null,
  checked_at: null,
};

class CountingRandom extends Random {
  private last = 0;
  override uuid(): string {
    this.last += 1;
    return `id-${String(this.last)}`;
  }
  override fraction(): number {
    return 0.5;
  }
  override bytes(count: number): Buffer {
    return Buffer.alloc(count);
  }
}

class FickleStore extends MemoryStore {
  condition: 'well' | 'read-only' | 'full' = 'well';
  commits = 0;

  override async commit(...parameters: Parameters<MemoryStore['commit']>): Promise<number> {
    if (this.condition === 'read-only') throw storageProblems['read-only']();
    if (this.condition === 'full') throw storageProblems['disk-full']();
    this.commits += 1;
    return super.commit(...parameters);
  }

  override status(): StoreStatus {
    const read_only = this.condition === 'read-only';
    const reason = read_only ? 'the disk fails' : null;
    return { ...super.status(), read_only, reason, disk_full: this.condition === 'full' };
  }
}

/** The alerts of a gateway whose services are as they are told, on a manual clock. */
export class AlertWorld {
  readonly clock = new ManualClock();
  readonly store = new FickleStore(this.clock);
  readonly bus = new EventBus(new SilentLogger());
  readonly receivers: Receiver[] = [];
  /** By name of the receiver: the statuses it answers with, the last of them for ever. */
  readonly answers = new Map<string, number[]>();
  alerts: AlertsService;
  private readonly random = new CountingRandom();
  private readonly services = new Map<string, ServiceDocument>();
  private readonly statuses = new Map<string, StatusPatch>();
  private readonly records = new Map<string, HealthRecord>();
  private lines: string[] = [];
  private startedMs = 0;

  /** `notifier`: one that really sends; else what is sent is traced and answered by `answers`. */
  constructor(private readonly notifier: Notifier | null = null) {
    this.alerts = this.assemble();
    this.startedMs = this.clock.now();
  }

  async open(): Promise<void> {
    await this.store.open();
    this.alerts.start();
    this.bus.subscribeAll((event) => {
      const { name } = event.constructor;
      if (name.startsWith('Alert') && 'sentence' in event) this.trace(String(event.sentence));
    });
  }

  /** A new gateway on the same store; `orderly`: the old one was told to end. */
  async reboot(orderly: boolean): Promise<void> {
    const old = this.alerts;
    if (orderly) await old.stop();
    this.alerts = this.assemble();
    // What is left of a killed one must not act any more.
    if (!orderly) old.tick = () => undefined;
    for (const id of this.services.keys()) this.setUnknown(id);
    this.alerts.start();
  }

  register(name: string, over: { needs: string[]; alerts: object; webhook: boolean }): void {
    const dependencies = over.needs.map((service) => ({
      service,
      version: null,
      tools: [],
      required: true,
    }));
    const url = `https://${name}.example/hook`;
    const webhooks = over.webhook
      ? [{ url, secret: SECRET, min_severity: 'warning' as const }]
      : [];
    const { monitoring } = serviceConfig();
    const effective: ServiceConfig = serviceConfig({
      integration: { dependencies, webhooks },
      monitoring: {
        checks: [DEFAULT_CHECKS.basic, DEFAULT_CHECKS.functional],
        alerts: { ...monitoring.alerts, ...over.alerts },
      },
    });
    this.services.set(name, serviceDocument(name, { effective }));
    this.be(name, {}, {});
  }

  /** The service is from now on like this, and says so. */
  be(name: string, status: StatusPatch, record: Partial<HealthRecord>): void {
    this.statuses.set(name, status);
    const before = this.records.get(name)?.level ?? 'unknown';
    const after = { ...WELL, ...record };
    this.records.set(name, after);
    const { level, reason, summary } = after;
    if (before !== level) {
      this.bus.publish(new HealthChanged(name, before, level, reason, summary));
    }
    this.bus.publish(new ServiceStateChanged(name, 'active', status.state ?? 'active', reason));
  }

  setUnknown(name: string): void {
    this.be(name, {}, { level: 'unknown', reason: 'NotYetProven', summary: 'Not yet proven.' });
  }

  remove(name: string): void {
    this.services.delete(name);
    this.bus.publish(new ServiceArchived(name, name, false));
  }

  addReceiver(name: string, over: Partial<Receiver>): void {
    this.receivers.push(receiver({ receiver_id: `gateway:${name}`, name, ...over }));
  }

  /** A tick a second, a resync a minute; a tick every 10 s where hours pass. */
  async advance(totalMs: number): Promise<void> {
    const step = totalMs > 20 * MINUTE ? 10 * SECOND : SECOND;
    for (let passed = 0; passed < totalMs; passed += step) {
      await this.clock.advance(step);
      if ((this.clock.now() - this.startedMs) % MINUTE === 0) this.alerts.resync();
      this.alerts.tick();
      await settle();
    }
  }

  trace(line: string): void {
    this.lines.push(`${this.time()} ${line}`);
  }

  time(): string {
    const total = Math.round((this.clock.now() - this.startedMs) / SECOND);
    const hours = Math.floor(total / 3_600);
    const minutes = String(Math.floor(total / 60) % 60).padStart(2, '0');
    const seconds = String(total % 60).padStart(2, '0');
    return `${String(hours)}:${minutes}:${seconds}`;
  }

  take(): string[] {
    const { lines } = this;
    this.lines = [];
    return lines;
  }

  private assemble(): AlertsService {
    const ports: AlertPorts = {
      reading: {
        registry: {
          find: (id) => this.services.get(id),
          list: () => [...this.services.values()],
          graph: () =>
            new DependencyGraph(
              [...this.services.values()].map(({ service_id, spec, effective }) => ({
                service_id,
                name: spec.name,
                dependencies: effective.integration.dependencies,
              })),
            ),
        },
        lifecycle: { statusOf: (id) => this.statusOf(id) },
        health: { recordOf: (id) => this.records.get(id) ?? WELL },
        gatewayReceivers: () => this.receivers,
      },
      store: this.store,
      notifier: this.notifier ?? { send: (to, id, body) => this.deliver(to, id, body) },
      clock: this.clock,
      random: this.random,
      bus: this.bus,
      logger: new SilentLogger(),
      count: () => undefined,
      baseUrl: 'http://gw',
    };
    return assembleAlerts(ports);
  }

  private statusOf(id: string): ServiceStatusDocument {
    const base = { state: 'active', conditions: [], last_failure: null, stable_revision: 1 };
    return { ...base, ...this.statuses.get(id) } as unknown as ServiceStatusDocument;
  }

  private deliver(to: Receiver, id: string, body: string): Promise<AttemptOutcome> {
    const { type, alerts } = JSON.parse(body) as Notification;
    const told = alerts.map(({ rule, name, severity, flaps }) => {
      const flapping = flaps === 0 ? '' : ` flaps=${String(flaps)}`;
      return `${rule}(${name}) ${severity}${flapping}`;
    });
    const queue = this.answers.get(to.name) ?? [204];
    const status = (queue.length > 1 ? queue.shift() : queue[0]) ?? 204;
    this.trace(`=> ${to.name} ${id} ${type}: ${told.join(', ')} [${String(status)}]`);
    const delivered = status < 300;
    return Promise.resolve({
      delivered,
      status,
      error: delivered ? null : `The receiver answered ${String(status)}.`,
      gone: status === 410,
      retry_after_ms: null,
      duration_ms: 1,
    });
  }
}
