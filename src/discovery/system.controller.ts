import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import type { Principal } from '../auth/principal.js';
import { SystemView } from './dto/system.view.js';
import { ProblemAnswer } from '../observability/problem-answer.decorator.js';
import { SystemService } from './system.service.js';

@ApiTags('system')
@Controller('api/v1/system')
@ProblemAnswer(401, 'auth.credentials-missing')
@ProblemAnswer(403, 'auth.scope-missing')
export class SystemController {
  constructor(private readonly system: SystemService) {}

  @Get()
  @ApiOperation({ summary: 'Version, settings, storage and counts' })
  @ApiResponse({ status: 200, type: SystemView })
  read(@CurrentPrincipal() principal: Principal): SystemView {
    return this.system.read(principal);
  }
}
