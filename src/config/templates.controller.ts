import { Controller, Get, Param } from '@nestjs/common';
import {
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { TemplateListView, TemplateView } from './dto/template.view.js';
import { TemplateService } from './template.service.js';

@ApiTags('templates')
@Controller('api/v1/templates')
export class TemplatesController {
  constructor(private readonly templates: TemplateService) {}

  @Get()
  @ApiOperation({ summary: 'List the templates, each in its newest revision' })
  @ApiOkResponse({ type: TemplateListView })
  list(): TemplateListView {
    const items = this.templates.list();
    return { items, next_cursor: null, total: items.length };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read a template' })
  @ApiParam({
    name: 'id',
    description: 'Template id, or id@revision.',
    example: 'function_service',
  })
  @ApiOkResponse({ type: TemplateView })
  @ApiNotFoundResponse({ description: '`config.template-not-found`' })
  get(@Param('id') id: string): TemplateView {
    return this.templates.get(id);
  }
}
