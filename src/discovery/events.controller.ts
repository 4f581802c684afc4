import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import type { Principal } from '../auth/principal.js';
import { DtoPipe } from '../routes/dto.pipe.js';
import { discoveryProblems } from './discovery.errors.js';
import { NoQueryDto } from './dto/service-detail.dto.js';
import { EventsService } from './events.service.js';
import { ProblemAnswer } from '../observability/problem-answer.decorator.js';

@ApiTags('changes')
@Controller('api/v1/events')
@ProblemAnswer(401, 'auth.credentials-missing')
@ProblemAnswer(403, 'auth.scope-missing')
export class EventsController {
  constructor(private readonly events: EventsService) {}

  @Get()
  @ApiOperation({
    summary:
      'What happens, as it happens: an event stream with a sentence for people in each event',
  })
  @ApiProduces('text/event-stream')
  @ApiResponse({
    status: 200,
    description: 'Events named by their type; data: type, at, message, service_id, …',
  })
  @ProblemAnswer(503, 'discovery.too-many-streams')
  read(
    @Query(new DtoPipe(NoQueryDto, 'query', discoveryProblems['query-invalid'])) _query: NoQueryDto,
    @CurrentPrincipal() principal: Principal,
    @Res() response: Response,
  ): void {
    this.events.stream(principal, response);
  }
}
