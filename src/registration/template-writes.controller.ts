import { Body, Controller, Delete, Get, Param, Post, Put } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiTags } from '@nestjs/swagger';
import { TEMPLATE_BODY_SCHEMA } from '../config/template.schema.js';
import type { ChangeContext } from '../registry/service.js';
import { Caller, Parameters } from './caller.decorator.js';
import { AFFECTED_LIST, ROLLOUT, ROLLOUT_PLAN, TEMPLATE_ANSWER } from './template-answer-schema.js';
import { DescribeTemplates } from './template-docs.decorator.js';
import { templateAnswer } from './template-result.js';
import { readRolloutBody, ROLLOUT_BODY_SCHEMA } from './template-rollout-body.js';
import { affectedBody, rolloutAnswer, rolloutPlanAnswer } from './template-rollout-answer.js';
import { TemplateRolloutsService } from './template-rollouts.service.js';
import { TemplateWriter } from './template-writer.js';
import type { WriteAnswer } from './write-answer.js';
import { readWriteOptions, type WriteParameters } from './write-options.js';

const ID = 'The id of the template.';
const INVALID = 'The template is not valid; every error is in `errors`, with its pointer.';
const KEY = { name: 'Idempotency-Key', required: false, description: 'Same key, same answer.' };

/** Every write of a template, and what of it concerns services. Reads of `/templates` are config's. */
@ApiTags('templates')
@Controller('api/v1/templates')
export class TemplateWritesController {
  constructor(
    private readonly writer: TemplateWriter,
    private readonly rollouts: TemplateRolloutsService,
  ) {}

  @Post()
  @ApiBody({ schema: TEMPLATE_BODY_SCHEMA })
  @ApiHeader(KEY)
  @DescribeTemplates({
    id: 'createTemplate',
    summary: 'Create a template',
    description:
      'A layer of configuration for services to extend. What it extends is pinned to a revision. Setting what is run needs the scope `exec`.',
    dryRun: true,
    succeeds: {
      200: { text: 'The plan of a dry run.', schema: TEMPLATE_ANSWER },
      201: { text: 'It is stored as revision 1.', schema: TEMPLATE_ANSWER },
    },
    refuses: {
      409: 'The id is taken, or the templates would extend one another in a circle.',
      413: '`config.too-large`',
      422: INVALID,
    },
  })
  async create(
    @Body() body: unknown,
    @Parameters() parameters: WriteParameters,
    @Caller() caller: ChangeContext,
  ): Promise<WriteAnswer> {
    const { dry_run } = readWriteOptions(parameters, ['dry_run']).register;
    return templateAnswer(await this.writer.create(body, caller, { dry_run }));
  }

  @Put(':id')
  @ApiBody({ schema: TEMPLATE_BODY_SCHEMA })
  @DescribeTemplates({
    id: 'replaceTemplate',
    summary: 'Make a new revision of a template',
    description:
      'No service moves by itself: each stays with the revision that it pins. The answer lists the services that use the template, and where to start a rollout. Unchanged content makes no revision.',
    parameter: ID,
    dryRun: true,
    ifMatch: 'required',
    succeeds: { 200: { text: 'Stored, or unchanged: see `outcome`.', schema: TEMPLATE_ANSWER } },
    refuses: {
      404: 'There is no such template.',
      409: 'The template is built in, or the templates would extend one another in a circle.',
      412: 'The ETag is stale.',
      413: '`config.too-large`',
      422: INVALID,
      428: 'If-Match is missing.',
    },
  })
  async replace(
    @Param('id') id: string,
    @Body() body: unknown,
    @Parameters() parameters: WriteParameters,
    @Caller() caller: ChangeContext,
  ): Promise<WriteAnswer> {
    const { dry_run } = readWriteOptions(parameters, ['dry_run']).register;
    const options = { dry_run, ifMatch: parameters.ifMatch };
    return templateAnswer(await this.writer.replace(id, body, caller, options));
  }

  @Delete(':id')
  @DescribeTemplates({
    id: 'deleteTemplate',
    summary: 'Delete a template',
    description:
      'Revisions that the history of a service names stay readable by their number, so that it can go back to them.',
    parameter: ID,
    dryRun: true,
    ifMatch: 'required',
    succeeds: {
      200: { text: 'The plan of a dry run.', schema: TEMPLATE_ANSWER },
      204: { text: 'It is gone.' },
    },
    refuses: {
      404: 'There is no such template.',
      409: 'The template is built in, or in use: `services`, `templates` and `rollouts` name by what.',
      412: 'The ETag is stale.',
      428: 'If-Match is missing.',
    },
  })
  async remove(
    @Param('id') id: string,
    @Parameters() parameters: WriteParameters,
    @Caller() caller: ChangeContext,
  ): Promise<WriteAnswer> {
    const { dry_run } = readWriteOptions(parameters, ['dry_run']).register;
    const options = { dry_run, ifMatch: parameters.ifMatch };
    return templateAnswer(await this.writer.remove(id, caller, options));
  }

  @Get(':id/services')
  @DescribeTemplates({
    id: 'listTemplateServices',
    summary: 'List the services that use a template, and what its newest revision would change',
    parameter: ID,
    succeeds: { 200: { text: 'Those that the caller sees, by name.', schema: AFFECTED_LIST } },
    refuses: { 404: 'There is no such template.' },
  })
  async services(@Param('id') id: string, @Caller() caller: ChangeContext): Promise<object> {
    return affectedBody(id, await this.rollouts.affected(id, caller));
  }

  @Post(':id/rollout')
  @ApiBody({ schema: ROLLOUT_BODY_SCHEMA, required: false })
  @ApiHeader(KEY)
  @DescribeTemplates({
    id: 'rollOutTemplate',
    summary: 'Bring a revision of a template to the services that extend it',
    description:
      'Batch after batch, each service by the way of any update: started, proven, swapped, drained. A failure stops the rest unless `on_failure` is `continue`; a service that fails keeps what it serves. It goes on after a restart of the gateway.',
    parameter: ID,
    dryRun: true,
    succeeds: {
      200: { text: 'The plan of a dry run.', schema: ROLLOUT_PLAN },
      202: { text: 'It is under way; `Location` names it.', schema: ROLLOUT },
    },
    refuses: {
      404: 'There is no such template.',
      409: 'A rollout of this template is under way.',
      422: 'The body is not valid, or names services or a revision that cannot be used.',
    },
  })
  async rollOut(
    @Param('id') id: string,
    @Body() body: unknown,
    @Parameters() parameters: WriteParameters,
    @Caller() caller: ChangeContext,
  ): Promise<WriteAnswer> {
    const request = readRolloutBody(body);
    const { dry_run } = readWriteOptions(parameters, ['dry_run']).register;
    if (dry_run) return rolloutPlanAnswer(await this.rollouts.plan(id, request, caller));
    return rolloutAnswer(202, await this.rollouts.start(id, request, caller));
  }
}
