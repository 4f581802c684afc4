import { Controller, Get, Param, Query } from '@nestjs/common';
import {
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiQuery,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import type { Principal } from '../auth/principal.js';
import { PerformanceView } from './dto/performance.view.js';
import { readPerformanceQuery } from './performance-query.js';
import { PerformanceService } from './performance.service.js';

@ApiTags('usage')
@ApiParam({ name: 'id', description: 'Id or name of the service.' })
@ApiResponse({ status: 404, description: 'There is no such service.' })
@Controller('api/v1/services/:id/performance')
export class PerformanceController {
  constructor(private readonly performance: PerformanceService) {}

  @Get()
  @ApiOperation({
    operationId: 'getServicePerformance',
    summary: 'How a service does now',
    description:
      'Calls of the last minute and the last 15 minutes with percentiles and errors, as a whole and by tool; what is ' +
      'under way and waits; memory and CPU of each instance. In memory: a start of the gateway begins anew.',
  })
  @ApiQuery({
    name: 'tools',
    required: false,
    schema: { type: 'integer', minimum: 1, maximum: 50, default: 10 },
    description: 'Tools in each window at most, most called first.',
  })
  @ApiOkResponse({ type: PerformanceView })
  @ApiResponse({ status: 400, description: 'usage.query-invalid' })
  read(
    @Param('id') id: string,
    @Query() query: Record<string, unknown>,
    @CurrentPrincipal() principal: Principal,
  ): PerformanceView {
    return this.performance.of(id, readPerformanceQuery(query), principal);
  }
}
