import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import type { Principal } from '../auth/principal.js';
import { DtoPipe } from '../routes/dto.pipe.js';
import { discoveryProblems } from './discovery.errors.js';
import { DocumentationService } from './documentation.service.js';
import { ReadDocsDto } from './dto/read-docs.dto.js';
import { ProblemAnswer } from '../observability/problem-answer.decorator.js';

const PAGE_POLICY = "default-src 'none'; frame-ancestors 'none'";

@ApiTags('services')
@Controller('api/v1/services/:id/docs')
export class DocumentationController {
  constructor(private readonly documentation: DocumentationService) {}

  @Get()
  @ApiOperation({ summary: 'Generated documentation, client configuration included' })
  @ApiParam({ name: 'id', description: 'Id or name' })
  @ApiProduces('text/markdown', 'text/html', 'application/json')
  @ApiResponse({ status: 200, description: 'In the format asked for' })
  @ProblemAnswer(400, 'discovery.query-invalid')
  @ProblemAnswer(404, 'registry.unknown')
  read(
    @Param('id') id: string,
    @Query(new DtoPipe(ReadDocsDto, 'query', discoveryProblems['query-invalid']))
    query: ReadDocsDto,
    @CurrentPrincipal() principal: Principal,
    @Res() response: Response,
  ): void {
    const { type, body } = this.documentation.render(id, query.format ?? 'markdown', principal);
    response.setHeader('Content-Security-Policy', PAGE_POLICY);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.type(type).send(body);
  }
}
