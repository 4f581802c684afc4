import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, type RequestCaller } from '../auth/current-caller.decorator.js';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import type { Principal } from '../auth/principal.js';
import { ProblemAnswer } from '../observability/problem-answer.decorator.js';
import { readApprovalRequest } from './approval-request.js';
import { ToolPinsView } from './dto/tool-pins.view.js';
import { HealthService } from './health.service.js';

@ApiTags('health')
@ApiParam({ name: 'id', description: 'Id or name of the service.' })
@ProblemAnswer(401, 'auth.credentials-missing')
@ProblemAnswer(403, 'auth.scope-missing')
@ProblemAnswer(404, 'registry.unknown')
@Controller('api/v1/services/:id/tool-pins')
export class ToolPinsController {
  constructor(private readonly health: HealthService) {}

  @Get()
  @ApiOperation({
    operationId: 'getToolPins',
    summary: 'Which tool definitions are approved, and what differs from them',
    description:
      'What a revision is promoted with is approved with it. Tools whose definition is another one since are named, with the difference.',
  })
  @ApiOkResponse({ type: ToolPinsView })
  read(@Param('id') id: string, @CurrentPrincipal() principal: Principal): ToolPinsView {
    return this.health.pinsOf(id, principal);
  }

  @Post('approve')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'approveTools',
    summary: 'Approve the tool definitions that the upstream lists now',
    description: 'A service that was blocked for them serves again when this answers.',
  })
  @ApiBody({
    schema: {
      type: 'object',
      required: ['hash'],
      additionalProperties: false,
      properties: {
        hash: {
          type: 'string',
          pattern: '^[0-9a-f]{64}$',
          description: 'The present_hash that was read, so that nothing unseen is approved.',
        },
      },
    },
  })
  @ApiOkResponse({ type: ToolPinsView })
  @ProblemAnswer(
    409,
    'health.tools-changed-again with `present_hash`: the upstream lists others by now; health.tools-unlisted',
  )
  @ProblemAnswer(422, 'health.body-invalid')
  approve(
    @Param('id') id: string,
    @Body() body: unknown,
    @CurrentCaller() caller: RequestCaller,
  ): Promise<ToolPinsView> {
    return this.health.approveTools(id, readApprovalRequest(body), caller);
  }
}
