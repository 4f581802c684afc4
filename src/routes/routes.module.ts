import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { GatewayModule } from '../gateway/gateway.module.js';
import { RouteTableHolder } from '../gateway/route-table.js';
import { SessionTable } from '../gateway/session-table.js';
import { EventBus } from '../kernel/event-bus.js';
import { Logger } from '../kernel/logger.js';
import { LifecycleModule } from '../lifecycle/lifecycle.module.js';
import { LifecycleService } from '../lifecycle/lifecycle.service.js';
import { RegistryModule } from '../registry/registry.module.js';
import { RegistryService } from '../registry/registry.service.js';
import { StorageModule } from '../storage/storage.module.js';
import { EndpointAccessGuard } from './endpoint-access.guard.js';
import { EndpointControllerFactory } from './endpoint-controller.factory.js';
import { EndpointHostModule } from './endpoint-host.module.js';
import { MountSurvey } from './mount-survey.js';
import { followEvents } from './route-events.js';
import { RoutePublisher } from './route-publisher.js';
import { RouteRepository } from './route.repository.js';
import { RoutesController } from './routes.controller.js';
import { RoutesService } from './routes.service.js';

const EVENTS_FOLLOWED = Symbol('the routes module follows events');

/** Compiles what is registered into the table that the data plane reads. */
@Module({
  imports: [
    AuthModule,
    GatewayModule,
    StorageModule,
    RegistryModule,
    LifecycleModule,
    EndpointHostModule,
  ],
  controllers: [RoutesController],
  providers: [
    EndpointAccessGuard,
    EndpointControllerFactory,
    RouteRepository,
    RoutesService,
    {
      provide: MountSurvey,
      inject: [RegistryService, LifecycleService, RouteRepository],
      useFactory: (
        registry: RegistryService,
        lifecycle: LifecycleService,
        extra: RouteRepository,
      ): MountSurvey => new MountSurvey(registry, lifecycle, extra),
    },
    {
      provide: RoutePublisher,
      inject: [MountSurvey, EndpointControllerFactory, RouteTableHolder, LifecycleService, Logger],
      useFactory: (
        survey: MountSurvey,
        mounts: EndpointControllerFactory,
        holder: RouteTableHolder,
        lifecycle: LifecycleService,
        logger: Logger,
      ): RoutePublisher =>
        new RoutePublisher(
          survey,
          mounts,
          holder,
          (version, served) => {
            lifecycle.recordPublished(version, served);
          },
          logger,
        ),
    },
    {
      provide: EVENTS_FOLLOWED,
      inject: [EventBus, RoutesService, SessionTable],
      useFactory: (bus: EventBus, routes: RoutesService, sessions: SessionTable): (() => void) =>
        followEvents(bus, routes, sessions),
    },
  ],
  exports: [RoutesService, RoutePublisher],
})
export class RoutesModule {}
