import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import { FileSystem } from '../kernel/file-system.js';
import { Logger } from '../kernel/logger.js';
import { Settings } from '../settings/settings.js';
import { FileStore } from './file.store.js';
import { MIGRATIONS } from './migrations.js';
import { RecordStore } from './record-store.js';
import { StoreMigrator } from './store-migrator.js';

/** Closes the store when everything that writes to it has been shut down. */
export class StoreCloser {
  constructor(private readonly store: RecordStore) {}

  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
  }
}

/**
 * The durable store, open before anything that depends on it is made. `Settings`, `FileSystem`, `Clock` and `Logger` come
 * from the platform.
 */
@Module({
  providers: [
    {
      provide: RecordStore,
      inject: [Settings, FileSystem, Clock, Logger],
      useFactory: async (
        settings: Settings,
        fileSystem: FileSystem,
        clock: Clock,
        logger: Logger,
      ): Promise<RecordStore> => {
        const directory = join(settings.dataDir, 'services');
        const store = new FileStore({
          directory,
          fileSystem,
          clock,
          logger: logger.child({ part: 'storage' }),
        });
        await store.open();
        // Read-only, nothing may be written: readers that need the newest form are told by the condition of the store.
        if (!store.status().read_only) await new StoreMigrator(store, MIGRATIONS).migrateHot();
        return store;
      },
    },
    {
      provide: StoreCloser,
      inject: [RecordStore],
      useFactory: (store: RecordStore) => new StoreCloser(store),
    },
  ],
  exports: [RecordStore],
})
export class StorageModule {}
