import type { ServerResponse } from 'node:http';
import { Controller, Get, Header, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { LivenessView, ReadinessView } from './dto/health.view.js';
import { ReadinessGate } from './gateway.health.js';

@ApiTags('gateway')
@Controller()
export class GatewayHealthController {
  constructor(private readonly gate: ReadinessGate) {}

  @Get('healthz')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'getLiveness', summary: 'Whether the process answers' })
  @ApiOkResponse({ type: LivenessView })
  live(): LivenessView {
    return { status: 'ok' };
  }

  @Get('readyz')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'getReadiness',
    summary: 'Whether the gateway may be sent traffic',
    description: 'Never waits for an upstream.',
  })
  @ApiOkResponse({ type: ReadinessView })
  @ApiResponse({ status: 503, type: ReadinessView, description: 'What is missing is named.' })
  ready(@Res({ passthrough: true }) response: ServerResponse): ReadinessView {
    const { ready, checks } = this.gate.state();
    response.statusCode = ready ? 200 : 503;
    return { status: ready ? 'ok' : 'unready', checks };
  }
}
