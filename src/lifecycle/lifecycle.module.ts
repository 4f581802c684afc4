import { Module, type OnApplicationBootstrap } from '@nestjs/common';
import { ConfigModule } from '../config/config.module.js';
import { EffectiveConfigService } from '../config/effective-config.service.js';
import { SecretResolver } from '../config/secret-resolver.js';
import { Clock } from '../kernel/clock.js';
import { EventBus } from '../kernel/event-bus.js';
import { Logger } from '../kernel/logger.js';
import { Random } from '../kernel/random.js';
import { EffectiveRefreshService } from '../registry/effective-refresh.service.js';
import { RegistryModule } from '../registry/registry.module.js';
import { RegistryService } from '../registry/registry.service.js';
import { Settings } from '../settings/settings.js';
import { RecordStore } from '../storage/record-store.js';
import { StorageModule } from '../storage/storage.module.js';
import { UpstreamFactory } from '../upstream/upstream.factory.js';
import { UpstreamModule } from '../upstream/upstream.module.js';
import { LifecycleCore, type LifecyclePorts } from './lifecycle-core.js';
import { LifecycleScheduler } from './lifecycle.scheduler.js';
import { LifecycleService } from './lifecycle.service.js';

/** What the documents and upstreams come from. */
type Sources = Pick<LifecyclePorts, 'registry' | 'config' | 'maker' | 'resolveReference' | 'store'>;
/** What the platform gives. */
type Platform = Pick<LifecyclePorts, 'clock' | 'random' | 'bus' | 'logger'>;

const SOURCES = Symbol('where the lifecycle gets documents and upstreams from');
const PLATFORM = Symbol('what the lifecycle gets from the platform');

@Module({
  imports: [ConfigModule, RegistryModule, StorageModule, UpstreamModule],
  providers: [
    {
      provide: SOURCES,
      inject: [
        RegistryService,
        EffectiveConfigService,
        UpstreamFactory,
        SecretResolver,
        RecordStore,
      ],
      useFactory: (
        registry: RegistryService,
        config: EffectiveConfigService,
        maker: UpstreamFactory,
        secrets: SecretResolver,
        store: RecordStore,
      ): Sources => ({
        registry,
        config,
        maker,
        store,
        resolveReference: (reference) => secrets.resolve(reference),
      }),
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
      provide: LifecycleCore,
      inject: [SOURCES, PLATFORM, Settings],
      useFactory: (sources: Sources, platform: Platform, settings: Settings): LifecycleCore =>
        new LifecycleCore({
          ...sources,
          ...platform,
          environment: settings.processEnvironment,
          maxInstances: settings.maxInstances,
        }),
    },
    {
      provide: LifecycleService,
      inject: [LifecycleCore],
      useFactory: (core: LifecycleCore): LifecycleService => new LifecycleService(core),
    },
    LifecycleScheduler,
  ],
  exports: [LifecycleService],
})
export class LifecycleModule implements OnApplicationBootstrap {
  constructor(
    private readonly lifecycle: LifecycleService,
    private readonly refresh: EffectiveRefreshService,
  ) {}

  /** Nest starts imported modules first: when the routes compile their first table, every service has its state. */
  async onApplicationBootstrap(): Promise<void> {
    await this.lifecycle.recover();
    await this.refresh.refresh((id) => this.lifecycle.isHeld(id));
  }
}
