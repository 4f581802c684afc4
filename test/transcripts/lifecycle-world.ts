import { EventBus } from '../../src/kernel/event-bus.js';
import type { JsonObject } from '../../src/kernel/json.js';
import { SilentLogger } from '../../src/kernel/logger.js';
import { Random } from '../../src/kernel/random.js';
import {
  AvailabilityChanged,
  InstanceFailed,
  InstanceReady,
  InstanceStarted,
  ServiceStateChanged,
} from '../../src/lifecycle/lifecycle.events.js';
import { failureOf } from '../../src/lifecycle/failure-mapping.js';
import { LifecycleCore } from '../../src/lifecycle/lifecycle-core.js';
import { LifecycleService } from '../../src/lifecycle/lifecycle.service.js';
import type { ProofResult } from '../../src/lifecycle/observation-intake.js';
import { MemoryStore } from '../../src/storage/memory.store.js';
import type { StorageFault, StoreStatus } from '../../src/storage/record-store.js';
import type { Lease } from '../../src/upstream/instance-source.js';
import { UpstreamError, type UpstreamErrorCode } from '../../src/upstream/upstream.errors.js';
import { FakeUpstreamMaker } from '../support/fake-upstream.js';
import { ManualClock, settle } from '../support/manual-clock.js';
import { FakeRegistry } from './fake-registry.js';

/** Predictable: ids count up, and the jitter is in its middle. */
export class CountingRandom extends Random {
  private count = 0;

  override uuid(): string {
    this.count += 1;
    return `00000000-0000-4000-8000-${String(this.count).padStart(12, '0')}`;
  }

  override fraction(): number {
    return 0.5;
  }

  override bytes(count: number): Buffer {
    return Buffer.alloc(count);
  }
}

/** A store in memory that reports faults as a store of files does. */
class FaultyStore extends MemoryStore {
  constructor(
    clock: ManualClock,
    private readonly faults: () => readonly StorageFault[],
  ) {
    super(clock);
  }

  override status(): StoreStatus {
    return { ...super.status(), faults: this.faults() };
  }
}

/** The lifecycle with everything around it faked, and a trace of what it does. */
export class LifecycleWorld {
  readonly lines: string[] = [];
  readonly clock = new ManualClock();
  readonly store = new FaultyStore(this.clock, () => [...this.registry.faults.values()]);
  readonly random = new CountingRandom();
  readonly registry = new FakeRegistry((line) => this.trace(line));
  readonly maker = new FakeUpstreamMaker(this.clock, (line) => this.trace(line));
  readonly leases = new Map<string, Lease>();
  /** Errors that the configuration has at present, by service name. */
  readonly invalid = new Map<string, Error>();
  maxInstances = 64;
  autoProve = false;
  autoPublish = false;
  core!: LifecycleCore;
  lifecycle!: LifecycleService;
  private readonly pending = new Map<string, string>();
  private tableVersion = 0;
  private readonly named = new Map<string, readonly number[]>();

  /** Opens the store, and boots for the first time. */
  async open(): Promise<void> {
    await this.store.open();
    await this.boot();
  }

  /** Ends as a crash would (nothing is written), and boots from what is stored. */
  async reboot(): Promise<void> {
    this.registry.bus = null;
    await this.lifecycle.stop();
    this.pending.clear();
    this.leases.clear();
    await this.boot();
  }

  trace(line: string): void {
    this.lines.push(line);
  }

  /** What was traced since the last time. */
  take(): string[] {
    return this.lines.splice(0);
  }

  idOf(name: string): string {
    return this.registry.require(name).service_id;
  }

  nameOf(id: string): string {
    return this.registry.find(id)?.spec.name ?? '(gone)';
  }

  /** The answer of the prover to the attempt that waits. */
  async prove(name: string, result: 'ok' | UpstreamErrorCode): Promise<void> {
    const attemptId = this.pending.get(name);
    if (attemptId === undefined) throw new Error(`nothing of ${name} waits for a proof`);
    this.pending.delete(name);
    const seen = this.lifecycle.upstreamOf(attemptId);
    const revision = seen?.revision ?? 0;
    const proof: ProofResult =
      result === 'ok' ? proven(revision, this.clock.timestamp()) : refuted(result);
    await this.lifecycle.recordProof(attemptId, proof);
  }

  /** What the routes module does: a table of all that may be called. */
  publish(): void {
    const served = new Map<string, readonly number[]>();
    for (const doc of this.registry.list()) {
      if (!this.lifecycle.availabilityOf(doc.service_id).serving) continue;
      const kept = this.named.get(doc.service_id) ?? [];
      served.set(doc.service_id, [...new Set([doc.revision, ...kept])]);
    }
    this.tableVersion += 1;
    this.lifecycle.recordPublished(this.tableVersion, served);
  }

  /** What the routes module does before each table: routes lead to these revisions. */
  async keep(name: string, revisions: readonly number[]): Promise<void> {
    const id = this.idOf(name);
    this.named.set(id, revisions);
    await this.lifecycle.keepRevisions(id, revisions);
  }

  acquire(name: string, lease: string, purpose: 'session' | 'call', revision?: number): void {
    const doc = this.registry.require(name);
    const source = this.lifecycle.sourceFor(doc.service_id, revision ?? doc.revision);
    if (source === null) {
      this.trace(`${lease} refused: there is no source`);
      return;
    }
    source.acquire({ purpose }).then(
      (held) => {
        this.leases.set(lease, held);
        const upstream = this.maker.made.find((one) => one === held.upstream);
        this.trace(`${lease} uses ${upstream?.name ?? 'nothing'}`);
      },
      (error: unknown) => {
        this.trace(`${lease} refused: ${error instanceof UpstreamError ? error.code : 'bug'}`);
      },
    );
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 3; turn += 1) await settle();
  }

  private async boot(): Promise<void> {
    const bus = new EventBus(new SilentLogger());
    this.registry.bus = bus;
    this.core = new LifecycleCore({
      store: this.store,
      registry: this.registry,
      config: {
        resolve: (spec) => {
          const error = this.invalid.get(spec.name);
          return error === undefined ? Promise.resolve() : Promise.reject(error);
        },
      },
      maker: this.maker,
      resolveReference: (reference) => Promise.reject(new Error(`${reference} is not there`)),
      environment: { PATH: '/bin' },
      maxInstances: this.maxInstances,
      bus,
      clock: this.clock,
      random: this.random,
      logger: new SilentLogger(),
    });
    this.lifecycle = new LifecycleService(this.core);
    this.follow(bus);
    await this.lifecycle.recover();
    for (const [id, revisions] of this.named) await this.lifecycle.keepRevisions(id, revisions);
    this.publish();
  }

  private follow(bus: EventBus): void {
    bus.subscribe(ServiceStateChanged, ({ service_id, from, to, reason }) => {
      this.trace(`${this.nameOf(service_id)}: ${from} -> ${to} (${reason})`);
    });
    bus.subscribe(InstanceStarted, ({ service_id, revision, attempt_id }) => {
      const name = this.nameOf(service_id);
      this.trace(`${name}: r${String(revision)} waits for its proof`);
      this.pending.set(name, attempt_id);
      if (this.autoProve) setImmediate(() => void this.prove(name, 'ok').catch(() => undefined));
    });
    bus.subscribe(InstanceReady, ({ service_id, revision }) => {
      this.trace(`${this.nameOf(service_id)}: r${String(revision)} waits for its table`);
      if (this.autoPublish)
        setImmediate(() => {
          this.publish();
        });
    });
    bus.subscribe(AvailabilityChanged, ({ service_id }) => {
      const { serving, reason, outage } = this.lifecycle.availabilityOf(service_id);
      const serves = outage === undefined ? 'serves' : `callers wait (${outage.reason})`;
      this.trace(`${this.nameOf(service_id)}: ${serving ? serves : `503 ${reason}`}`);
      if (this.autoPublish)
        setImmediate(() => {
          this.publish();
        });
    });
    bus.subscribe(InstanceFailed, ({ service_id, code }) => {
      this.trace(`${this.nameOf(service_id)}: an instance failed (${code})`);
    });
  }
}

const TOOLS: readonly JsonObject[] = [{ name: 'echo', inputSchema: { type: 'object' } }];

function proven(revision: number, at: string): ProofResult {
  return {
    ok: true,
    tools: TOOLS,
    server: {
      protocol_version: '2025-11-25',
      server_info: {},
      capabilities: {},
      instructions: null,
    },
    proof: {
      level: 'executed',
      tool: 'echo',
      arguments: null,
      duration_ms: 1,
      assertions: [],
      result_bytes: 2,
      result_sha256: null,
      at,
      revision,
      reason: null,
      action: null,
    },
  };
}

function refuted(code: UpstreamErrorCode): ProofResult {
  return { ok: false, failure: failureOf(new UpstreamError(code, `the proof failed: ${code}`)) };
}
