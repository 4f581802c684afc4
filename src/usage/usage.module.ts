import { Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { GatewayModule } from '../gateway/gateway.module.js';
import { RouteTableHolder } from '../gateway/route-table.js';
import { Clock } from '../kernel/clock.js';
import { EventBus } from '../kernel/event-bus.js';
import { LifecycleModule } from '../lifecycle/lifecycle.module.js';
import { LifecycleService } from '../lifecycle/lifecycle.service.js';
import { Metrics } from '../observability/metrics.js';
import { ObservabilityModule } from '../observability/observability.module.js';
import { ServiceArchived } from '../registry/registry.events.js';
import { RegistryModule } from '../registry/registry.module.js';
import { RegistryService } from '../registry/registry.service.js';
import { callLoads } from './call-loads.js';
import { CallPerformance } from './call-performance.js';
import { InstanceSampler } from './instance-sampler.js';
import { PerformanceController } from './performance.controller.js';
import { PerformanceScheduler } from './performance.scheduler.js';
import { PerformanceService } from './performance.service.js';
import { UsageController } from './usage.controller.js';
import { UsageService } from './usage.service.js';

@Module({
  imports: [GatewayModule, LifecycleModule, ObservabilityModule, RegistryModule],
  controllers: [UsageController, PerformanceController],
  providers: [
    UsageService,
    PerformanceScheduler,
    {
      provide: CallPerformance,
      inject: [Clock, RegistryService, LifecycleService],
      useFactory: (clock: Clock, registry: RegistryService, lifecycle: LifecycleService) =>
        new CallPerformance(clock, {
          isService: (id) => registry.find(id) !== undefined,
          isTool: (id, tool) => lifecycle.statusOf(id).tools.some(({ name }) => name === tool),
        }),
    },
    {
      provide: InstanceSampler,
      inject: [RegistryService, LifecycleService, Metrics, Clock],
      useFactory: (
        registry: RegistryService,
        lifecycle: LifecycleService,
        metrics: Metrics,
        clock: Clock,
      ) => new InstanceSampler({ registry, lifecycle, metrics, clock }),
    },
    {
      provide: PerformanceService,
      inject: [
        RegistryService,
        LifecycleService,
        CallPerformance,
        InstanceSampler,
        RouteTableHolder,
        Clock,
      ],
      useFactory: (
        registry: RegistryService,
        lifecycle: LifecycleService,
        calls: CallPerformance,
        sampler: InstanceSampler,
        routes: RouteTableHolder,
        clock: Clock,
      ) =>
        new PerformanceService({
          registry,
          lifecycle,
          calls,
          sampler,
          endpoints: () => routes.current.endpoints,
          clock,
        }),
    },
  ],
})
export class UsageModule implements OnApplicationBootstrap, OnApplicationShutdown {
  private forget: () => void = () => undefined;

  constructor(
    private readonly calls: CallPerformance,
    private readonly bus: EventBus,
    metrics: Metrics,
    routes: RouteTableHolder,
    clock: Clock,
  ) {
    metrics.readFrom({ callLoads: () => callLoads(routes.current.endpoints, clock.monotonicMs()) });
  }

  onApplicationBootstrap(): void {
    this.calls.start();
    this.forget = this.bus.subscribe(ServiceArchived, ({ service_id }) => {
      this.calls.forget(service_id);
    });
  }

  onApplicationShutdown(): void {
    this.calls.stop();
    this.forget();
  }
}
