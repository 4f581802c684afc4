import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import {
  ApiOperation,
  ApiParam,
  ApiProduces,
  ApiResponse,
  ApiTags,
  getSchemaPath,
  ApiExtraModels,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import type { Principal } from '../auth/principal.js';
import { DtoPipe } from '../routes/dto.pipe.js';
import { DependenciesService, diagramOf } from './dependencies.service.js';
import { dot, mermaid } from './dependency-diagram.js';
import { discoveryProblems } from './discovery.errors.js';
import { ReadGraphDto } from './dto/service-detail.dto.js';
import { GraphView, itemList, ItemListView } from './dto/service-detail.view.js';
import { ProblemAnswer } from '../observability/problem-answer.decorator.js';

@ApiTags('dependencies')
@Controller('api/v1')
@ApiExtraModels(GraphView)
@ProblemAnswer(401, 'auth.credentials-missing')
@ProblemAnswer(403, 'auth.scope-missing')
export class DependenciesController {
  constructor(private readonly dependencies: DependenciesService) {}

  @Get('services/:id/dependencies')
  @ApiOperation({ summary: 'What a service needs, and why what is needed does not hold' })
  @ApiParam({ name: 'id', description: 'Id or name' })
  @ApiResponse({ status: 200, type: ItemListView })
  @ProblemAnswer(404, 'registry.unknown')
  ofService(@Param('id') id: string, @CurrentPrincipal() principal: Principal): ItemListView {
    return itemList(this.dependencies.dependenciesOf(id, principal));
  }

  @Get('services/:id/dependents')
  @ApiOperation({ summary: 'What needs a service' })
  @ApiParam({ name: 'id', description: 'Id or name' })
  @ApiResponse({ status: 200, type: ItemListView })
  @ProblemAnswer(404, 'registry.unknown')
  onService(@Param('id') id: string, @CurrentPrincipal() principal: Principal): ItemListView {
    return itemList(this.dependencies.dependentsOf(id, principal));
  }

  @Get('dependencies')
  @ApiOperation({ summary: 'The graph of all services' })
  @ApiProduces('application/json', 'text/vnd.mermaid', 'text/vnd.graphviz')
  @ApiResponse({ status: 200, schema: { $ref: getSchemaPath(GraphView) } })
  @ProblemAnswer(400, 'discovery.query-invalid')
  graph(
    @Query(new DtoPipe(ReadGraphDto, 'query', discoveryProblems['query-invalid']))
    query: ReadGraphDto,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) response: Response,
  ): GraphView | string {
    const graph = this.dependencies.graph(principal);
    if (query.format === undefined || query.format === 'json') return graph;
    const isDot = query.format === 'dot';
    response.type(isDot ? 'text/vnd.graphviz' : 'text/vnd.mermaid');
    return isDot ? dot(diagramOf(graph)) : mermaid(diagramOf(graph));
  }
}
