import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
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
import { HealthHistoryView } from './dto/health-history.view.js';
import { HealthView } from './dto/health.view.js';
import { readHistoryQuery } from './history-query.js';
import { HealthService } from './health.service.js';

@ApiTags('health')
@ApiParam({ name: 'id', description: 'Id or name of the service.' })
@ApiResponse({ status: 404, description: 'There is no such service.' })
@Controller('api/v1/services/:id/health')
export class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get()
  @ApiOperation({
    operationId: 'getServiceHealth',
    summary: 'Health of a service',
    description: 'The verdict with its reason, what to do next, the last proof and each check.',
  })
  @ApiOkResponse({ type: HealthView })
  read(@Param('id') id: string, @CurrentPrincipal() principal: Principal): HealthView {
    return this.health.view(id, principal);
  }

  @Get('history')
  @ApiOperation({
    operationId: 'getServiceHealthHistory',
    summary: 'What the health of a service was like',
    description: 'Changes of level, kept over restarts, and the last results of each check.',
  })
  @ApiQuery({
    name: 'check',
    required: false,
    description: 'Name of one check, as health shows it.',
  })
  @ApiQuery({
    name: 'limit',
    required: false,
    schema: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
    description: 'Results, and changes of level, at most.',
  })
  @ApiOkResponse({ type: HealthHistoryView })
  @ApiResponse({ status: 400, description: 'health.query-invalid' })
  history(
    @Param('id') id: string,
    @Query() query: Record<string, unknown>,
    @CurrentPrincipal() principal: Principal,
  ): HealthHistoryView {
    return this.health.historyOf(id, readHistoryQuery(query), principal);
  }

  @Post('check')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'checkServiceHealth',
    summary: 'Run the health checks now',
    description:
      'Waits for every check, which may start the service, and answers with the evidence.',
  })
  @ApiOkResponse({ type: HealthView })
  check(@Param('id') id: string, @CurrentPrincipal() principal: Principal): Promise<HealthView> {
    return this.health.checkNow(id, principal);
  }
}
