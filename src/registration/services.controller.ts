import { Body, Controller, Delete, Headers, Param, Patch, Post, Put } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiTags } from '@nestjs/swagger';
import type { ChangeContext } from '../registry/service.js';
import { SERVICE_SPEC_SCHEMA } from '../registry/service-spec.schema.js';
import { Caller, Parameters } from './caller.decorator.js';
import { PATCH_BODY, ROLLBACK_BODY } from './request-schema.js';
import { RegistrationService } from './registration.service.js';
import { readRollbackBody } from './request-body.js';
import { answerOf, type WriteAnswer } from './write-answer.js';
import { DescribeWrite } from './write-docs.decorator.js';
import { readWriteOptions, type WriteParameters } from './write-options.js';

const PENDING = 'Accepted, not finished within the wait; `Location` names the service to watch.';
const FAILED =
  'Refused, or `lifecycle.activation-failed` with `stage`, `reason`, `action` and the last lines of `stderr`.';

/** What a change of a service may answer, whole or in part. */
const UPDATE_ANSWERS = {
  200: 'The new revision serves and is proven; or stored, or unchanged: see `outcome`.',
  202: PENDING,
  404: 'There is no such service.',
  409: 'A name, script or path is taken, or a newer command took over.',
  410: 'The service was deleted.',
  412: 'The ETag is stale.',
  422: `${FAILED} Or \`registry.contract-broken\`: \`errors\` name the tools. What served before still serves.`,
  428: 'If-Match is missing.',
};

/** Every write of a service but the lifecycle verbs. Reads of `/services` are discovery's. */
@ApiTags('services')
@Controller('api/v1/services')
export class ServicesController {
  constructor(private readonly registration: RegistrationService) {}

  @Post()
  @ApiBody({ schema: SERVICE_SPEC_SCHEMA })
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: 'Same key, same answer.' })
  @DescribeWrite({
    id: 'createService',
    summary: 'Register a service',
    description:
      'Validates, starts, proves by executing a tool, and mounts it. 201 means that it serves and is proven; with `"draft": true` that it is stored.',
    hasService: false,
    queries: ['dry_run', 'on_failure'],
    answers: {
      200: 'The plan of a dry run.',
      201: 'It serves and is proven (or the draft is stored).',
      202: PENDING,
      409: 'The name, script or path is taken, or the dependencies form a cycle.',
      422: FAILED,
    },
  })
  async create(
    @Body() body: unknown,
    @Parameters() parameters: WriteParameters,
    @Caller() caller: ChangeContext,
  ): Promise<WriteAnswer> {
    const { register, applied } = readWriteOptions(parameters, ['dry_run', 'on_failure']);
    return answerOf(await this.registration.register(body, caller, register), applied);
  }

  @Put(':id')
  @ApiBody({ schema: SERVICE_SPEC_SCHEMA })
  @DescribeWrite({
    id: 'replaceService',
    summary: 'Update a service',
    description:
      'Makes a new revision and moves to it without dropping a call. Observed members are ignored. An unchanged specification redeploys nothing.',
    ifMatch: 'required',
    queries: ['dry_run', 'allow_breaking'],
    answers: UPDATE_ANSWERS,
  })
  async replace(
    @Param('id') id: string,
    @Body() body: unknown,
    @Parameters() parameters: WriteParameters,
    @Caller() caller: ChangeContext,
  ): Promise<WriteAnswer> {
    const { update, applied } = readWriteOptions(parameters, ['dry_run', 'allow_breaking']);
    return answerOf(await this.registration.update(id, body, caller, update), applied);
  }

  @Patch(':id')
  @ApiBody({ schema: PATCH_BODY })
  @DescribeWrite({
    id: 'patchService',
    summary: 'Update some of a service',
    description:
      'A JSON Merge Patch (RFC 7396) on what `GET ?view=spec` answers: `null` deletes, arrays replace.',
    ifMatch: 'required',
    queries: ['dry_run', 'allow_breaking'],
    answers: UPDATE_ANSWERS,
  })
  async patch(
    @Param('id') id: string,
    @Body() body: unknown,
    @Parameters() parameters: WriteParameters,
    @Caller() caller: ChangeContext,
  ): Promise<WriteAnswer> {
    const { update, applied } = readWriteOptions(parameters, ['dry_run', 'allow_breaking']);
    const options = { ...update, patch: true };
    return answerOf(await this.registration.update(id, body, caller, options), applied);
  }

  @Delete(':id')
  @DescribeWrite({
    id: 'deleteService',
    summary: 'Delete a service',
    description: 'Drains, unmounts, stops and archives it. It can be restored.',
    ifMatch: 'required',
    queries: ['dry_run', 'force', 'cascade'],
    answers: {
      200: 'The plan of a dry run.',
      202: PENDING,
      204: 'It is stopped and archived.',
      404: 'There is no such service.',
      409: 'Other services need it; they are named.',
      410: 'It was deleted already.',
      412: 'The ETag is stale.',
      428: 'If-Match is missing.',
    },
  })
  async remove(
    @Param('id') id: string,
    @Parameters() parameters: WriteParameters,
    @Caller() caller: ChangeContext,
  ): Promise<WriteAnswer> {
    const { remove, applied } = readWriteOptions(parameters, ['dry_run', 'force', 'cascade']);
    return answerOf(await this.registration.remove(id, caller, remove), applied);
  }

  @Post(':id/rollback')
  @ApiBody({ schema: ROLLBACK_BODY })
  @DescribeWrite({
    id: 'rollbackService',
    summary: 'Go back to an older revision',
    description:
      'Makes a new revision with the content of an older one, by the way of any update. It may break callers of the current revision (`warnings` say which tools), unless `allow_breaking=false`.',
    ifMatch: 'optional',
    queries: ['dry_run', 'allow_breaking'],
    answers: {
      200: 'It serves and is proven; or stored, or unchanged: see `outcome`.',
      202: PENDING,
      404: 'There is no such service or revision.',
      409: 'The revision was never in force, a name, script or path is taken, or a newer command took over.',
      412: 'The ETag is stale.',
      422: `${FAILED} What served before still serves.`,
    },
  })
  async rollback(
    @Param('id') id: string,
    @Body() body: unknown,
    @Headers('if-match') ifMatch: string | undefined,
    @Parameters() parameters: WriteParameters,
    @Caller() caller: ChangeContext,
  ): Promise<WriteAnswer> {
    const { update, applied } = readWriteOptions(parameters, ['dry_run', 'allow_breaking']);
    const options = { ...update, ifMatch: ifMatch ?? null };
    const revision = readRollbackBody(body);
    return answerOf(await this.registration.rollback(id, revision, caller, options), applied);
  }
}
