import {
  anything,
  choice,
  flag,
  group,
  integer,
  list,
  mandatory,
  map,
  number,
  text,
} from './field-schema.js';

const DAY_MS = 86_400_000;

const assertion = mandatory(
  group('One judgement of a result: exactly one of contains, equals, schema and max_ms.', {
    pointer: mandatory(
      text({
        description: 'JSON Pointer into the result that contains, equals or schema applies to.',
        minLength: 0,
        maxLength: 512,
        pattern: '^(/([^~/]|~[01])*)*$',
        hint: 'a JSON Pointer (RFC 6901)',
      }),
    ),
    contains: mandatory(
      text({ description: 'Text that must occur in the result.', maxLength: 8192 }),
    ),
    equals: anything('JSON value the result, or what pointer names, must equal.'),
    schema: {
      type: 'object',
      description: 'JSON Schema (2020-12 or draft-07) that the result must satisfy.',
    },
    max_ms: mandatory(
      integer({ description: 'Milliseconds the call may take.', minimum: 1, maximum: DAY_MS }),
    ),
  }),
);

const performanceLimits = {
  max_p95_ms: integer({
    description:
      'Performance only: milliseconds within which 95 % of the calls of the last minute must have been answered; null = no limit.',
    minimum: 1,
    maximum: DAY_MS,
  }),
  max_error_rate: number({
    description:
      'Performance only: share of failed calls of the last minute, 0 to 1 (0.5). Errors of tools count, refusals of the gateway do not.',
    minimum: 0,
    maximum: 1,
  }),
  min_samples: integer({
    description:
      'Performance only: calls within the last minute without which they are not judged (50).',
    minimum: 1,
    maximum: 1_000_000,
  }),
  max_memory_mb: integer({
    description:
      'Performance only: MiB that one instance may use; null = 90 % of runtime.limits.memory_mb, if that is set.',
    minimum: 1,
    maximum: 1_048_576,
  }),
  max_cpu_percent: integer({
    description:
      'Performance only: CPU that one instance may use on average between two runs, 100 = one core; null = runtime.limits.cpu_percent, if that is set.',
    minimum: 1,
    maximum: 100_000,
  }),
};

const check = group(
  'A health check. Fields that are left out take the default of the kind.',
  {
    kind: mandatory(
      choice({
        description:
          'basic: the process answers a ping. functional: a real tool is executed. performance: the calls of the last minute, and what the instances use, are held against limits. dependency: the services and resources that it needs are there. security: how it is reached and what its tools say.',
        of: ['basic', 'functional', 'performance', 'dependency', 'security'],
      }),
    ),
    name: text({ description: 'Name of the check, unique in the list.', maxLength: 64 }),
    enabled: flag({ description: 'false switches the check off.', default: true }),
    tool: text({
      description:
        'Tool to execute; functional only. null = one that is marked read-only is chosen.',
      maxLength: 128,
    }),
    arguments: {
      type: ['object', 'null'],
      description: 'Arguments of the tool. Needs tool.',
    },
    assert: list({
      description: 'What must hold for the result, besides that it is not an error.',
      items: assertion,
      maxItems: 16,
    }),
    interval_ms: integer({
      description: 'Milliseconds between runs (basic 10000, security 86400000, others 60000).',
      minimum: 1000,
      maximum: DAY_MS,
    }),
    timeout_ms: integer({
      description: 'Milliseconds a run may take (basic 2000, functional 10000).',
      minimum: 10,
      maximum: 600_000,
    }),
    fail_after: integer({
      description:
        'Failures in a row that make the check fail (basic and performance 3, security 1, others 2).',
      minimum: 1,
      maximum: 100,
    }),
    pass_after: integer({
      description: 'Passes in a row that make it pass again (2, dependency and security 1).',
      minimum: 1,
      maximum: 100,
    }),
    critical: flag({
      description:
        'Whether failing takes the service out of rotation (basic true, others false: degraded).',
    }),
    ...performanceLimits,
  },
  ['kind'],
);

const metrics = group('What the metrics say of this service.', {
  labels: map({
    description:
      'Labels of the series switchyard_service_info of this service, each with label_ in front; none of the other series changes.',
    names: {
      description: 'Name of a label.',
      maxLength: 32,
      pattern: '^[a-z][a-z0-9_]*$',
      hint: 'lower-case letters, digits and "_", starting with a letter',
    },
    values: text({
      description: 'Value.',
      maxLength: 128,
      pattern: '^[^\\u0000-\\u001f\\u007f]+$',
      hint: 'one line of text without control characters',
    }),
    maxProperties: 8,
    default: {},
  }),
});

/** `monitoring`: how the service is watched. */
export const MONITORING_SCHEMA = group('How the service is watched.', {
  log_level: choice({
    description:
      'What is logged of this service. error: that it or an instance failed; warn: also what was given up; ' +
      'info: every step, and stderr in its own log; debug: stderr also in the log of the gateway. ' +
      'What it wrote last stays with each failure.',
    of: ['debug', 'info', 'warn', 'error'],
    default: 'info',
  }),
  checks: list({
    description:
      'Health checks. A kind that is not listed keeps its default; enabled: false switches one off.',
    items: check,
    maxItems: 32,
    default: [],
  }),
  alerts: group('When somebody is told that something is wrong.', {
    enabled: flag({ description: 'false: this service raises no alerts.', default: true }),
    hold_intervals: integer({
      description:
        'Check intervals that a fault lasts before its alert fires, and that it is gone before the alert is resolved. Definite faults (crash loop, refused credentials, security block) are not held.',
      minimum: 0,
      maximum: 100,
      default: 2,
    }),
    repeat_ms: integer({
      description:
        'Milliseconds after which a firing alert that nobody acknowledged is told again.',
      minimum: 10_000,
      maximum: 7 * DAY_MS,
      default: 14_400_000,
    }),
  }),
  metrics,
});
