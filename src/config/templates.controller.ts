import { Controller, Get, Headers, Param, Res } from '@nestjs/common';
import {
  ApiHeader,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { TemplateListView, templateView, TemplateView } from './dto/template.view.js';
import { TemplateService } from './template.service.js';

const NOT_FOUND = { description: '`config.template-not-found`' };
const ID = { name: 'id', description: 'Template id.', example: 'function_service' };

/** Reads of templates. Their writes are registration's, as they look at the services that use them. */
@ApiTags('templates')
@Controller('api/v1/templates')
export class TemplatesController {
  constructor(private readonly templates: TemplateService) {}

  @Get()
  @ApiOperation({ summary: 'List the templates, each in its newest revision' })
  @ApiOkResponse({ type: TemplateListView })
  list(): TemplateListView {
    const items = this.templates.list().map(templateView);
    return { items, next_cursor: null, total: items.length };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read a template' })
  @ApiParam({ ...ID, description: 'Template id, or id@revision.' })
  @ApiHeader({ name: 'If-None-Match', required: false, description: 'An ETag already held.' })
  @ApiOkResponse({
    type: TemplateView,
    headers: { ETag: { description: 'Name it in If-Match', schema: { type: 'string' } } },
  })
  @ApiResponse({ status: 304, description: 'Nothing changed' })
  @ApiNotFoundResponse(NOT_FOUND)
  get(
    @Param('id') id: string,
    @Headers('if-none-match') known: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): TemplateView | undefined {
    const view = templateView(this.templates.get(id));
    if (view.template_id !== id) return view;
    const etag = this.templates.etag(id);
    response.set('ETag', etag);
    if (known === undefined || !isHeld(known, etag)) return view;
    response.status(304);
    return undefined;
  }

  @Get(':id/revisions')
  @ApiOperation({ summary: 'List the revisions of a template that are kept, newest first' })
  @ApiParam(ID)
  @ApiOkResponse({ type: TemplateListView })
  @ApiNotFoundResponse(NOT_FOUND)
  revisions(@Param('id') id: string): TemplateListView {
    const items = this.templates.revisions(id).map(templateView);
    return { items, next_cursor: null, total: items.length };
  }

  @Get(':id/revisions/:revision')
  @ApiOperation({ summary: 'Read a revision of a template' })
  @ApiParam(ID)
  @ApiParam({ name: 'revision', description: 'Number of the revision.', example: '1' })
  @ApiOkResponse({ type: TemplateView })
  @ApiNotFoundResponse(NOT_FOUND)
  revision(@Param('id') id: string, @Param('revision') revision: string): TemplateView {
    return templateView(this.templates.get(`${id}@${revision}`));
  }
}

/** The weak comparison of If-None-Match (RFC 9110, section 13.1.2). */
function isHeld(ifNoneMatch: string, etag: string): boolean {
  return ifNoneMatch
    .split(',')
    .some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
}
