import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import type { Principal } from '../auth/principal.js';
import { DtoPipe } from '../routes/dto.pipe.js';
import { discoveryProblems } from './discovery.errors.js';
import { DiffRevisionsDto, ReadConfigDto } from './dto/service-detail.dto.js';
import {
  ConfigView,
  RevisionDiffView,
  RevisionListView,
  RevisionView,
} from './dto/service-detail.view.js';
import { ProblemAnswer } from '../observability/problem-answer.decorator.js';
import { RevisionsService } from './revisions.service.js';

const refuse = discoveryProblems['query-invalid'];

@ApiTags('services')
@Controller('api/v1/services/:id')
@ApiParam({ name: 'id', description: 'Id or name' })
@ProblemAnswer(401, 'auth.credentials-missing')
@ProblemAnswer(403, 'auth.scope-missing')
@ProblemAnswer(404, 'registry.unknown')
@ProblemAnswer(410, 'registry.archived: says how to restore it')
export class RevisionsController {
  constructor(private readonly revisions: RevisionsService) {}

  @Get('revisions')
  @ApiOperation({ summary: 'List the revisions that are kept' })
  @ApiResponse({ status: 200, type: RevisionListView })
  list(
    @Param('id') id: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<RevisionListView> {
    return this.revisions.list(id, principal);
  }

  @Get('revisions/diff')
  @ApiOperation({
    summary: 'What differs between two revisions, and what that means for callers of the tools',
  })
  @ApiResponse({ status: 200, type: RevisionDiffView })
  @ProblemAnswer(400, 'discovery.query-invalid')
  diff(
    @Param('id') id: string,
    @Query(new DtoPipe(DiffRevisionsDto, 'query', refuse)) query: DiffRevisionsDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<RevisionDiffView> {
    return this.revisions.diff(id, query, principal);
  }

  @Get('revisions/:revision')
  @ApiOperation({ summary: 'Read a revision' })
  @ApiParam({ name: 'revision', description: 'Number of the revision' })
  @ApiResponse({ status: 200, type: RevisionView })
  read(
    @Param('id') id: string,
    @Param('revision') revision: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<RevisionView> {
    return this.revisions.read(id, revision, principal);
  }

  @Get('config')
  @ApiOperation({ summary: 'The effective configuration, and where each value came from' })
  @ApiResponse({ status: 200, type: ConfigView })
  @ProblemAnswer(400, 'discovery.query-invalid')
  @ProblemAnswer(422, 'config.*: with `explain`, when the templates no longer resolve')
  config(
    @Param('id') id: string,
    @Query(new DtoPipe(ReadConfigDto, 'query', refuse)) query: ReadConfigDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ConfigView> {
    return this.revisions.config(id, query.explain === true, principal);
  }
}
