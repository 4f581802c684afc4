import { Body, Controller, Get, Headers, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import type { Principal } from '../auth/principal.js';
import { RequireScopes } from '../auth/require-scopes.decorator.js';
import { namesEtag } from '../discovery/etag-match.js';
import { Caller } from '../registration/caller.decorator.js';
import { readPrefer } from '../registration/prefer.js';
import { WriteAnswer } from '../registration/write-answer.js';
import type { ChangeContext } from '../registry/service.js';
import { DtoPipe } from '../routes/dto.pipe.js';
import { DescribeExport, DescribeImport } from './bundle-docs.decorator.js';
import { bundlesProblems } from './bundles.errors.js';
import { BundlesService } from './bundles.service.js';
import { ExportBundleDto } from './dto/export-bundle.dto.js';
import { ImportBundleDto } from './dto/import-bundle.dto.js';
import { exportQuery, importAnswer, importRequest } from './import-request.js';
import { ProblemAnswer } from '../observability/problem-answer.decorator.js';

@ApiTags('bundles')
@Controller('api/v1')
@ProblemAnswer(401, 'auth.credentials-missing')
@ProblemAnswer(403, 'auth.scope-missing')
export class BundlesController {
  constructor(private readonly bundles: BundlesService) {}

  @Get('export')
  @DescribeExport()
  async export(
    @Query(new DtoPipe(ExportBundleDto, 'query', bundlesProblems['query-invalid']))
    query: ExportBundleDto,
    @Headers('if-none-match') known: string | undefined,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string | undefined> {
    const { text, contentType, etag } = await this.bundles.export(exportQuery(query), principal);
    response.set({ ETag: etag, 'Content-Type': contentType });
    if (!namesEtag(known, etag)) return text;
    response.status(304);
    return undefined;
  }

  @Post('import')
  @HttpCode(200)
  @RequireScopes('admin')
  @DescribeImport()
  async import(
    @Body() body: unknown,
    @Query(new DtoPipe(ImportBundleDto, 'query', bundlesProblems['query-invalid']))
    query: ImportBundleDto,
    @Headers('prefer') prefer: string | undefined,
    @Caller() caller: ChangeContext,
  ): Promise<WriteAnswer> {
    const wait = readPrefer(prefer);
    const request = importRequest(query, wait.wait_ms);
    return importAnswer(await this.bundles.import(body, request, caller), wait.applied);
  }
}
