import { Controller, Get, Headers, Param, Query, Res } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiHeader,
  ApiOperation,
  ApiParam,
  ApiResponse,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import type { Principal } from '../auth/principal.js';
import type { ServiceSpec } from '../registry/service.js';
import { DtoPipe } from '../routes/dto.pipe.js';
import { discoveryProblems } from './discovery.errors.js';
import { DiscoveryService, type Tagged } from './discovery.service.js';
import { ListServicesDto } from './dto/list-services.dto.js';
import { ReadServiceDto } from './dto/read-service.dto.js';
import { ServiceListView, ServiceSpecView, ServiceView } from './dto/service.view.js';
import { namesEtag } from './etag-match.js';
import { ProblemAnswer } from '../observability/problem-answer.decorator.js';

@ApiTags('services')
@Controller('api/v1/services')
@ApiExtraModels(ServiceView, ServiceSpecView)
@ProblemAnswer(401, 'auth.credentials-missing')
@ProblemAnswer(403, 'auth.scope-missing')
export class DiscoveryController {
  constructor(private readonly discovery: DiscoveryService) {}

  @Get()
  @ApiOperation({ summary: 'List and search services' })
  @ApiResponse({ status: 200, type: ServiceListView })
  @ProblemAnswer(400, 'discovery.query-invalid: `errors` points at `#query/<name>`')
  list(
    @Query(new DtoPipe(ListServicesDto, 'query', discoveryProblems['query-invalid']))
    query: ListServicesDto,
    @CurrentPrincipal() principal: Principal,
  ): ServiceListView {
    return this.discovery.search(query, principal);
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read a service' })
  @ApiParam({ name: 'id', description: 'Id or name' })
  @ApiHeader({ name: 'If-None-Match', required: false, description: 'An ETag already held' })
  @ApiResponse({
    status: 200,
    description: 'The document, or its spec',
    headers: { ETag: { description: 'Name it in If-Match', schema: { type: 'string' } } },
    schema: {
      oneOf: [{ $ref: getSchemaPath(ServiceView) }, { $ref: getSchemaPath(ServiceSpecView) }],
    },
  })
  @ApiResponse({ status: 304, description: 'Nothing changed' })
  @ProblemAnswer(404, 'registry.unknown')
  @ProblemAnswer(410, 'registry.archived: says how to restore it')
  read(
    @Param('id') id: string,
    @Query(new DtoPipe(ReadServiceDto, 'query', discoveryProblems['query-invalid']))
    query: ReadServiceDto,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) response: Response,
  ): ServiceView | ServiceSpec | undefined {
    const found: Tagged<ServiceView | ServiceSpec> =
      query.view === 'spec'
        ? this.discovery.readSpec(id, principal)
        : this.discovery.read(id, principal);
    response.setHeader('ETag', found.etag);
    if (!namesEtag(ifNoneMatch, found.etag)) return found.document;
    response.status(304);
    return undefined;
  }
}
