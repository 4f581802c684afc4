import { Module } from '@nestjs/common';
import { ConfigModule } from '../config/config.module.js';
import { EffectiveConfigService } from '../config/effective-config.service.js';
import { SecretResolver } from '../config/secret-resolver.js';
import { TemplateService } from '../config/template.service.js';
import { Clock } from '../kernel/clock.js';
import { ProblemError } from '../kernel/problem.js';
import { Random } from '../kernel/random.js';
import { LifecycleModule } from '../lifecycle/lifecycle.module.js';
import { LifecycleService } from '../lifecycle/lifecycle.service.js';
import { RegistryModule } from '../registry/registry.module.js';
import { RegistryService } from '../registry/registry.service.js';
import { RoutesModule } from '../routes/routes.module.js';
import { RoutesService } from '../routes/routes.service.js';
import { BackupsModule } from './backups.module.js';
import { BundlesController } from './bundles.controller.js';
import { BundlesService } from './bundles.service.js';
import { ImportRunner } from './import-runner.js';
import { templateSide } from './import-templates.js';

/** Whole registries as documents: export, import, backup and restore. */
@Module({
  imports: [BackupsModule, ConfigModule, LifecycleModule, RegistryModule, RoutesModule],
  controllers: [BundlesController],
  providers: [
    BundlesService,
    {
      provide: ImportRunner,
      inject: [
        RegistryService,
        TemplateService,
        EffectiveConfigService,
        RoutesService,
        LifecycleService,
        SecretResolver,
        Clock,
        Random,
      ],
      useFactory: composeImports,
    },
  ],
})
export class BundlesModule {}

type ImportParts = readonly [
  RegistryService,
  TemplateService,
  EffectiveConfigService,
  RoutesService,
  LifecycleService,
  SecretResolver,
  Clock,
  Random,
];

function composeImports(
  ...[registry, templates, configs, routes, lifecycle, secrets, clock, random]: ImportParts
): ImportRunner {
  return new ImportRunner({
    registry,
    templates: templateSide(templates, configs),
    routes,
    lifecycle,
    missingSecret: (text) => missingSecret(secrets, text),
    uuid: () => random.uuid(),
    timestamp: () => clock.timestamp(),
  });
}

/** The value itself is dropped at once. */
async function missingSecret(secrets: SecretResolver, text: string): Promise<string | null> {
  try {
    await secrets.resolve(text);
    return null;
  } catch (error) {
    if (error instanceof ProblemError) return error.message;
    throw error;
  }
}
