import { Module, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { Authenticator } from '../auth/authenticator.js';
import { OwnRequests } from '../auth/own-requests.js';
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
import { AnnouncementWatch } from './announcement-watch.js';
import { certificateReader } from './certificate-reader.js';
import { DependencyProbe } from './dependency.probe.js';
import { doorWatcher } from './endpoint-door.js';
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
import { SecurityProbe, type SecurityEyes } from './security.probe.js';
import type { HealthParts } from './service-health.js';
import { ServiceMetrics } from './service-metrics.js';
import { ToolApprovals } from './tool-approvals.js';
import { toolLister } from './tool-listing.js';
import { ToolPinningDesk } from './tool-pinning.js';
import { ToolPinsController } from './tool-pins.controller.js';
import { TransitionLog } from './transition-log.js';
import { UsageWatch } from './usage-watch.js';

type Scrubber = (config: ServiceConfig) => Promise<Scrub>;
const SCRUBBER = Symbol('scrubber of a service');

type Gates = Omit<SecurityEyes, 'lifecycle' | 'pinning' | 'list'>;
const GATES = Symbol('what security looks with, besides services');

type Ports = Pick<
  HealthParts,
  | 'clock'
  | 'random'
  | 'bus'
  | 'logger'
  | 'performance'
  | 'circuits'
  | 'history'
  | 'transitions'
  | 'pinning'
  | 'announcements'
>;
const PORTS = Symbol('ports that health works with');

type Kept = Pick<HealthParts, 'transitions' | 'pinning'>;
const KEPT = Symbol('what health keeps in the store');

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
  controllers: [HealthController, ToolPinsController, GatewayHealthController],
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
      inject: [Clock, RegistryService],
      useFactory: (clock: Clock, registry: RegistryService) =>
        new PerformanceWatch(clock, (id) => registry.find(id) !== undefined),
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
      provide: ToolPinningDesk,
      inject: [RegistryService, LifecycleService, RecordStore, Clock, Logger],
      useFactory: (
        registry: RegistryService,
        lifecycle: LifecycleService,
        store: RecordStore,
        clock: Clock,
        logger: Logger,
      ) => {
        const approvals = new ToolApprovals(store, logger);
        return new ToolPinningDesk(registry, lifecycle, approvals, clock, logger);
      },
    },
    {
      provide: GATES,
      inject: [Settings, OwnListeners, Authenticator, SecretResolver, Clock, OwnRequests],
      useFactory: (
        settings: Settings,
        listeners: OwnListeners,
        authenticator: Authenticator,
        secrets: SecretResolver,
        clock: Clock,
        { requestId }: OwnRequests,
      ): Gates => {
        const ownListeners = () => listeners.list();
        const encrypted = settings.tlsCert !== null;
        const place = { listeners: ownListeners, encrypted, requestId };
        const egress = { policy: settings.egress, ownListeners };
        return {
          demandsCredentials: authenticator.required,
          lookAtDoor: doorWatcher(place, clock),
          readCertificate: certificateReader(egress, clock, (text) => secrets.resolve(text)),
          nowMs: () => Date.parse(clock.timestamp()),
        };
      },
    },
    {
      provide: SecurityProbe,
      inject: [GATES, LifecycleService, ToolPinningDesk, SCRUBBER, Clock],
      useFactory: (
        gates: Gates,
        lifecycle: LifecycleService,
        pinning: ToolPinningDesk,
        scrubber: Scrubber,
        clock: Clock,
      ) => {
        const list = toolLister(conversationOpener(clock), scrubber, clock);
        return new SecurityProbe({ ...gates, lifecycle, pinning, list });
      },
    },
    {
      provide: ProbeRunner,
      inject: [SCRUBBER, Clock, Logger, PerformanceWatch, DependencyProbe, SecurityProbe],
      useFactory: (
        scrubber: Scrubber,
        clock: Clock,
        logger: Logger,
        performance: PerformanceWatch,
        dependency: DependencyProbe,
        security: SecurityProbe,
      ) => {
        const open = conversationOpener(clock);
        const probes = {
          basic: new PingProbe(open, clock),
          functional: new FunctionalProbe(open, clock),
          performance: new PerformanceProbe(performance),
          dependency,
          security,
        };
        return new ProbeRunner(probes, scrubber, clock, logger);
      },
    },
    {
      provide: KEPT,
      inject: [RecordStore, Logger, ToolPinningDesk],
      useFactory: (store: RecordStore, logger: Logger, pinning: ToolPinningDesk): Kept => ({
        transitions: new TransitionLog(store, logger),
        pinning,
      }),
    },
    {
      provide: PORTS,
      inject: [Clock, Random, EventBus, Logger, PerformanceWatch, KEPT],
      useFactory: (
        clock: Clock,
        random: Random,
        bus: EventBus,
        logger: Logger,
        performance: PerformanceWatch,
        kept: Kept,
      ): Ports => ({
        ...kept,
        performance,
        announcements: new AnnouncementWatch(clock),
        circuits: new CircuitWatch(clock),
        history: new CheckHistory(),
        clock,
        random,
        bus,
        logger,
      }),
    },
    {
      provide: HealthService,
      inject: [
        RegistryService,
        LifecycleService,
        ProbeRunner,
        ActivationProver,
        PORTS,
        ServiceMetrics,
      ],
      useFactory: (
        registry: RegistryService,
        lifecycle: LifecycleService,
        runner: ProbeRunner,
        prover: ActivationProver,
        ports: Ports,
        probes: ServiceMetrics,
      ) => {
        const usage = new UsageWatch(ports.clock, (id) => registry.find(id) !== undefined);
        const passive = new PassiveMonitor(probes.counting(lifecycle), ports.clock);
        const parts = { registry, lifecycle, runner, usage, passive, probes, ...ports };
        const health = new HealthService(parts, prover);
        probes.countProbes(() => health.probeCounts());
        return health;
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
