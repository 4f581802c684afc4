import { Module, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { ConfigModule } from '../config/config.module.js';
import { SecretResolver } from '../config/secret-resolver.js';
import type { ServiceConfig } from '../config/service-config.js';
import { Clock } from '../kernel/clock.js';
import { EventBus } from '../kernel/event-bus.js';
import { Logger } from '../kernel/logger.js';
import { Random } from '../kernel/random.js';
import { LifecycleModule } from '../lifecycle/lifecycle.module.js';
import { LifecycleService } from '../lifecycle/lifecycle.service.js';
import { Metrics } from '../observability/metrics.js';
import { ObservabilityModule } from '../observability/observability.module.js';
import { RegistryModule } from '../registry/registry.module.js';
import { RegistryService } from '../registry/registry.service.js';
import { Settings } from '../settings/settings.js';
import { RecordStore } from '../storage/record-store.js';
import { StorageModule } from '../storage/storage.module.js';
import { OwnListeners } from '../upstream/own-listeners.js';
import { UpstreamModule } from '../upstream/upstream.module.js';
import type { Scrub } from '../upstream/scrub.js';
import { ActivationProver } from './activation-prover.js';
import { DependencyProbe } from './dependency.probe.js';
import { externalReacher } from './external-reach.js';
import { CheckHistory } from './check-history.js';
import { CircuitWatch } from './circuit-watch.js';
import { FunctionalProbe } from './functional.probe.js';
import { GatewayHealthController } from './gateway-health.controller.js';
import { ReadinessGate } from './gateway.health.js';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';
import { conversationOpener } from './open-conversation.js';
import { PassiveMonitor } from './passive-monitor.js';
import { PerformanceProbe } from './performance.probe.js';
import { PerformanceWatch } from './performance-watch.js';
import { PingProbe } from './ping.probe.js';
import { ProbeRunner } from './probe.runner.js';
import { ProbeScheduler } from './probe.scheduler.js';
import { scrubberFor } from './scrub-source.js';
import { SecurityProbe } from './security.probe.js';
import type { HealthParts } from './service-health.js';
import { ServiceMetrics } from './service-metrics.js';
import { TransitionLog } from './transition-log.js';
import { UsageWatch } from './usage-watch.js';

type Scrubber = (config: ServiceConfig) => Promise<Scrub>;
const SCRUBBER = Symbol('scrubber of a service');

type Ports = Pick<
  HealthParts,
  'clock' | 'random' | 'bus' | 'logger' | 'performance' | 'circuits' | 'history' | 'transitions'
>;
const PORTS = Symbol('ports that health works with');

@Module({
  imports: [
    AuthModule,
    ConfigModule,
    LifecycleModule,
    ObservabilityModule,
    RegistryModule,
    StorageModule,
    UpstreamModule,
  ],
  controllers: [HealthController, GatewayHealthController],
  providers: [
    ProbeScheduler,
    { provide: ReadinessGate, useFactory: () => new ReadinessGate() },
    {
      provide: DependencyProbe,
      inject: [RegistryService, LifecycleService, Settings, OwnListeners, Clock],
      useFactory: (
        registry: RegistryService,
        lifecycle: LifecycleService,
        settings: Settings,
        listeners: OwnListeners,
        clock: Clock,
      ) => {
        const egress = { policy: settings.egress, ownListeners: () => listeners.list() };
        return new DependencyProbe(registry, lifecycle, externalReacher(egress, clock));
      },
    },
    {
      provide: PerformanceWatch,
      inject: [Clock],
      useFactory: (clock: Clock) => new PerformanceWatch(clock),
    },
    {
      provide: SCRUBBER,
      inject: [SecretResolver],
      useFactory:
        (secrets: SecretResolver): Scrubber =>
        (config) =>
          scrubberFor(config, (reference) => secrets.resolve(reference)),
    },
    {
      provide: ActivationProver,
      inject: [SCRUBBER, Clock, Logger],
      useFactory: (scrubber: Scrubber, clock: Clock, logger: Logger) =>
        new ActivationProver(conversationOpener(clock), scrubber, clock, logger),
    },
    {
      provide: ProbeRunner,
      inject: [SCRUBBER, Clock, Logger, PerformanceWatch, DependencyProbe, LifecycleService],
      useFactory: (
        scrubber: Scrubber,
        clock: Clock,
        logger: Logger,
        performance: PerformanceWatch,
        dependency: DependencyProbe,
        lifecycle: LifecycleService,
      ) => {
        const open = conversationOpener(clock);
        const probes = {
          basic: new PingProbe(open, clock),
          functional: new FunctionalProbe(open, clock),
          performance: new PerformanceProbe(performance),
          dependency,
          security: new SecurityProbe(lifecycle),
        };
        return new ProbeRunner(probes, scrubber, clock, logger);
      },
    },
    {
      provide: PORTS,
      inject: [Clock, Random, EventBus, Logger, PerformanceWatch, RecordStore],
      useFactory: (
        clock: Clock,
        random: Random,
        bus: EventBus,
        logger: Logger,
        performance: PerformanceWatch,
        store: RecordStore,
      ): Ports => ({
        performance,
        circuits: new CircuitWatch(clock),
        history: new CheckHistory(),
        transitions: new TransitionLog(store, logger),
        clock,
        random,
        bus,
        logger,
      }),
    },
    {
      provide: HealthService,
      inject: [RegistryService, LifecycleService, ProbeRunner, ActivationProver, PORTS],
      useFactory: (
        registry: RegistryService,
        lifecycle: LifecycleService,
        runner: ProbeRunner,
        prover: ActivationProver,
        ports: Ports,
      ) => {
        const usage = new UsageWatch(ports.clock);
        const passive = new PassiveMonitor(lifecycle, ports.clock);
        const parts = { registry, lifecycle, runner, usage, passive, ...ports };
        return new HealthService(parts, prover);
      },
    },
    {
      provide: ServiceMetrics,
      inject: [Metrics, RegistryService, LifecycleService, EventBus],
      useFactory: (
        metrics: Metrics,
        registry: RegistryService,
        lifecycle: LifecycleService,
        bus: EventBus,
      ) => new ServiceMetrics(metrics, registry, lifecycle, bus),
    },
  ],
  exports: [HealthService, ReadinessGate],
})
export class HealthModule implements OnModuleInit, BeforeApplicationShutdown {
  constructor(
    private readonly health: HealthService,
    private readonly metrics: ServiceMetrics,
    private readonly gate: ReadinessGate,
  ) {}

  /** Before the lifecycle takes up anything, so that no event is missed. */
  onModuleInit(): void {
    this.metrics.start();
    this.health.start();
  }

  beforeApplicationShutdown(): void {
    this.gate.close();
    this.health.stop();
    this.metrics.stop();
  }
}
