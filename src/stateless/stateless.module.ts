import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { SealedText } from '../auth/sealed-text.js';
import { SessionKeys } from '../auth/session-keys.js';
import { Dispatcher } from '../gateway/dispatcher.js';
import { GatewayModule } from '../gateway/gateway.module.js';
import { GatewayMount } from '../gateway/gateway.mount.js';
import { RouteTableHolder } from '../gateway/route-table.js';
import { SessionTable } from '../gateway/session-table.js';
import { Clock } from '../kernel/clock.js';
import { Logger } from '../kernel/logger.js';
import { Random } from '../kernel/random.js';
import { openModernFront, requestStateSeal } from './front-opening.js';
import { ModernFront } from './modern-front.js';

/** What the front hears and is heard by. */
class Surroundings {
  constructor(
    readonly routes: RouteTableHolder,
    readonly sessions: SessionTable,
    readonly dispatcher: Dispatcher,
  ) {}
}

/** Clients of the stateless protocol (2026-07-28), in front of upstreams of either era. */
@Module({
  imports: [GatewayModule, AuthModule],
  providers: [
    {
      provide: Surroundings,
      inject: [RouteTableHolder, SessionTable, Dispatcher],
      useFactory: (routes: RouteTableHolder, sessions: SessionTable, dispatcher: Dispatcher) =>
        new Surroundings(routes, sessions, dispatcher),
    },
    {
      provide: SealedText,
      inject: [SessionKeys, Random],
      useFactory: requestStateSeal,
    },
    {
      provide: ModernFront,
      inject: [Surroundings, SealedText, Clock, Random, Logger, GatewayMount],
      useFactory: (
        surroundings: Surroundings,
        seal: SealedText,
        clock: Clock,
        random: Random,
        logger: Logger,
        mount: GatewayMount,
      ) => {
        const front = openModernFront({ ...surroundings, seal, clock, random, logger });
        mount.serveStateless(front);
        return front;
      },
    },
  ],
})
export class StatelessModule {}
