import type { Clock } from '../kernel/clock.js';
import type { EventBus } from '../kernel/event-bus.js';
import type { Logger } from '../kernel/logger.js';
import type { Random } from '../kernel/random.js';
import type { RecordStore } from '../storage/record-store.js';
import { AttemptRunner } from './attempt-runner.js';
import { InstanceBudget } from './instance-budget.js';
import { InstanceStarter, type UpstreamMaker } from './instance-starter.js';
import { KeptRevisions } from './kept-revisions.js';
import { LifecycleListener } from './lifecycle-listener.js';
import type { LifecycleParts, Wake } from './lifecycle-parts.js';
import type { ConfigAccess, RegistryAccess } from './lifecycle-ports.js';
import { LogFollower } from './log-follower.js';
import { ObservationIntake } from './observation-intake.js';
import { OutcomeRecorder } from './outcome-recorder.js';
import { PoolKeeper } from './pool-keeper.js';
import { ProofQueue } from './proof-queue.js';
import { Recovery } from './recovery.js';
import { RetryNow } from './retry-now.js';
import { ServiceCommands } from './service-commands.js';
import { ServiceObserver } from './service-observer.js';
import { ServiceReconciler } from './service-reconciler.js';
import { RuntimeTable } from './service-runtime.js';
import { Settling } from './settling.js';
import { StateRecorder } from './state-recorder.js';
import { StatusRepository } from './status-repository.js';
import { StepPerformer } from './step-performer.js';
import type { ResolveReference } from './upstream-spec.builder.js';

/** What the lifecycle is made of. */
export interface LifecyclePorts {
  readonly store: RecordStore;
  readonly registry: RegistryAccess;
  readonly config: ConfigAccess;
  readonly maker: UpstreamMaker;
  readonly resolveReference: ResolveReference;
  /** Our own environment, of which children inherit the allow-listed part. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Global cap on child processes. */
  readonly maxInstances: number;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** The lifecycle put together, without Nest: `LifecycleService` is its face. */
export class LifecycleCore {
  readonly parts: LifecycleParts;
  readonly pools: PoolKeeper;
  readonly attempts: AttemptRunner;
  readonly kept: KeptRevisions;
  readonly steps: StepPerformer;
  readonly reconciler: ServiceReconciler;
  readonly settling: Settling;
  readonly intake: ObservationIntake;
  readonly commands: ServiceCommands;
  readonly recovering: RetryNow;
  readonly queue: ProofQueue;
  readonly recovery: Recovery;
  readonly listener: LifecycleListener;
  readonly logs: LogFollower;

  constructor(readonly ports: LifecyclePorts) {
    const { registry, bus, clock } = ports;
    const wake: Wake = (id) => this.reconciler.wake(id);
    this.parts = partsOf(ports);
    const { statuses, runtimes } = this.parts;
    this.pools = new PoolKeeper(this.parts, wake, (runtime, pool) => {
      this.kept.prove(runtime, pool);
    });
    this.attempts = new AttemptRunner(this.parts, this.pools, wake);
    this.kept = new KeptRevisions(this.parts, this.pools, this.attempts);
    const outcomes = new OutcomeRecorder(this.parts, this.pools, this.attempts);
    this.steps = new StepPerformer(this.parts, this.pools, this.attempts, outcomes);
    this.settling = new Settling(registry, statuses, runtimes, clock);
    this.reconciler = new ServiceReconciler(this.parts, this.pools, this.steps, (id) => {
      this.settling.notify(id);
    });
    this.intake = new ObservationIntake(this.parts, this.pools, this.attempts, wake);
    this.commands = new ServiceCommands(this.parts, wake);
    this.recovering = new RetryNow(this.parts, this.settling, wake);
    this.queue = new ProofQueue(this.parts, this.settling, wake);
    this.recovery = new Recovery(this.parts, this.pools, this.queue, wake);
    this.listener = new LifecycleListener(bus, registry, wake);
    this.logs = new LogFollower(this.parts, this.pools);
  }
}

function partsOf(ports: LifecyclePorts): LifecycleParts {
  const { store, registry, config, bus, clock, random, logger } = ports;
  const { maker, resolveReference, environment, maxInstances } = ports;
  const runtimes = new RuntimeTable(
    (id) => registry.find(id)?.effective.monitoring.log_level ?? 'info',
  );
  const statuses = new StatusRepository(store, clock, (id) => registry.find(id)?.desired);
  const observer = new ServiceObserver(registry, statuses, runtimes, clock);
  const recorder = new StateRecorder(statuses, runtimes, bus, clock, logger);
  const budget = new InstanceBudget(maxInstances);
  const starter = new InstanceStarter({
    maker,
    resolveReference,
    environment,
    budget,
    clock,
    random,
  });
  return {
    registry,
    config,
    statuses,
    runtimes,
    observer,
    recorder,
    starter,
    faults: () => store.status().faults,
    bus,
    clock,
    random,
    logger,
  };
}
