import { applyDecorators } from '@nestjs/common';
import {
  ApiHeader,
  ApiOperation,
  ApiParam,
  ApiQuery,
  ApiResponse,
  type ApiQueryOptions,
} from '@nestjs/swagger';
import { PROBLEM_SCHEMA } from '../kernel/problem.js';

/** What the document says of one write; the responses are by status. */
export interface WriteDocs {
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  readonly answers: Readonly<Record<number, string>>;
  readonly queries?: readonly (keyof typeof QUERIES)[];
  /** `required`: 428 without. `optional`: checked when sent. */
  readonly ifMatch?: 'required' | 'optional';
  readonly hasService?: boolean;
}

const QUERIES = {
  dry_run: {
    name: 'dry_run',
    required: false,
    schema: { type: 'boolean', default: false },
    description: 'Validate, plan and report conflicts; change nothing.',
  },
  on_failure: {
    name: 'on_failure',
    required: false,
    schema: { type: 'string', enum: ['keep', 'discard'], default: 'keep' },
    description:
      'What becomes of a service that fails to activate: kept in `error` to be mended, or erased.',
  },
  allow_breaking: {
    name: 'allow_breaking',
    required: false,
    schema: { type: 'boolean' },
    description:
      'Let the change pass although the tools of the new revision break callers of the current one. Default false; of a rollback true.',
  },
  force: {
    name: 'force',
    required: false,
    schema: { type: 'boolean', default: false },
    description: 'Stop at once instead of letting calls under way end.',
  },
  cascade: {
    name: 'cascade',
    required: false,
    schema: { type: 'string', enum: ['deactivate'] },
    description: 'Deactivate the services that need this one first.',
  },
} as const satisfies Record<string, ApiQueryOptions>;

const SERVICE = {
  type: 'object',
  description: 'The service document with `outcome` and `warnings`, or the plan of a dry run.',
  additionalProperties: true,
} as const;

/** What every write may answer besides its own. */
const COMMON = { 401: 'No valid credentials.', 403: 'A scope is missing.' } as const;

export function DescribeWrite(docs: WriteDocs): MethodDecorator {
  const answers = { ...docs.answers, ...COMMON };
  return applyDecorators(
    ApiOperation({
      operationId: docs.id,
      summary: docs.summary,
      ...(docs.description === undefined ? {} : { description: docs.description }),
    }),
    ...(docs.hasService === false
      ? []
      : [ApiParam({ name: 'id', description: 'The uuid or the name of the service.' })]),
    ...(docs.queries ?? []).map((name) => ApiQuery(QUERIES[name])),
    ApiHeader({
      name: 'Prefer',
      required: false,
      description: '`wait=<seconds>`: how long to wait for the effect (default 30, at most 300).',
    }),
    ...(docs.ifMatch === undefined ? [] : [ifMatchHeader(docs.ifMatch)]),
    ...Object.entries(answers).map(([status, description]) =>
      describeAnswer(Number(status), description),
    ),
  );
}

function ifMatchHeader(need: 'required' | 'optional'): MethodDecorator {
  return ApiHeader({
    name: 'If-Match',
    required: need === 'required',
    description: 'The ETag of the document that the change is based on.',
  });
}

function describeAnswer(status: number, description: string): MethodDecorator {
  if (status === 204) return ApiResponse({ status, description });
  const [media, schema] =
    status < 300 ? ['application/json', SERVICE] : ['application/problem+json', PROBLEM_SCHEMA];
  return ApiResponse({ status, description, content: { [media as string]: { schema } } } as never);
}
