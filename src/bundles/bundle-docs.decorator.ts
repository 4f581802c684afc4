import { applyDecorators } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiExtraModels,
  ApiHeader,
  ApiOperation,
  ApiResponse,
  getSchemaPath,
} from '@nestjs/swagger';
import { asOpenApi, type FieldSchema } from '../config/field-schema.js';
import { BUNDLE_SCHEMA } from './bundle-schema.js';
import { ImportPlanView, ImportReportView } from './dto/import.view.js';
import { ProblemAnswer } from '../observability/problem-answer.decorator.js';

const BUNDLE = asOpenApi(BUNDLE_SCHEMA as unknown as FieldSchema) as Record<string, never>;

/** What the OpenAPI document says of the export. */
export function DescribeExport(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId: 'exportBundle',
      summary: 'Export services and their templates as a bundle',
      description:
        'Canonical: equal configurations give equal bytes. The services that the key may see, by their current revisions; secrets are references.',
    }),
    ApiHeader({ name: 'If-None-Match', required: false, description: 'An ETag already held' }),
    ApiResponse({
      status: 200,
      description: 'The bundle',
      headers: { ETag: { description: 'Of the bytes', schema: { type: 'string' } } },
      content: {
        'application/json': { schema: BUNDLE },
        'application/yaml': { schema: { type: 'string' } },
      },
    }),
    ApiResponse({ status: 304, description: 'Nothing changed' }),
    ProblemAnswer(400, 'bundles.query-invalid: `errors` points at `#query/<name>`'),
    ProblemAnswer(404, 'registry.unknown: a service that `services` names'),
  );
}

/** What the OpenAPI document says of the import. */
export function DescribeImport(): MethodDecorator {
  return applyDecorators(
    ApiExtraModels(ImportPlanView, ImportReportView),
    ApiOperation({
      operationId: 'importBundle',
      summary: 'Plan the import of a bundle, and apply a plan',
      description:
        'First with `dry_run=true`: the plan, item by item. Then the same body with `plan_hash` and the same options: all of it as one commit, or nothing. The body may also be the `mcpServers` file of a client or a `server.json`.',
    }),
    ApiHeader({
      name: 'Prefer',
      required: false,
      description: '`wait=<seconds>`: how long to wait until the services serve (default 30).',
    }),
    ApiConsumes('application/json', 'application/yaml'),
    ApiBody({
      required: true,
      schema: { oneOf: [BUNDLE, { type: 'object', additionalProperties: true }] },
    }),
    ApiResponse({
      status: 200,
      description: 'The plan of a dry run; or what came of each service that was changed',
      schema: {
        oneOf: [{ $ref: getSchemaPath(ImportPlanView) }, { $ref: getSchemaPath(ImportReportView) }],
      },
    }),
    ApiResponse({
      status: 202,
      description: 'Stored; services with the outcome `pending` have not come up within the wait',
      type: ImportReportView,
    }),
    ProblemAnswer(400, 'bundles.query-invalid'),
    ProblemAnswer(409, 'bundles.plan-stale, bundles.import-refused'),
    ProblemAnswer(413, 'The body is too large'),
    ProblemAnswer(422, 'bundles.bundle-invalid, bundles.bundle-newer'),
    ProblemAnswer(428, 'bundles.plan-missing'),
  );
}
