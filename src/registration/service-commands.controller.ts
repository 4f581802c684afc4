import { Controller, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { ChangeContext } from '../registry/service.js';
import { Caller, Parameters } from './caller.decorator.js';
import { RegistrationService } from './registration.service.js';
import { answerOf, type WriteAnswer } from './write-answer.js';
import { DescribeWrite } from './write-docs.decorator.js';
import { readWriteOptions, type WriteParameters } from './write-options.js';

const ANSWERS = {
  202: 'Accepted, not finished within the wait.',
  404: 'There is no such service.',
  409: 'The state does not allow it; the allowed moves are named.',
  410: 'The service was deleted.',
  412: 'The ETag is stale.',
} as const;

/** The lifecycle verbs of a service. */
@ApiTags('services')
@Controller('api/v1/services/:id')
export class ServiceCommandsController {
  constructor(private readonly registration: RegistrationService) {}

  @Post('activate')
  @DescribeWrite({
    id: 'activateService',
    summary: 'Activate a service',
    description: 'Starts, proves and mounts it; tries again what failed.',
    ifMatch: 'optional',
    queries: ['dry_run'],
    answers: {
      ...ANSWERS,
      200: 'It serves and is proven.',
      422: '`lifecycle.activation-failed` with stage, reason, action and stderr.',
    },
  })
  async activate(
    @Param('id') id: string,
    @Parameters() parameters: WriteParameters,
    @Caller() caller: ChangeContext,
  ): Promise<WriteAnswer> {
    const { command, applied } = readWriteOptions(parameters, ['dry_run']);
    return answerOf(await this.registration.activate(id, caller, command), applied);
  }

  @Post('deactivate')
  @DescribeWrite({
    id: 'deactivateService',
    summary: 'Deactivate a service',
    description: 'Drains, unmounts and stops it; it stays registered.',
    ifMatch: 'optional',
    queries: ['dry_run'],
    answers: { ...ANSWERS, 200: 'It is inactive.' },
  })
  async deactivate(
    @Param('id') id: string,
    @Parameters() parameters: WriteParameters,
    @Caller() caller: ChangeContext,
  ): Promise<WriteAnswer> {
    const { command, applied } = readWriteOptions(parameters, ['dry_run']);
    return answerOf(await this.registration.deactivate(id, caller, command), applied);
  }

  @Post('restart')
  @DescribeWrite({
    id: 'restartService',
    summary: 'Restart the instances of a service',
    ifMatch: 'optional',
    queries: ['dry_run'],
    answers: {
      ...ANSWERS,
      200: 'New instances serve.',
      422: '`lifecycle.activation-failed` with stage, reason, action and stderr.',
    },
  })
  async restart(
    @Param('id') id: string,
    @Parameters() parameters: WriteParameters,
    @Caller() caller: ChangeContext,
  ): Promise<WriteAnswer> {
    const { command, applied } = readWriteOptions(parameters, ['dry_run']);
    return answerOf(await this.registration.restart(id, caller, command), applied);
  }

  @Post('restore')
  @DescribeWrite({
    id: 'restoreService',
    summary: 'Bring a deleted service back',
    description: 'From the archive, inactive; `activate` brings it up.',
    queries: ['dry_run'],
    answers: {
      200: 'It is back, inactive.',
      404: 'No such service was deleted.',
      409: 'Its name or script is taken meanwhile.',
    },
  })
  async restore(
    @Param('id') id: string,
    @Parameters() parameters: WriteParameters,
    @Caller() caller: ChangeContext,
  ): Promise<WriteAnswer> {
    const { command, applied } = readWriteOptions(parameters, ['dry_run']);
    return answerOf(await this.registration.restore(id, caller, command), applied);
  }

  @Post('validate')
  @DescribeWrite({
    id: 'validateService',
    summary: 'Check the stored specification',
    description: 'As a change would be checked: configuration, commands, routes. Changes nothing.',
    answers: {
      200: 'It is valid; the answer holds the effective configuration.',
      404: 'There is no such service.',
      409: 'A name, script or path conflicts.',
      422: 'It is not valid; all errors at once.',
    },
  })
  async validate(
    @Param('id') id: string,
    @Parameters() parameters: WriteParameters,
    @Caller() caller: ChangeContext,
  ): Promise<WriteAnswer> {
    const { applied } = readWriteOptions(parameters, []);
    return answerOf(await this.registration.validate(id, caller), applied);
  }
}
