import { join } from 'node:path';
import { Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { ConfigModule } from '../config/config.module.js';
import { EffectiveConfigService } from '../config/effective-config.service.js';
import { Clock } from '../kernel/clock.js';
import { FileSystem } from '../kernel/file-system.js';
import { Logger } from '../kernel/logger.js';
import { Random } from '../kernel/random.js';
import { LifecycleModule } from '../lifecycle/lifecycle.module.js';
import { LifecycleService } from '../lifecycle/lifecycle.service.js';
import { RegistryModule } from '../registry/registry.module.js';
import { RegistryService } from '../registry/registry.service.js';
import { RoutesModule } from '../routes/routes.module.js';
import { RoutesService } from '../routes/routes.service.js';
import { Settings } from '../settings/settings.js';
import { RecordStore } from '../storage/record-store.js';
import { StorageModule } from '../storage/storage.module.js';
import { GATEWAY_CLIENT } from '../upstream/upstream.js';
import { UpdateBackups } from './backup-before-update.js';
import { BackupMaker } from './backup-maker.js';
import { BackupShelf } from './backup-shelf.js';
import { BackupScheduler } from './backup.scheduler.js';
import { BackupsController } from './backups.controller.js';
import { BackupsService } from './backups.service.js';
import { RestoreService, type RestoreParts } from './restore.service.js';

const SHELF = Symbol('directory of the backups');
const PLANE = Symbol('what a restore changes');
const PLATFORM = Symbol('what backups get from the platform');

type Platform = Pick<RestoreParts, 'fileSystem' | 'random' | 'store' | 'shelf'>;
type Plane = Pick<RestoreParts, 'registry' | 'configs' | 'routes' | 'lifecycle'>;

/** Backups of the whole store, and the way back. */
@Module({
  imports: [ConfigModule, LifecycleModule, RegistryModule, RoutesModule, StorageModule],
  controllers: [BackupsController],
  providers: [
    BackupScheduler,
    {
      provide: SHELF,
      inject: [FileSystem, Settings],
      useFactory: (fileSystem: FileSystem, settings: Settings) =>
        new BackupShelf(fileSystem, join(settings.dataDir, 'services', 'backups')),
    },
    {
      provide: PLATFORM,
      inject: [FileSystem, Random, RecordStore, SHELF],
      useFactory: (
        fileSystem: FileSystem,
        random: Random,
        store: RecordStore,
        shelf: BackupShelf,
      ): Platform => ({ fileSystem, random, store, shelf }),
    },
    {
      provide: BackupsService,
      inject: [PLATFORM, Clock, Logger, Settings],
      useFactory: (platform: Platform, clock: Clock, logger: Logger, settings: Settings) => {
        const productVersion = String(GATEWAY_CLIENT.clientInfo.version);
        const { backupIntervalHours: intervalHours, backupKeep: keep } = settings;
        return new BackupsService({
          shelf: platform.shelf,
          maker: new BackupMaker({ ...platform, clock, productVersion }),
          clock,
          logger: logger.child({ part: 'backups' }),
          schedule: { intervalHours, keep },
        });
      },
    },
    {
      provide: UpdateBackups,
      inject: [RecordStore, FileSystem, SHELF, Logger],
      useFactory: (
        store: RecordStore,
        fileSystem: FileSystem,
        shelf: BackupShelf,
        logger: Logger,
      ) =>
        new UpdateBackups(
          store,
          fileSystem,
          join(shelf.directory, 'services'),
          logger.child({ part: 'backups' }),
        ),
    },
    {
      provide: PLANE,
      inject: [RegistryService, EffectiveConfigService, RoutesService, LifecycleService],
      useFactory: (
        registry: RegistryService,
        configs: EffectiveConfigService,
        routes: RoutesService,
        lifecycle: LifecycleService,
      ): Plane => ({ registry, configs, routes, lifecycle }),
    },
    {
      provide: RestoreService,
      inject: [BackupsService, PLATFORM, PLANE],
      useFactory: (backups: BackupsService, platform: Platform, plane: Plane) =>
        new RestoreService({ backups, ...platform, ...plane }),
    },
  ],
})
export class BackupsModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly backups: BackupsService,
    private readonly updates: UpdateBackups,
  ) {}

  onApplicationBootstrap(): Promise<void> {
    this.updates.start();
    return this.backups.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.updates.stop();
  }
}
