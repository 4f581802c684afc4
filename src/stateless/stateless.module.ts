import { Module } from '@nestjs/common';
import { GatewayModule } from '../gateway/gateway.module.js';

/** Clients of the stateless protocol (2026-07-28), in front of upstreams of either era. */
@Module({ imports: [GatewayModule] })
export class StatelessModule {}
