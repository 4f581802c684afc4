import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { Dispatcher } from '../gateway/dispatcher.js';
import { GatewayModule } from '../gateway/gateway.module.js';
import { GatewayMount } from '../gateway/gateway.mount.js';
import { RouteTableHolder } from '../gateway/route-table.js';
import { SessionTable } from '../gateway/session-table.js';
import { Clock } from '../kernel/clock.js';
import { Logger } from '../kernel/logger.js';
import { AggregateEndpoints } from './aggregate-endpoints.js';

/** `/mcp`: the services a caller may use, as one server. */
@Module({
  imports: [GatewayModule],
  providers: [
    {
      provide: AggregateEndpoints,
      inject: [GatewayMount, RouteTableHolder, Dispatcher, SessionTable, Clock, Logger],
      useFactory: (
        mount: GatewayMount,
        routes: RouteTableHolder,
        dispatcher: Dispatcher,
        sessions: SessionTable,
        clock: Clock,
        logger: Logger,
      ) => {
        const root = new AggregateEndpoints({ routes, dispatcher, sessions, clock, logger });
        mount.serveRoot(root);
        return root;
      },
    },
  ],
})
export class AggregateModule implements OnApplicationShutdown {
  constructor(private readonly root: AggregateEndpoints) {}

  async onApplicationShutdown(): Promise<void> {
    await this.root.close();
  }
}
