import { Inject, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import { sha256Hex } from '../kernel/ids.js';
import { Logger } from '../kernel/logger.js';
import { Random } from '../kernel/random.js';
import { Settings } from '../settings/settings.js';
import { OwnListeners } from './own-listeners.js';
import { ProcessTable, ProcProcessTable } from './process-table.js';
import { NodeSpawner, Spawner } from './spawner.js';
import { UpstreamFactory } from './upstream.factory.js';
import { Watchdog } from './watchdog.js';

/** Hexadecimal digits of the data directory's identity in the mark of a run. */
const DIRECTORY_DIGITS = 16;

@Module({
  providers: [
    { provide: Spawner, useClass: NodeSpawner },
    { provide: ProcessTable, useClass: ProcProcessTable },
    {
      provide: OwnListeners,
      inject: [Settings],
      useFactory: (settings: Settings) => {
        const listeners = new OwnListeners();
        listeners.add(settings.host, settings.port);
        return listeners;
      },
    },
    {
      provide: Watchdog,
      inject: [Settings, Clock, Logger, Random, Spawner, ProcessTable],
      useFactory: (
        settings: Settings,
        clock: Clock,
        logger: Logger,
        random: Random,
        spawner: Spawner,
        processes: ProcessTable,
      ) => {
        const directory = sha256Hex(settings.dataDir).slice(0, DIRECTORY_DIGITS);
        const run = `${directory}.${random.uuid()}`;
        return new Watchdog({ clock, logger, spawner, processes, run });
      },
    },
    {
      provide: UpstreamFactory,
      inject: [Settings, Clock, Logger, Spawner, Watchdog, OwnListeners],
      useFactory: (
        settings: Settings,
        clock: Clock,
        logger: Logger,
        spawner: Spawner,
        watchdog: Watchdog,
        listeners: OwnListeners,
      ) => {
        const egress = { policy: settings.egress, ownListeners: () => listeners.list() };
        return new UpstreamFactory({ clock, logger, spawner, watchdog, egress });
      },
    },
  ],
  exports: [UpstreamFactory, Watchdog, OwnListeners, Spawner, ProcessTable],
})
export class UpstreamModule implements OnModuleInit, OnApplicationShutdown {
  private readonly watching: Promise<void>;

  /** The watchdog's process comes up while the rest is being made. */
  constructor(@Inject(Watchdog) private readonly watchdog: Watchdog) {
    this.watching = watchdog.start();
    // A failure is told where it is waited for.
    this.watching.catch(() => undefined);
  }

  /** Before anything is spawned, and so before readiness. */
  async onModuleInit(): Promise<void> {
    this.watchdog.sweepOrphans();
    await this.watching;
  }

  /** After every module has stopped its own instances; what is left is ended by the watchdog. */
  async onApplicationShutdown(): Promise<void> {
    await this.watchdog.stop();
  }
}
