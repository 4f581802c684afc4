import { flag, choice, group, integer, list, mandatory, text } from '../config/field-schema.js';
import { asOpenApi } from '../config/field-schema.js';
import { compileCheck } from '../config/schema-check.js';
import { shapeErrors } from '../config/shape-limits.js';
import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { registrationProblems } from './registration.errors.js';
import { MAX_ROLLOUT_SERVICES } from './template-rollout.js';

const SCHEMA = mandatory(
  group('How a revision of a template is brought to the services that extend it.', {
    services: list({
      description: 'Names or ids of the services to move. Left out: all that extend the template.',
      items: text({ description: 'A name or an id.', maxLength: 63 }),
      maxItems: MAX_ROLLOUT_SERVICES,
      unique: true,
    }),
    revision: integer({
      description: 'The revision to move to. Left out: the newest.',
      minimum: 1,
      maximum: 999_999_999,
    }),
    batch: integer({
      description: 'Services moved at once.',
      minimum: 1,
      maximum: 100,
      default: 1,
    }),
    pause_ms: integer({
      description: 'Milliseconds between two batches, to watch what the last one did.',
      minimum: 0,
      maximum: 3_600_000,
      default: 0,
    }),
    on_failure: choice({
      description:
        '`stop`: after a batch with a failure the rest stays as it is. `continue`: the rest is moved all the same.',
      of: ['stop', 'continue'],
      default: 'stop',
    }),
    allow_breaking: flag({
      description: 'Move services whose tools would change in a way that breaks their callers.',
      default: false,
    }),
  }),
);

export const ROLLOUT_BODY_SCHEMA: JsonObject = {
  ...asOpenApi(SCHEMA),
  example: { batch: 2, pause_ms: 10_000, on_failure: 'stop' },
};

const check = compileCheck(SCHEMA);

export interface RolloutRequest {
  /** `null` = all. */
  readonly services: readonly string[] | null;
  readonly revision: number | null;
  readonly batch: number;
  readonly pause_ms: number;
  readonly on_failure: 'stop' | 'continue';
  readonly allow_breaking: boolean;
}

/** The body of a rollout, which may be left out; throws `registration.invalid-request` with every error. */
export function readRolloutBody(input: unknown): RolloutRequest {
  const body = input ?? {};
  const shape = shapeErrors(body, '');
  const errors = shape.length > 0 ? shape : check(body, '');
  if (errors.length > 0 || !isJsonObject(body)) {
    throw registrationProblems['invalid-request']({ detail: 'The body is not valid.', errors });
  }
  const { services, revision, batch, pause_ms, on_failure, allow_breaking } = body;
  return {
    services: Array.isArray(services) ? services.map(String) : null,
    revision: typeof revision === 'number' ? revision : null,
    batch: typeof batch === 'number' ? batch : 1,
    pause_ms: typeof pause_ms === 'number' ? pause_ms : 0,
    on_failure: on_failure === 'continue' ? 'continue' : 'stop',
    allow_breaking: allow_breaking === true,
  };
}

/** The query of the list of rollouts; throws `registration.invalid-query` for what is not known. */
export function readRolloutFilter(query: Readonly<Record<string, unknown>>): string | undefined {
  const { template, ...rest } = query;
  const errors = Object.keys(rest).map((name) => {
    return { pointer: `#query/${name}`, detail: 'is not known here' };
  });
  if (template !== undefined && typeof template !== 'string') {
    errors.push({ pointer: '#query/template', detail: 'must be given once' });
  }
  if (errors.length > 0) {
    throw registrationProblems['invalid-query']({ detail: 'The query is not valid.', errors });
  }
  return template as string | undefined;
}
