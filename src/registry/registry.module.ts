import { Module } from '@nestjs/common';
import { ConfigModule } from '../config/config.module.js';
import { EffectiveConfigService } from '../config/effective-config.service.js';
import { Clock } from '../kernel/clock.js';
import { EventBus } from '../kernel/event-bus.js';
import { Random } from '../kernel/random.js';
import { RecordStore } from '../storage/record-store.js';
import { StorageModule } from '../storage/storage.module.js';
import { ArchiveRetentionService } from './archive-retention.service.js';
import { EffectiveRefreshService } from './effective-refresh.service.js';
import { assembleRegistry } from './registry-assembly.js';
import { RegistryService } from './registry.service.js';

@Module({
  imports: [StorageModule, ConfigModule],
  providers: [
    {
      provide: RegistryService,
      inject: [RecordStore, EventBus, Clock, Random, EffectiveConfigService],
      useFactory: async (
        store: RecordStore,
        events: EventBus,
        clock: Clock,
        random: Random,
        configs: EffectiveConfigService,
      ): Promise<RegistryService> =>
        new RegistryService(await assembleRegistry(store, events, clock, random), configs),
    },
    EffectiveRefreshService,
    ArchiveRetentionService,
  ],
  exports: [RegistryService, EffectiveRefreshService],
})
export class RegistryModule {}
