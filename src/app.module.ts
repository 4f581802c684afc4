import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { AggregateModule } from './aggregate/aggregate.module.js';
import { AlertsModule } from './alerts/alerts.module.js';
import { AuditModule } from './audit/audit.module.js';
import { AuthModule } from './auth/auth.module.js';
import { BundlesModule } from './bundles/bundles.module.js';
import { ConfigModule } from './config/config.module.js';
import { DiscoveryModule } from './discovery/discovery.module.js';
import { GatewayModule } from './gateway/gateway.module.js';
import { HealthModule } from './health/health.module.js';
import { HooksModule } from './hooks/hooks.module.js';
import { LifecycleModule } from './lifecycle/lifecycle.module.js';
import { ObservabilityModule } from './observability/observability.module.js';
import { PlatformModule } from './platform.module.js';
import { RegistrationModule } from './registration/registration.module.js';
import { RegistryModule } from './registry/registry.module.js';
import { RoutesModule } from './routes/routes.module.js';
import { StatelessModule } from './stateless/stateless.module.js';
import { StorageModule } from './storage/storage.module.js';
import { UpstreamModule } from './upstream/upstream.module.js';
import { UsageModule } from './usage/usage.module.js';

/** The composition root: the one place that imports every module. */
@Module({
  imports: [
    ScheduleModule.forRoot(),
    PlatformModule,
    StorageModule,
    ObservabilityModule,
    AuthModule,
    UpstreamModule,
    GatewayModule,
    StatelessModule,
    AggregateModule,
    ConfigModule,
    RegistryModule,
    LifecycleModule,
    HealthModule,
    RoutesModule,
    DiscoveryModule,
    UsageModule,
    AlertsModule,
    AuditModule,
    RegistrationModule,
    HooksModule,
    BundlesModule,
  ],
})
export class AppModule {}
