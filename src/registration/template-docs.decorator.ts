import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiParam, ApiQuery, ApiResponse } from '@nestjs/swagger';
import type { JsonObject } from '../kernel/json.js';
import { PROBLEM_SCHEMA } from '../kernel/problem.js';
import type { WriteDocs } from './write-docs.decorator.js';

/** What the document says of one operation on templates; the refusals are by status. */
export interface TemplateDocs {
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameter?: string;
  readonly dryRun?: boolean;
  readonly ifMatch?: WriteDocs['ifMatch'];
  readonly succeeds: Readonly<
    Record<number, { readonly text: string; readonly schema?: JsonObject }>
  >;
  readonly refuses: Readonly<Record<number, string>>;
}

const COMMON = { 401: 'No valid credentials.', 403: 'A scope is missing.' } as const;

export function DescribeTemplates(docs: TemplateDocs): MethodDecorator {
  const { id, summary, description, parameter, dryRun, ifMatch } = docs;
  return applyDecorators(
    ApiOperation({
      operationId: id,
      summary,
      ...(description === undefined ? {} : { description }),
    }),
    ...(parameter === undefined ? [] : [ApiParam({ name: 'id', description: parameter })]),
    ...(dryRun === true ? [ApiQuery(DRY_RUN)] : []),
    ...(ifMatch === undefined
      ? []
      : [ApiHeader({ ...IF_MATCH, required: ifMatch === 'required' })]),
    ...Object.entries(docs.succeeds).map(([status, { text, schema }]) =>
      answer(Number(status), text, 'application/json', schema),
    ),
    ...Object.entries({ ...docs.refuses, ...COMMON }).map(([status, text]) =>
      answer(Number(status), text, 'application/problem+json', PROBLEM_SCHEMA as JsonObject),
    ),
  );
}

const DRY_RUN = {
  name: 'dry_run',
  required: false,
  schema: { type: 'boolean', default: false },
  description: 'Validate, plan and report conflicts; change nothing.',
} as const;

const IF_MATCH = {
  name: 'If-Match',
  description: 'The ETag of the template that the change is based on.',
};

function answer(
  status: number,
  description: string,
  media: string,
  schema: JsonObject | undefined,
): MethodDecorator {
  if (schema === undefined) return ApiResponse({ status, description });
  return ApiResponse({ status, description, content: { [media]: { schema } } } as never);
}
