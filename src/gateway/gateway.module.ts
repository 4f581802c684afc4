import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { Authenticator } from '../auth/authenticator.js';
import { RequestGate } from '../auth/request-gate.js';
import { SessionKeys } from '../auth/session-keys.js';
import { Clock } from '../kernel/clock.js';
import { Logger } from '../kernel/logger.js';
import { Random } from '../kernel/random.js';
import { Metrics } from '../observability/metrics.js';
import { ObservabilityModule } from '../observability/observability.module.js';
import { Settings } from '../settings/settings.js';
import { CallLedger } from './call.js';
import { Dispatcher } from './dispatcher.js';
import { GatewayMount } from './gateway.mount.js';
import { OwnConversations } from './own-conversations.js';
import { Pulse } from './pulse.js';
import { RateWindows } from './rate-windows.js';
import { RouteTableHolder } from './route-table.js';
import { SessionSeal } from './session-seal.js';
import { SessionTable } from './session-table.js';

/** What `GatewayMount` is made of beside the gateway's own parts. */
class Entrance {
  constructor(
    readonly authenticator: Authenticator,
    readonly gate: RequestGate,
    readonly settings: Settings,
    readonly logger: Logger,
  ) {}
}

/** The data plane. `main` calls `GatewayMount.mount` once Nest is initialised, and `drain` at shutdown. */
@Module({
  imports: [AuthModule, ObservabilityModule],
  providers: [
    { provide: RouteTableHolder, useFactory: () => new RouteTableHolder() },
    {
      provide: Dispatcher,
      inject: [Clock],
      useFactory: (clock: Clock) =>
        new Dispatcher(new CallLedger(clock), new RateWindows(clock), new OwnConversations(clock)),
    },
    {
      provide: SessionTable,
      inject: [SessionKeys, Clock, Random],
      useFactory: (keys: SessionKeys, clock: Clock, random: Random) =>
        new SessionTable(new SessionSeal(keys, clock, random), new Pulse(clock), clock, random),
    },
    {
      provide: Entrance,
      inject: [Authenticator, RequestGate, Settings, Logger],
      useFactory: (
        authenticator: Authenticator,
        gate: RequestGate,
        settings: Settings,
        logger: Logger,
      ) => new Entrance(authenticator, gate, settings, logger),
    },
    {
      provide: GatewayMount,
      inject: [RouteTableHolder, SessionTable, Dispatcher, Entrance, Clock, Random],
      useFactory: (
        routes: RouteTableHolder,
        sessions: SessionTable,
        dispatcher: Dispatcher,
        { authenticator, gate, settings, logger }: Entrance,
        clock: Clock,
        random: Random,
      ) => {
        const basePath = basePathOf(settings.publicUrl);
        const parts = {
          routes,
          sessions,
          dispatcher,
          authenticator,
          gate,
          clock,
          logger,
          basePath,
        };
        return new GatewayMount(parts, `${random.bytes(4).toString('hex')}-`);
      },
    },
  ],
  exports: [RouteTableHolder, SessionTable, Dispatcher, GatewayMount],
})
export class GatewayModule {
  constructor(metrics: Metrics, dispatcher: Dispatcher) {
    metrics.readFrom({ callsWaiting: () => dispatcher.flow.waiting });
  }
}

function basePathOf(publicUrl: string | null): string {
  const path = publicUrl === null ? '/' : new URL(publicUrl).pathname;
  return path.endsWith('/') ? path.slice(0, -1) : path;
}
