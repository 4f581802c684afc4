import { Readable } from 'node:stream';
import { Controller, Get, Header, Query, StreamableFile } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import type { Principal } from '../auth/principal.js';
import { RequireScopes } from '../auth/require-scopes.decorator.js';
import { ProblemAnswer } from '../observability/problem-answer.decorator.js';
import { DtoPipe } from '../routes/dto.pipe.js';
import { auditProblems } from './audit.errors.js';
import { AuditService } from './audit.service.js';
import { AuditListView, AuditVerdictView } from './dto/audit.view.js';
import { FilterAuditDto, ListAuditDto } from './dto/list-audit.dto.js';

@ApiTags('audit')
@Controller('api/v1/audit')
@RequireScopes('admin')
@ProblemAnswer(401, 'auth.credentials-missing')
@ProblemAnswer(403, 'auth.scope-missing, audit.all-services-needed')
export class AuditController {
  constructor(private readonly audit: AuditService) {}

  @Get()
  @ApiOperation({
    operationId: 'listAudit',
    summary: 'Who did what, newest first: every change, and what was denied or failed',
    description:
      'Commits of the journal and recorded attempts as one list. A request has one entry; denied ones are counted by actor, route, code and minute. There is no total: the trail may be long.',
  })
  @ApiResponse({ status: 200, type: AuditListView })
  @ProblemAnswer(400, 'audit.query-invalid: `errors` points at `#query/<name>`')
  list(
    @Query(new DtoPipe(ListAuditDto, 'query', auditProblems['query-invalid'])) query: ListAuditDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<AuditListView> {
    return this.audit.list(query, principal);
  }

  @Get('verify')
  @ApiOperation({
    operationId: 'verifyAudit',
    summary: 'Read both chains whole and say whether they hold, and where not',
  })
  @ApiResponse({ status: 200, type: AuditVerdictView })
  verify(@CurrentPrincipal() principal: Principal): Promise<AuditVerdictView> {
    return this.audit.verify(principal);
  }

  @Get('export')
  @Header('Content-Type', 'application/x-ndjson')
  @Header('Content-Disposition', 'attachment; filename="audit.ndjson"')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'exportAudit',
    summary: 'The trail as NDJSON, each line with its hash, to be verified elsewhere',
    description:
      'A first line with the heads of both chains, the lines as they are on disk, and a last line that counts them.',
  })
  @ApiProduces('application/x-ndjson')
  @ApiResponse({
    status: 200,
    description: 'The lines',
    content: { 'application/x-ndjson': { schema: { type: 'string' } } },
  })
  @ProblemAnswer(400, 'audit.query-invalid: `errors` points at `#query/<name>`')
  async export(
    @Query(new DtoPipe(FilterAuditDto, 'query', auditProblems['query-invalid']))
    query: FilterAuditDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<StreamableFile> {
    return new StreamableFile(Readable.from(await this.audit.export(query, principal)));
  }
}
