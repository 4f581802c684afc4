import { Body, Controller, Param, Patch, Post } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ProblemAnswer } from '../observability/problem-answer.decorator.js';
import type { ChangeContext } from '../registry/service.js';
import { Caller, Parameters } from './caller.decorator.js';
import type { PinnedRevision } from './pin-revision.js';
import { readDriftBody, readPinBody, readRevisionNumber } from './request-body.js';
import { DRIFT_BODY, PIN_BODY, PINNED_REVISION } from './request-schema.js';
import { RegistrationService } from './registration.service.js';
import { answerOf, type WriteAnswer } from './write-answer.js';
import { DescribeWrite } from './write-docs.decorator.js';
import { readWriteOptions, type WriteParameters } from './write-options.js';

/** What is written about revisions besides making them. */
@ApiTags('services')
@Controller('api/v1/services/:id')
export class RevisionWritesController {
  constructor(private readonly registration: RegistrationService) {}

  @Patch('revisions/:revision')
  @ApiOperation({
    operationId: 'pinRevision',
    summary: 'Pin a revision, or unpin it',
    description: 'A pinned revision stays in the history whatever its age.',
  })
  @ApiParam({ name: 'id', description: 'The uuid or the name of the service.' })
  @ApiParam({ name: 'revision', description: 'Number of the revision.' })
  @ApiBody({ schema: PIN_BODY })
  @ApiResponse({ status: 200, description: 'It is so.', schema: PINNED_REVISION })
  @ProblemAnswer(401, 'No valid credentials.')
  @ProblemAnswer(403, 'A scope is missing.')
  @ProblemAnswer(404, 'There is no such service or revision.')
  @ProblemAnswer(409, '`registry.too-many-pins`: 20 are pinned already.')
  @ProblemAnswer(410, 'The service was deleted.')
  @ProblemAnswer(422, 'The body is not valid.')
  pin(
    @Param('id') id: string,
    @Param('revision') revision: string,
    @Body() body: unknown,
    @Caller() caller: ChangeContext,
  ): Promise<PinnedRevision> {
    const number = readRevisionNumber(revision);
    return this.registration.pinRevision(id, number, readPinBody(body), caller);
  }

  @Post('drift')
  @ApiBody({ schema: DRIFT_BODY })
  @DescribeWrite({
    id: 'settleDrift',
    summary: 'Settle an edit by hand of the stored document',
    description:
      'For a service with the condition `Drifted`. What is adopted is validated, started and proven like any update; only the specification may have been edited.',
    ifMatch: 'optional',
    queries: ['dry_run', 'allow_breaking'],
    answers: {
      200: 'The edit serves and is proven, or is stored; or the file is as it was.',
      202: 'Accepted, not finished within the wait; `Location` names the service to watch.',
      404: 'There is no such service.',
      409: '`registry.not-drifted`, or what an update conflicts with.',
      410: 'The service was deleted.',
      412: 'The ETag is stale.',
      422: '`registry.drift-refused`: more than the specification was edited; or what an update is refused with.',
    },
  })
  async drift(
    @Param('id') id: string,
    @Body() body: unknown,
    @Parameters() parameters: WriteParameters,
    @Caller() caller: ChangeContext,
  ): Promise<WriteAnswer> {
    const { update, applied } = readWriteOptions(parameters, ['dry_run', 'allow_breaking']);
    const options = { ...update, ifMatch: parameters.ifMatch ?? null };
    const action = readDriftBody(body);
    return answerOf(await this.registration.settleDrift(id, action, caller, options), applied);
  }
}
