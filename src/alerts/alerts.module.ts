import {
  Inject,
  Module,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { WatchedFile } from '../auth/watched-file.js';
import { ConfigModule } from '../config/config.module.js';
import { SecretResolver } from '../config/secret-resolver.js';
import { HealthModule } from '../health/health.module.js';
import { HealthService } from '../health/health.service.js';
import { Clock } from '../kernel/clock.js';
import { EventBus } from '../kernel/event-bus.js';
import { FileSystem } from '../kernel/file-system.js';
import { Logger } from '../kernel/logger.js';
import { Random } from '../kernel/random.js';
import { LifecycleModule } from '../lifecycle/lifecycle.module.js';
import { LifecycleService } from '../lifecycle/lifecycle.service.js';
import { Metrics } from '../observability/metrics.js';
import { ObservabilityModule } from '../observability/observability.module.js';
import { RegistryModule } from '../registry/registry.module.js';
import { RegistryService } from '../registry/registry.service.js';
import { baseUrlOf } from '../settings/base-url.js';
import { Settings } from '../settings/settings.js';
import { RecordStore } from '../storage/record-store.js';
import { StorageModule } from '../storage/storage.module.js';
import { OwnListeners } from '../upstream/own-listeners.js';
import { UpstreamModule } from '../upstream/upstream.module.js';
import { assembleAlerts, type AlertPorts } from './alert-assembly.js';
import { AlertDeliveriesController } from './alert-deliveries.controller.js';
import { AlertScheduler } from './alert.scheduler.js';
import { AlertsController } from './alerts.controller.js';
import { AlertsService } from './alerts.service.js';
import { parseReceivers, type Receiver } from './receiver.js';
import { WebhookNotifier } from './webhook.notifier.js';

type ReceiverFile = WatchedFile<readonly Receiver[]>;
type Platform = Pick<AlertPorts, 'clock' | 'random' | 'bus' | 'logger'>;
type Reading = AlertPorts['reading'];

const WEBHOOKS_FILE = Symbol('file of the receivers of alerts');
const PLATFORM = Symbol('what alerts get from the platform');
const READING = Symbol('what alerts read');

/** Tells people and machines that something is wrong, that it still is, and that it is over. */
@Module({
  imports: [
    AuthModule,
    ConfigModule,
    HealthModule,
    LifecycleModule,
    ObservabilityModule,
    RegistryModule,
    StorageModule,
    UpstreamModule,
  ],
  controllers: [AlertDeliveriesController, AlertsController],
  providers: [
    AlertScheduler,
    {
      provide: WEBHOOKS_FILE,
      inject: [Settings, FileSystem, Clock, Logger],
      useFactory: openReceivers,
    },
    {
      provide: PLATFORM,
      inject: [Clock, Random, EventBus, Logger],
      useFactory: (clock: Clock, random: Random, bus: EventBus, logger: Logger): Platform => ({
        clock,
        random,
        bus,
        logger,
      }),
    },
    {
      provide: READING,
      inject: [RegistryService, LifecycleService, HealthService, WEBHOOKS_FILE],
      useFactory: (
        registry: RegistryService,
        lifecycle: LifecycleService,
        health: HealthService,
        file: ReceiverFile | null,
      ): Reading => ({ registry, lifecycle, health, gatewayReceivers: () => file?.value ?? [] }),
    },
    {
      provide: WebhookNotifier,
      inject: [Clock, Settings, OwnListeners, SecretResolver],
      useFactory: (
        clock: Clock,
        settings: Settings,
        listeners: OwnListeners,
        secrets: SecretResolver,
      ) =>
        new WebhookNotifier({
          clock,
          egress: { policy: settings.egress, ownListeners: () => listeners.list() },
          resolveSecret: (text) => secrets.resolve(text),
        }),
    },
    {
      provide: AlertsService,
      inject: [READING, PLATFORM, RecordStore, WebhookNotifier, Metrics, Settings],
      useFactory: (
        reading: Reading,
        platform: Platform,
        store: RecordStore,
        notifier: WebhookNotifier,
        metrics: Metrics,
        settings: Settings,
      ) => {
        const count: AlertPorts['count'] = (result) => {
          metrics.recordDelivery(result);
        };
        const baseUrl = baseUrlOf(settings);
        const alerts = assembleAlerts({ reading, ...platform, store, notifier, count, baseUrl });
        metrics.readFrom({ alertsFiring: () => alerts.firing() });
        return alerts;
      },
    },
  ],
})
export class AlertsModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    private readonly alerts: AlertsService,
    @Inject(WEBHOOKS_FILE) private readonly file: ReceiverFile | null,
  ) {}

  /** After the lifecycle has taken up what is stored: it is imported, so it has started before. */
  onApplicationBootstrap(): void {
    this.alerts.start();
  }

  /** Before the services are stopped: that they stop is no news. */
  async beforeApplicationShutdown(): Promise<void> {
    this.file?.close();
    await this.alerts.stop();
  }
}

async function openReceivers(
  settings: Settings,
  files: FileSystem,
  clock: Clock,
  logger: Logger,
): Promise<ReceiverFile | null> {
  if (settings.webhooksFile === null) return null;
  return new WatchedFile(settings.webhooksFile, parseReceivers, files, clock, logger).open();
}
