import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { JsonObject } from '../kernel/json.js';
import { CONFIG_SCHEMA } from './config-schema.js';

@ApiTags('config')
@Controller('api/v1/config')
export class ConfigSchemaController {
  @Get('schema')
  @Header('Content-Type', 'application/schema+json')
  @ApiOperation({ summary: 'Read the JSON Schema (2020-12) of a service configuration' })
  @ApiOkResponse({
    description: 'Meaning, unit, bounds and default of every field.',
    content: { 'application/schema+json': { schema: { type: 'object' } } },
  })
  schema(): JsonObject {
    return CONFIG_SCHEMA;
  }
}
