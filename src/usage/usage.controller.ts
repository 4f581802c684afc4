import { Controller, Get, Param } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import type { Principal } from '../auth/principal.js';
import { UsageService, type ServiceUsage } from './usage.service.js';

const SUMMARY = {
  calls: { type: 'integer' },
  errors: { type: 'integer' },
  p50_ms: { type: 'number', nullable: true },
  p95_ms: { type: 'number', nullable: true },
  p99_ms: { type: 'number', nullable: true },
};
const BUCKET = {
  type: 'object',
  properties: { at: { type: 'string', format: 'date-time' }, ...SUMMARY },
};
const TOOL = {
  type: 'object',
  properties: { tool: { type: 'string' }, ...SUMMARY, buckets: { type: 'array', items: BUCKET } },
};
const USAGE = {
  type: 'object',
  properties: {
    service_id: { type: 'string' },
    name: { type: 'string' },
    tools: { type: 'array', items: TOOL },
  },
};

@ApiTags('usage')
@Controller('api/v1')
export class UsageController {
  constructor(private readonly usage: UsageService) {}

  @Get('usage')
  @ApiOperation({ summary: 'Tool calls of the last 24 hours, by service, tool and 5 minutes' })
  @ApiResponse({
    status: 200,
    schema: { type: 'object', properties: { items: { type: 'array', items: USAGE } } },
  })
  all(@CurrentPrincipal() principal: Principal): { items: ServiceUsage[] } {
    return { items: this.usage.all(principal) };
  }

  @Get('services/:id/usage')
  @ApiOperation({ summary: 'Tool calls of one service in the last 24 hours' })
  @ApiParam({ name: 'id', description: 'Id or name' })
  @ApiResponse({ status: 200, schema: USAGE })
  @ApiResponse({ status: 404, description: 'registry.unknown' })
  one(@Param('id') id: string, @CurrentPrincipal() principal: Principal): ServiceUsage {
    return this.usage.of(id, principal);
  }
}
