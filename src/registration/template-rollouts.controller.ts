import { Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiQuery, ApiTags } from '@nestjs/swagger';
import type { ChangeContext } from '../registry/service.js';
import { Caller } from './caller.decorator.js';
import { ROLLOUT, ROLLOUT_LIST } from './template-answer-schema.js';
import { DescribeTemplates } from './template-docs.decorator.js';
import { rolloutAnswer, rolloutBody, rolloutList } from './template-rollout-answer.js';
import { readRolloutFilter } from './template-rollout-body.js';
import { TemplateRolloutsService } from './template-rollouts.service.js';
import type { WriteAnswer } from './write-answer.js';

const ID = 'The id of the rollout.';
const UNKNOWN = 'There is no such rollout.';

@ApiTags('templates')
@Controller('api/v1/template-rollouts')
export class TemplateRolloutsController {
  constructor(private readonly rollouts: TemplateRolloutsService) {}

  @Get()
  @ApiQuery({ name: 'template', required: false, description: 'Those of one template.' })
  @DescribeTemplates({
    id: 'listTemplateRollouts',
    summary: 'List the rollouts of templates, newest first',
    succeeds: {
      200: { text: 'Those under way and the last 100 that ended.', schema: ROLLOUT_LIST },
    },
    refuses: { 400: '`registration.invalid-query`' },
  })
  list(@Query() query: Record<string, unknown>, @Caller() caller: ChangeContext): object {
    return rolloutList(this.rollouts.list(caller, readRolloutFilter(query)));
  }

  @Get(':id')
  @DescribeTemplates({
    id: 'readTemplateRollout',
    summary: 'Read a rollout of a template: what became of each service',
    parameter: ID,
    succeeds: { 200: { text: 'The rollout.', schema: ROLLOUT } },
    refuses: { 404: UNKNOWN },
  })
  read(@Param('id') id: string, @Caller() caller: ChangeContext): object {
    return rolloutBody(this.rollouts.get(id, caller));
  }

  @Post(':id/cancel')
  @DescribeTemplates({
    id: 'cancelTemplateRollout',
    summary: 'Begin no further batch of a rollout',
    description: 'Services that are being moved come to their end; those that were moved stay so.',
    parameter: ID,
    succeeds: { 202: { text: 'It ends after the batch under way.', schema: ROLLOUT } },
    refuses: { 404: UNKNOWN, 409: 'It has ended already.' },
  })
  async cancel(@Param('id') id: string, @Caller() caller: ChangeContext): Promise<WriteAnswer> {
    return rolloutAnswer(202, await this.rollouts.cancel(id, caller));
  }
}
