import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { DiscoveryModule } from '../discovery/discovery.module.js';
import { DiscoveryService } from '../discovery/discovery.service.js';
import { Clock } from '../kernel/clock.js';
import { Logger } from '../kernel/logger.js';
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
import { ServiceCommandsController } from './service-commands.controller.js';
import { ServicesController } from './services.controller.js';
import { WriteAnswerInterceptor } from './write-answer.interceptor.js';

/** Every write of a service, and the promise that 2xx means it works. */
@Module({
  imports: [DiscoveryModule, LifecycleModule, RegistryModule, RoutesModule, StorageModule],
  controllers: [ServicesController, ServiceCommandsController],
  providers: [
    {
      provide: RegistrationService,
      inject: [RegistryService, LifecycleService, RoutesService, DiscoveryService, Clock, Logger],
      useFactory: composeRegistration,
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
