import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import type { Principal } from '../auth/principal.js';
import type { AdmittedRequest } from '../auth/request-principal.js';
import { CreateRouteDto } from './dto/create-route.dto.js';
import { ListRoutesDto } from './dto/list-routes.dto.js';
import {
  routeListView,
  RouteListView,
  RouteReportView,
  routeReportView,
  routeView,
  RouteView,
} from './dto/route.view.js';
import { ValidateRouteDto, type CandidateRouteDto } from './dto/validate-route.dto.js';
import { DtoPipe } from './dto.pipe.js';
import { routesProblems } from './routes.errors.js';
import type { ClaimedRoute } from './route-claims.js';
import { RoutesService, type NewRoute } from './routes.service.js';

const problem = (status: number, description: string): MethodDecorator & ClassDecorator =>
  ApiResponse({
    status,
    description,
    content: {
      'application/problem+json': { schema: { type: 'object', additionalProperties: true } },
    },
  });

@ApiTags('routes')
@Controller('api/v1/routes')
@problem(401, 'auth.credentials-missing')
@problem(403, 'auth.scope-missing')
export class RoutesController {
  constructor(private readonly routes: RoutesService) {}

  @Get()
  @ApiOperation({ summary: 'List every route: defaults, aliases, configured and extra ones' })
  @ApiResponse({ status: 200, type: RouteListView })
  @problem(400, 'routes.query-invalid: an unknown or wrong parameter')
  list(
    @Query(new DtoPipe(ListRoutesDto, 'query', routesProblems['query-invalid']))
    query: ListRoutesDto,
    @CurrentPrincipal() principal: Principal,
  ): RouteListView {
    return routeListView(this.routes.page(query, principal));
  }

  @Post()
  @ApiOperation({ summary: 'Create an extra route' })
  @ApiResponse({ status: 201, type: RouteView, headers: { ETag: { schema: { type: 'string' } } } })
  @problem(404, 'registry.unknown: there is no such service')
  @problem(409, 'routes.path-conflict: `conflicts` names both sides')
  @problem(422, 'routes.path-invalid, routes.reserved, routes.not-owner, routes.version-unknown')
  async create(
    @Body(new DtoPipe(CreateRouteDto, 'body', routesProblems['body-invalid'])) body: CreateRouteDto,
    @CurrentPrincipal() principal: Principal,
    @Req() request: AdmittedRequest,
    @Res({ passthrough: true }) response: Response,
  ): Promise<RouteView> {
    const requestId = request.request_id ?? null;
    const route = await this.routes.create(newRoute(body), { principal, requestId });
    response.setHeader('Location', `/api/v1/routes/${route.claim.route_id}`);
    response.setHeader('ETag', route.etag ?? '""');
    return routeView(route);
  }

  @Post('validate')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Report what would stand against a service with these routes; changes nothing',
  })
  @ApiResponse({ status: 200, type: RouteReportView })
  @problem(422, 'routes.body-invalid')
  async validate(
    @Body(new DtoPipe(ValidateRouteDto, 'body', routesProblems['body-invalid']))
    body: ValidateRouteDto,
  ): Promise<RouteReportView> {
    const routes = (body.routes ?? []).map(claimedRoute);
    return routeReportView(await this.routes.check(body.service_id ?? null, body.name, routes));
  }

  @Get(':route_id')
  @ApiOperation({ summary: 'Read a route' })
  @ApiParam({ name: 'route_id', description: 'As listed' })
  @ApiResponse({ status: 200, type: RouteView })
  @problem(404, 'routes.unknown')
  read(
    @Param('route_id') routeId: string,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) response: Response,
  ): RouteView {
    const route = this.routes.require(routeId, principal);
    if (route.etag !== null) response.setHeader('ETag', route.etag);
    return routeView(route);
  }

  @Delete(':route_id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete an extra route, or the alias that a former name stands for' })
  @ApiParam({ name: 'route_id', description: 'As listed, of an extra route or an alias' })
  @ApiHeader({
    name: 'If-Match',
    required: true,
    description: 'ETag of the route; for an alias also that of its service',
  })
  @ApiResponse({ status: 204, description: 'The route is out of the table' })
  @problem(404, 'routes.unknown')
  @problem(409, 'routes.derived: the default route, or one of network.routes')
  @problem(412, 'routes.etag-stale: `etag` is the current one')
  @problem(428, 'routes.if-match-missing')
  async remove(
    @Param('route_id') routeId: string,
    @Headers('if-match') ifMatch: string | undefined,
    @CurrentPrincipal() principal: Principal,
    @Req() request: AdmittedRequest,
  ): Promise<void> {
    const requestId = request.request_id ?? null;
    await this.routes.remove(routeId, ifMatch, { principal, requestId });
  }
}

function claimedRoute({ path, priority, version }: CandidateRouteDto): ClaimedRoute {
  return { path, priority: priority ?? 0, version: version ?? null };
}

function newRoute(body: CreateRouteDto): NewRoute {
  const { service, description } = body;
  return { ...claimedRoute(body), service, description: description ?? null };
}
