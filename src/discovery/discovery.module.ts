import {
  Module,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { ConfigModule } from '../config/config.module.js';
import { GatewayModule } from '../gateway/gateway.module.js';
import { ReadinessGate } from '../health/gateway.health.js';
import { HealthModule } from '../health/health.module.js';
import { HealthService } from '../health/health.service.js';
import { Clock } from '../kernel/clock.js';
import { LifecycleModule } from '../lifecycle/lifecycle.module.js';
import { LifecycleService } from '../lifecycle/lifecycle.service.js';
import { Metrics } from '../observability/metrics.js';
import { ObservabilityModule } from '../observability/observability.module.js';
import { RegistryModule } from '../registry/registry.module.js';
import { RoutesModule } from '../routes/routes.module.js';
import { RoutesService } from '../routes/routes.service.js';
import { baseUrlOf } from '../settings/base-url.js';
import { Settings } from '../settings/settings.js';
import { StorageModule } from '../storage/storage.module.js';
import { ChangesController } from './changes.controller.js';
import { ChangesService } from './changes.service.js';
import { DependenciesController } from './dependencies.controller.js';
import { DependenciesService } from './dependencies.service.js';
import { DiscoveryController } from './discovery.controller.js';
import { DocumentationController } from './documentation.controller.js';
import { DocumentationService } from './documentation.service.js';
import { DiscoveryService } from './discovery.service.js';
import { EventsController } from './events.controller.js';
import { EventsService } from './events.service.js';
import { OpenApiDocumentService } from './openapi-document.service.js';
import { RevisionsController } from './revisions.controller.js';
import { RevisionsService } from './revisions.service.js';
import { RuntimeController } from './runtime.controller.js';
import { RuntimeService } from './runtime.service.js';
import { ServiceAccessService } from './service-access.service.js';
import { ServiceComposer } from './service-composer.js';
import { StreamDesk } from './stream-desk.js';
import { SwaggerPageService } from './swagger-page.service.js';
import { SystemController } from './system.controller.js';
import { SystemPlatform, SystemService } from './system.service.js';
import { ToolsController } from './tools.controller.js';
import { ToolsService } from './tools.service.js';

/** Everything that can be read of services, and their tools over plain REST. */
@Module({
  imports: [
    AuthModule,
    ConfigModule,
    GatewayModule,
    HealthModule,
    LifecycleModule,
    ObservabilityModule,
    RegistryModule,
    RoutesModule,
    StorageModule,
  ],
  controllers: [
    DiscoveryController,
    RevisionsController,
    DocumentationController,
    RuntimeController,
    ToolsController,
    DependenciesController,
    ChangesController,
    EventsController,
    SystemController,
  ],
  providers: [
    ChangesService,
    DependenciesService,
    DiscoveryService,
    DocumentationService,
    EventsService,
    OpenApiDocumentService,
    RevisionsService,
    RuntimeService,
    ServiceAccessService,
    SwaggerPageService,
    SystemPlatform,
    SystemService,
    ToolsService,
    { provide: StreamDesk, inject: [Clock], useFactory: (clock: Clock) => new StreamDesk(clock) },
    {
      provide: ServiceComposer,
      inject: [LifecycleService, HealthService, RoutesService, Settings],
      useFactory: (
        lifecycle: LifecycleService,
        health: HealthService,
        routes: RoutesService,
        settings: Settings,
      ) => new ServiceComposer(lifecycle, health, routes, baseUrlOf(settings)),
    },
  ],
  exports: [DiscoveryService, OpenApiDocumentService, StreamDesk],
})
export class DiscoveryModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    private readonly desk: StreamDesk,
    private readonly routes: RoutesService,
    private readonly gate: ReadinessGate,
    private readonly metrics: Metrics,
  ) {}

  /** Here, as lower modules may not know of health: they have all started when this one does. */
  onApplicationBootstrap(): void {
    this.gate.ready('store');
    this.gate.ready('lifecycle');
    if (this.routes.tableVersion > 0) this.gate.ready('routes');
    this.metrics.readFrom({ routeTableVersion: () => this.routes.tableVersion });
  }

  /** Open streams would keep the listener from closing. */
  beforeApplicationShutdown(): void {
    this.desk.endAll();
  }
}
