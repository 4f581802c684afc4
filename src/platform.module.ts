import { Global, Module } from '@nestjs/common';
import { Clock, SystemClock } from './kernel/clock.js';
import { EventBus } from './kernel/event-bus.js';
import { FileSystem } from './kernel/file-system.js';
import { Logger } from './kernel/logger.js';
import { Random, SystemRandom } from './kernel/random.js';
import { PinoLogger } from './observability/pino.logger.js';
import { loadSettings } from './settings/settings.loader.js';
import { Settings } from './settings/settings.js';
import { NodeFileSystem } from './storage/node.file-system.js';

/** What every module may inject without importing anything: settings and the ports to the outside world. */
@Global()
@Module({
  providers: [
    { provide: Settings, useFactory: () => loadSettings() },
    { provide: Clock, useFactory: () => new SystemClock() },
    { provide: Random, useFactory: () => new SystemRandom() },
    { provide: FileSystem, useFactory: () => new NodeFileSystem() },
    {
      provide: Logger,
      inject: [Settings],
      useFactory: (settings: Settings) => new PinoLogger(settings.logLevel),
    },
    {
      provide: EventBus,
      inject: [Logger],
      useFactory: (logger: Logger) => new EventBus(logger),
    },
  ],
  exports: [Settings, Clock, Random, FileSystem, Logger, EventBus],
})
export class PlatformModule {}
