import {
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Post,
  Query,
  Res,
  StreamableFile,
} from '@nestjs/common';
import {
  ApiHeader,
  ApiOperation,
  ApiParam,
  ApiProduces,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import type { Principal } from '../auth/principal.js';
import { RequireScopes } from '../auth/require-scopes.decorator.js';
import { Caller } from '../registration/caller.decorator.js';
import { readPrefer } from '../registration/prefer.js';
import { WriteAnswer } from '../registration/write-answer.js';
import type { ChangeContext } from '../registry/service.js';
import { DtoPipe } from '../routes/dto.pipe.js';
import { requireWholeStore } from './backup-access.js';
import { BackupsService } from './backups.service.js';
import { bundlesProblems } from './bundles.errors.js';
import {
  backupListView,
  BackupListView,
  backupView,
  BackupView,
  checkedBackupView,
  CheckedBackupView,
  createdBackupView,
  CreatedBackupView,
} from './dto/backup.view.js';
import { RestoreBackupDto, restoreOptionsOf } from './dto/restore-backup.dto.js';
import { RestoreView, restoreView } from './dto/restore.view.js';
import { ProblemAnswer } from '../observability/problem-answer.decorator.js';
import { RestoreService } from './restore.service.js';

const ID = { name: 'backup_id', description: 'As listed' } as const;
const DAMAGED = 'bundles.backup-damaged, bundles.backup-newer: nothing was changed';

/** Backups of the whole store; scope `admin`. */
@ApiTags('backups')
@Controller('api/v1/backups')
@RequireScopes('admin')
@ProblemAnswer(401, 'auth.credentials-missing')
@ProblemAnswer(403, 'auth.scope-missing')
export class BackupsController {
  constructor(
    private readonly backups: BackupsService,
    private readonly restores: RestoreService,
  ) {}

  @Post()
  @ApiOperation({
    operationId: 'createBackup',
    summary: 'Back up the whole store',
    description:
      'Writes one archive of one store revision, reads it back whole and answers. Services, revisions, templates, extra routes, approvals and the archive are in it; keys and what is only observed are not.',
  })
  @ApiResponse({ status: 201, type: CreatedBackupView })
  @ProblemAnswer(409, 'bundles.backup-busy')
  @ProblemAnswer(503, 'bundles.backup-failed, bundles.backup-unsettled: nothing of it is left')
  @ProblemAnswer(507, 'storage.disk-full: nothing of it is left')
  async create(@CurrentPrincipal() principal: Principal): Promise<WriteAnswer> {
    requireWholeStore(principal);
    const view = createdBackupView(await this.backups.create());
    return new WriteAnswer(201, { Location: `/api/v1/backups/${view.backup_id}` }, view);
  }

  @Get()
  @ApiOperation({ operationId: 'listBackups', summary: 'List the backups, newest first' })
  @ApiResponse({ status: 200, type: BackupListView })
  async list(@CurrentPrincipal() principal: Principal): Promise<BackupListView> {
    requireWholeStore(principal);
    return backupListView(await this.backups.list(), await this.backups.schedule());
  }

  @Get(':backup_id')
  @ApiParam(ID)
  @ApiOperation({ operationId: 'readBackup', summary: 'Read what a backup says of itself' })
  @ApiResponse({ status: 200, type: BackupView })
  @ProblemAnswer(404, 'bundles.backup-unknown')
  async read(
    @Param('backup_id') backupId: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<BackupView> {
    requireWholeStore(principal);
    return backupView(await this.backups.get(backupId));
  }

  @Delete(':backup_id')
  @HttpCode(204)
  @ApiParam(ID)
  @ApiOperation({ operationId: 'deleteBackup', summary: 'Remove a backup' })
  @ApiResponse({ status: 204, description: 'It and the file with its sum are gone.' })
  @ProblemAnswer(404, 'bundles.backup-unknown')
  async remove(
    @Param('backup_id') backupId: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<void> {
    requireWholeStore(principal);
    await this.backups.remove(backupId);
  }

  @Get(':backup_id/archive')
  @ApiParam(ID)
  @ApiProduces('application/gzip')
  @ApiOperation({
    operationId: 'downloadBackup',
    summary: 'Download the archive',
    description: 'Refused when it is not what was written. `X-Content-Sha256` has its sum.',
  })
  @ApiResponse({
    status: 200,
    description: 'The archive; `Repr-Digest` (RFC 9530) and `X-Content-Sha256` are its sum',
    content: { 'application/gzip': { schema: { type: 'string', format: 'binary' } } },
  })
  @ProblemAnswer(404, 'bundles.backup-unknown')
  @ProblemAnswer(422, DAMAGED)
  async download(
    @Param('backup_id') backupId: string,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) response: Response,
  ): Promise<StreamableFile> {
    requireWholeStore(principal);
    const { file, content, sha256 } = await this.backups.intact(backupId);
    response.set('X-Content-Sha256', sha256);
    response.set('Repr-Digest', `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`);
    return new StreamableFile(content, {
      type: 'application/gzip',
      disposition: `attachment; filename="${file}"`,
      length: content.length,
    });
  }

  @Post(':backup_id/verify')
  @HttpCode(200)
  @ApiParam(ID)
  @ApiOperation({
    operationId: 'verifyBackup',
    summary: 'Check every byte of a backup',
    description: 'Reads the whole archive: its own sum, those of its members, and every document.',
  })
  @ApiResponse({ status: 200, type: CheckedBackupView })
  @ProblemAnswer(404, 'bundles.backup-unknown')
  @ProblemAnswer(409, 'bundles.backup-busy')
  @ProblemAnswer(422, DAMAGED)
  async verify(
    @Param('backup_id') backupId: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<CheckedBackupView> {
    requireWholeStore(principal);
    return checkedBackupView(await this.backups.verify(backupId));
  }

  @Post(':backup_id/restore')
  @ApiParam(ID)
  @ApiHeader({
    name: 'Prefer',
    required: false,
    description: '`wait=<seconds>`: how long to wait for the services (default 30, at most 300).',
  })
  @ApiOperation({
    operationId: 'restoreBackup',
    summary: 'Bring the registry to what a backup says',
    description:
      'Checks the whole backup first, then applies it as one commit: history and audit go on. What is served moves over by the way of any update: started, proven, swapped, drained.',
  })
  @ApiResponse({ status: 200, type: RestoreView })
  @ApiResponse({ status: 202, type: RestoreView, description: 'Stored; some are still starting' })
  @ProblemAnswer(400, 'bundles.backup-query-invalid')
  @ProblemAnswer(404, 'bundles.backup-unknown')
  @ProblemAnswer(
    409,
    'bundles.backup-busy, registry.batch-refused, routes.path-conflict, config.template-revision-taken',
  )
  @ProblemAnswer(422, `${DAMAGED}; bundles.restore-refused`)
  @ProblemAnswer(507, 'storage.disk-full: nothing was changed')
  async restore(
    @Param('backup_id') backupId: string,
    @Query(new DtoPipe(RestoreBackupDto, 'query', bundlesProblems['backup-query-invalid']))
    query: RestoreBackupDto,
    @Headers('prefer') prefer: string | undefined,
    @Caller() caller: ChangeContext,
  ): Promise<WriteAnswer> {
    requireWholeStore({ id: caller.actor, services: caller.services });
    const { wait_ms, applied } = readPrefer(prefer);
    const options = restoreOptionsOf(query, wait_ms);
    const result = await this.restores.restore(backupId, caller, options);
    const headers: Record<string, string> = {};
    if (applied !== null) headers['Preference-Applied'] = applied;
    return new WriteAnswer(result.outcome === 'pending' ? 202 : 200, headers, restoreView(result));
  }
}
