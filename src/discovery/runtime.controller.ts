import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import type { Principal } from '../auth/principal.js';
import { DtoPipe } from '../routes/dto.pipe.js';
import { discoveryProblems } from './discovery.errors.js';
import { ReadLogsDto } from './dto/service-detail.dto.js';
import { itemList, ItemListView } from './dto/service-detail.view.js';
import { ProblemAnswer } from '../observability/problem-answer.decorator.js';
import { RuntimeService } from './runtime.service.js';

const DEFAULT_TAIL = 100;

@ApiTags('services')
@Controller('api/v1/services/:id')
@ApiParam({ name: 'id', description: 'Id or name' })
@ProblemAnswer(401, 'auth.credentials-missing')
@ProblemAnswer(403, 'auth.scope-missing')
@ProblemAnswer(404, 'registry.unknown')
export class RuntimeController {
  constructor(private readonly runtime: RuntimeService) {}

  @Get('instances')
  @ApiOperation({
    summary: 'Instances that live now: pid, uptime, restarts, calls under way, memory',
  })
  @ApiResponse({ status: 200, type: ItemListView })
  instances(@Param('id') id: string, @CurrentPrincipal() principal: Principal): ItemListView {
    return itemList(this.runtime.instances(id, principal));
  }

  @Get('logs')
  @ApiOperation({
    summary: 'Captured stderr and lifecycle lines; with `follow` as an event stream',
  })
  @ApiProduces('application/json', 'text/event-stream')
  @ApiResponse({ status: 200, type: ItemListView })
  @ProblemAnswer(400, 'discovery.query-invalid')
  @ProblemAnswer(503, 'discovery.too-many-streams')
  logs(
    @Param('id') id: string,
    @Query(new DtoPipe(ReadLogsDto, 'query', discoveryProblems['query-invalid']))
    query: ReadLogsDto,
    @CurrentPrincipal() principal: Principal,
    @Res() response: Response,
  ): void {
    const tail = query.tail ?? DEFAULT_TAIL;
    if (query.follow === true) this.runtime.followLogs(id, tail, principal, response);
    else response.json(itemList(this.runtime.logs(id, tail, principal)));
  }
}
