import { Controller, Get, Headers, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import type { Principal } from '../auth/principal.js';
import { DtoPipe } from '../routes/dto.pipe.js';
import { ChangesService } from './changes.service.js';
import { discoveryProblems } from './discovery.errors.js';
import { ChangeListView, ReadChangesDto } from './dto/read-changes.dto.js';
import { closeSignal, resumedFrom, wantsStream } from './stream-request.js';
import { ProblemAnswer } from '../observability/problem-answer.decorator.js';

@ApiTags('changes')
@Controller('api/v1/changes')
@ProblemAnswer(401, 'auth.credentials-missing')
@ProblemAnswer(403, 'auth.scope-missing')
export class ChangesController {
  constructor(private readonly changes: ChangesService) {}

  @Get()
  @ApiOperation({
    summary: 'Every commit of the store: ordered, each once, resumable',
    description:
      'JSON pages with long poll, or an event stream with `Accept: text/event-stream`, whose event ids are revisions (`Last-Event-ID` resumes).',
  })
  @ApiProduces('application/json', 'text/event-stream')
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'Resumes a stream; goes before `since`',
  })
  @ApiResponse({ status: 200, type: ChangeListView })
  @ProblemAnswer(400, 'discovery.query-invalid')
  @ProblemAnswer(410, 'storage.compacted: read the present state and go on from its revision')
  @ProblemAnswer(503, 'discovery.too-many-streams')
  async read(
    @Query(new DtoPipe(ReadChangesDto, 'query', discoveryProblems['query-invalid']))
    query: ReadChangesDto,
    @Headers('accept') accept: string | undefined,
    @Headers('last-event-id') lastEventId: string | undefined,
    @CurrentPrincipal() principal: Principal,
    @Res() response: Response,
  ): Promise<void> {
    const since = resumedFrom(lastEventId) ?? query.since;
    if (wantsStream(accept)) await this.changes.stream(since, principal, response);
    else response.json(await this.changes.poll(query, principal, closeSignal(response)));
  }
}
