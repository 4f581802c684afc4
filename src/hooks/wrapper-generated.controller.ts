import { Body, Controller, Post, UseGuards } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiTags } from '@nestjs/swagger';
import type { ChangeContext } from '../registry/service.js';
import { Caller, Parameters } from '../registration/caller.decorator.js';
import { answerOf, WriteAnswer } from '../registration/write-answer.js';
import { DescribeWrite } from '../registration/write-docs.decorator.js';
import { readWriteOptions, type WriteParameters } from '../registration/write-options.js';
import { HookCallerGuard } from './hook-caller.guard.js';
import { ManifestIntake } from './manifest-intake.js';
import { MANIFEST_SCHEMA } from './manifest-schema.js';

/** Where generators, and everything that has a manifest, register. */
@ApiTags('hooks')
@Controller('api/v1/hooks')
@UseGuards(HookCallerGuard)
export class WrapperGeneratedController {
  constructor(private readonly intake: ManifestIntake) {}

  @Post('wrapper-generated')
  @ApiBody({ schema: MANIFEST_SCHEMA })
  @ApiHeader({
    name: 'webhook-signature',
    required: false,
    description:
      'Instead of an API key: Standard Webhooks, with `webhook-id` and `webhook-timestamp`.',
  })
  @DescribeWrite({
    id: 'wrapperGenerated',
    summary: 'Register what a generator made',
    description:
      'Upsert by `script_id`: the first call registers, a changed wrapper makes a new revision, an identical call changes nothing and says so. `mcpServers` files and `server.json` documents are taken as well, matched by name.',
    hasService: false,
    queries: ['dry_run', 'allow_breaking'],
    answers: {
      200: 'A new revision serves and is proven, or nothing changed: see `outcome`.',
      201: 'It is registered, serves and is proven.',
      202: 'Accepted, not finished within the wait.',
      409: 'A name or path is taken, or the signed request was received before.',
      422: 'The manifest is not valid, or the activation failed; a file with several servers names each in `items`.',
    },
  })
  async generated(
    @Body() manifest: unknown,
    @Parameters() parameters: WriteParameters,
    @Caller() caller: ChangeContext,
  ): Promise<WriteAnswer> {
    const { update, applied } = readWriteOptions(parameters, ['dry_run', 'allow_breaking']);
    const context = { ...caller, source: 'hook' as const };
    const { wait_ms, dry_run, allow_breaking } = update;
    const { result, status, body } = await this.intake.take(manifest, context, {
      wait_ms,
      dry_run,
      allow_breaking,
    });
    return result === null ? new WriteAnswer(status, {}, body) : answerOf(result, applied);
  }
}
