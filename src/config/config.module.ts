import { Module } from '@nestjs/common';
import { FileSystem } from '../kernel/file-system.js';
import { Logger } from '../kernel/logger.js';
import { Settings } from '../settings/settings.js';
import { RecordStore } from '../storage/record-store.js';
import { StorageModule } from '../storage/storage.module.js';
import { CommandPolicy } from './command-policy.js';
import { policyOf } from './config-policy.js';
import { ConfigSchemaController } from './config-schema.controller.js';
import { EffectiveConfigService } from './effective-config.service.js';
import { NodePathResolver, PathResolver } from './path-resolver.js';
import { SecretResolver } from './secret-resolver.js';
import { shippedTemplatesDirectory, TemplateRepository } from './template.repository.js';
import { TemplateService } from './template.service.js';
import { TemplatesController } from './templates.controller.js';

@Module({
  imports: [StorageModule],
  controllers: [TemplatesController, ConfigSchemaController],
  providers: [
    TemplateService,
    EffectiveConfigService,
    { provide: PathResolver, useFactory: () => new NodePathResolver() },
    {
      provide: TemplateRepository,
      inject: [FileSystem, RecordStore, Logger],
      useFactory: (files: FileSystem, store: RecordStore, logger: Logger) =>
        TemplateRepository.open(files, shippedTemplatesDirectory(), store, logger),
    },
    {
      provide: CommandPolicy,
      inject: [Settings, PathResolver],
      useFactory: (settings: Settings, paths: PathResolver) =>
        new CommandPolicy(settings.commands, settings.processEnvironment['PATH'] ?? '', paths),
    },
    {
      provide: SecretResolver,
      inject: [Settings, FileSystem, PathResolver],
      useFactory: (settings: Settings, files: FileSystem, paths: PathResolver) =>
        new SecretResolver(policyOf(settings), settings.processEnvironment, files, paths),
    },
  ],
  exports: [TemplateService, EffectiveConfigService, SecretResolver, CommandPolicy],
})
export class ConfigModule {}
