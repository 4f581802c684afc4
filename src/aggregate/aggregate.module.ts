import { Module } from '@nestjs/common';
import { GatewayModule } from '../gateway/gateway.module.js';

/** `/mcp`: the services a caller may use, as one server. */
@Module({ imports: [GatewayModule] })
export class AggregateModule {}
