import { Body, Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import type { Principal } from '../auth/principal.js';
import { itemList, ItemListView, ToolResultView } from './dto/service-detail.view.js';
import { ProblemAnswer } from '../observability/problem-answer.decorator.js';
import { ToolsService } from './tools.service.js';

@ApiTags('tools')
@Controller('api/v1/services/:id/tools')
@ApiParam({ name: 'id', description: 'Id or name' })
@ProblemAnswer(401, 'auth.credentials-missing')
@ProblemAnswer(403, 'auth.scope-missing, gateway.tool-denied')
export class ToolsController {
  constructor(private readonly tools: ToolsService) {}

  @Get()
  @ApiOperation({ summary: 'List the tools of a service, as MCP describes them' })
  @ApiResponse({ status: 200, type: ItemListView })
  @ProblemAnswer(404, 'registry.unknown')
  list(@Param('id') id: string, @CurrentPrincipal() principal: Principal): ItemListView {
    return itemList(this.tools.list(id, principal));
  }

  @Post(':tool')
  @HttpCode(200)
  @ApiOperation({ summary: 'Call a tool; the body is its arguments' })
  @ApiParam({ name: 'tool', description: 'Name of the tool' })
  @ApiBody({ schema: { type: 'object', additionalProperties: true } })
  @ApiResponse({ status: 200, type: ToolResultView })
  @ProblemAnswer(404, 'registry.unknown, discovery.tool-unknown: `similar` lists near names')
  @ProblemAnswer(
    422,
    'discovery.arguments-invalid: `errors` points into the body; gateway.upstream-refused',
  )
  @ProblemAnswer(429, 'gateway.limited')
  @ProblemAnswer(502, 'gateway.upstream-failed: the call may have run')
  @ProblemAnswer(503, 'gateway.unavailable, gateway.busy, discovery.not-mounted')
  @ProblemAnswer(504, 'gateway.upstream-timeout: the call may have run')
  call(
    @Param('id') id: string,
    @Param('tool') tool: string,
    @Body() args: unknown,
    @CurrentPrincipal() principal: Principal,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ToolResultView> {
    const gone = new AbortController();
    response.once('close', () => {
      if (!response.writableEnded) gone.abort();
    });
    const options = { signal: gone.signal, http: { request, response } };
    return this.tools.call(id, tool, args, principal, options);
  }
}
