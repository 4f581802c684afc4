import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { ConfigModule } from '../config/config.module.js';
import { EffectiveConfigService } from '../config/effective-config.service.js';
import { TemplateService } from '../config/template.service.js';
import { DiscoveryModule } from '../discovery/discovery.module.js';
import { DiscoveryService } from '../discovery/discovery.service.js';
import { Clock } from '../kernel/clock.js';
import { Logger } from '../kernel/logger.js';
import { Random } from '../kernel/random.js';
import { LifecycleModule } from '../lifecycle/lifecycle.module.js';
import { LifecycleService } from '../lifecycle/lifecycle.service.js';
import { RegistryModule } from '../registry/registry.module.js';
import { RegistryService } from '../registry/registry.service.js';
import { RoutesModule } from '../routes/routes.module.js';
import { RoutesService } from '../routes/routes.service.js';
import { RecordStore } from '../storage/record-store.js';
import { StorageModule } from '../storage/storage.module.js';
import type { ControlPlane } from './control-plane.js';
import { IdempotencyInterceptor } from './idempotency.interceptor.js';
import { IdempotentRequests } from './idempotency.js';
import { createRegistration, RegistrationService } from './registration.service.js';
import { RevisionWritesController } from './revision-writes.controller.js';
import { ServiceCommandsController } from './service-commands.controller.js';
import { ServicesController } from './services.controller.js';
import { TemplateMove } from './template-move.js';
import { TemplateRolloutRunner } from './template-rollout-runner.js';
import { TemplateRolloutStore } from './template-rollout-store.js';
import { TemplateRolloutsController } from './template-rollouts.controller.js';
import { TemplateRolloutsService } from './template-rollouts.service.js';
import { TemplateWriter } from './template-writer.js';
import { TemplateWritesController } from './template-writes.controller.js';
import { WriteAnswerInterceptor } from './write-answer.interceptor.js';

/** Every write of a service, and the promise that 2xx means it works. */
@Module({
  imports: [
    ConfigModule,
    DiscoveryModule,
    LifecycleModule,
    RegistryModule,
    RoutesModule,
    StorageModule,
  ],
  controllers: [
    ServicesController,
    ServiceCommandsController,
    RevisionWritesController,
    TemplateWritesController,
    TemplateRolloutsController,
  ],
  providers: [
    {
      provide: RegistrationService,
      inject: [RegistryService, LifecycleService, RoutesService, DiscoveryService, Clock, Logger],
      useFactory: composeRegistration,
    },
    {
      provide: TemplateWriter,
      inject: [TemplateService, EffectiveConfigService, RegistryService, RecordStore, Clock],
      useFactory: (
        templates: TemplateService,
        checks: EffectiveConfigService,
        registry: RegistryService,
        store: RecordStore,
        clock: Clock,
      ) => new TemplateWriter({ templates, checks, registry, store, clock }),
    },
    {
      provide: TemplateMove,
      inject: [RegistrationService, RegistryService, LifecycleService, Logger],
      useFactory: (
        registration: RegistrationService,
        registry: RegistryService,
        lifecycle: LifecycleService,
        logger: Logger,
      ) => new TemplateMove({ registration, registry, lifecycle, logger }),
    },
    {
      provide: TemplateRolloutStore,
      inject: [RecordStore],
      useFactory: (store: RecordStore) => new TemplateRolloutStore(store),
    },
    {
      provide: TemplateRolloutRunner,
      inject: [TemplateRolloutStore, TemplateMove, Clock, Logger],
      useFactory: (
        rollouts: TemplateRolloutStore,
        moves: TemplateMove,
        clock: Clock,
        logger: Logger,
      ) => new TemplateRolloutRunner({ rollouts, moves, clock, logger }),
    },
    {
      provide: TemplateRolloutsService,
      inject: [
        TemplateService,
        RegistryService,
        TemplateRolloutStore,
        TemplateRolloutRunner,
        Clock,
        Random,
      ],
      useFactory: composeRollouts,
    },
    {
      provide: IdempotentRequests,
      inject: [RecordStore, Clock, Logger],
      useFactory: (store: RecordStore, clock: Clock, logger: Logger) =>
        new IdempotentRequests(store, clock, logger),
    },
    // In this order: an answer is kept with the status and headers that the inner one wrote.
    { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor },
    { provide: APP_INTERCEPTOR, useClass: WriteAnswerInterceptor },
  ],
  exports: [RegistrationService],
})
export class RegistrationModule {}

function composeRegistration(
  registry: RegistryService,
  lifecycle: LifecycleService,
  routes: RoutesService,
  views: DiscoveryService,
  clock: Clock,
  logger: Logger,
): RegistrationService {
  const plane: ControlPlane = { registry, lifecycle, routes, views };
  return createRegistration(plane, clock, logger);
}

function composeRollouts(
  templates: TemplateService,
  registry: RegistryService,
  rollouts: TemplateRolloutStore,
  runner: TemplateRolloutRunner,
  clock: Clock,
  random: Random,
): TemplateRolloutsService {
  const newId = (): string => random.uuid();
  return new TemplateRolloutsService({ templates, registry, rollouts, runner, clock, newId });
}
