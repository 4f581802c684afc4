import type { JsonObject } from '../kernel/json.js';

/** What the OpenAPI document shows of answers about templates and their rollouts. */
const text = (description: string): JsonObject => ({ type: 'string', description });
const orNull = (schema: JsonObject): JsonObject => ({ ...schema, nullable: true });
const listOf = (items: JsonObject): JsonObject => ({ type: 'array', items });
const openObject: JsonObject = { type: 'object', additionalProperties: true };

const AFFECTED: JsonObject = {
  type: 'object',
  required: ['service_id', 'name', 'desired', 'pinned', 'via'],
  properties: {
    service_id: { type: 'string', format: 'uuid' },
    name: { type: 'string' },
    desired: { type: 'string', enum: ['draft', 'active', 'inactive', 'archived'] },
    pinned: text('What the service extends.'),
    via: orNull(
      text('The template by which it is reached, when it does not extend this one itself.'),
    ),
  },
};

const MOVE_FAILURE: JsonObject = {
  type: 'object',
  required: ['code', 'detail', 'action'],
  properties: {
    code: text('From the closed list in docs/reference/errors.md.'),
    detail: { type: 'string' },
    action: text('What to do next.'),
    stage: text('Stage of the activation that failed.'),
    reason: { type: 'string' },
    errors: listOf(openObject),
  },
};

const PREVIEWED: JsonObject = {
  type: 'object',
  required: [
    ...(AFFECTED['required'] as string[]),
    'would_change',
    'diff',
    'problem',
    'needs_exec',
  ],
  properties: {
    ...(AFFECTED['properties'] as JsonObject),
    would_change: orNull({
      type: 'boolean',
      description:
        'Whether its effective configuration would be another; null when a rollout does not move it, or cannot.',
    }),
    diff: listOf({
      ...openObject,
      description: '`op`, `path`, `from` and `value` of each difference; secrets are redacted.',
    }),
    problem: orNull(MOVE_FAILURE),
    needs_exec: { type: 'boolean', description: 'Whether to move it needs the scope `exec`.' },
  },
};

export const TEMPLATE_ANSWER: JsonObject = {
  type: 'object',
  description:
    'The template with `outcome` and the services it affects; or the plan of a dry run: `would`, `template`, `conflicts`.',
  required: ['outcome', 'affected'],
  properties: {
    outcome: { type: 'string', enum: ['created', 'updated', 'unchanged', 'planned'] },
    template_id: { type: 'string' },
    revision: { type: 'integer', minimum: 1 },
    reference: text('`template_id@revision`.'),
    affected: listOf(AFFECTED),
    would: { type: 'string', enum: ['create', 'update', 'nothing', 'delete', 'refuse'] },
    conflicts: listOf(openObject),
    links: openObject,
  },
  additionalProperties: true,
};

export const AFFECTED_LIST: JsonObject = {
  type: 'object',
  required: ['template', 'items', 'next_cursor', 'total'],
  properties: {
    template: text('The revision that they were held against: the newest.'),
    items: listOf(PREVIEWED),
    next_cursor: orNull(text('Always null: the list is whole.')),
    total: { type: 'integer' },
  },
};

const MOVE: JsonObject = {
  type: 'object',
  required: ['service_id', 'name', 'from', 'state', 'revision', 'note', 'problem'],
  properties: {
    service_id: { type: 'string', format: 'uuid' },
    name: { type: 'string' },
    from: text('What it extended when the rollout began.'),
    state: { type: 'string', enum: ['pending', 'updated', 'unchanged', 'failed', 'skipped'] },
    revision: orNull({ type: 'integer' }),
    note: orNull({ type: 'string' }),
    problem: orNull(MOVE_FAILURE),
  },
};

export const ROLLOUT: JsonObject = {
  type: 'object',
  required: ['rollout_id', 'template_id', 'reference', 'state', 'counts', 'services'],
  properties: {
    rollout_id: { type: 'string', format: 'uuid' },
    template_id: { type: 'string' },
    reference: text('What the services are moved to.'),
    state: { type: 'string', enum: ['running', 'completed', 'stopped', 'cancelled'] },
    cancel_requested: { type: 'boolean' },
    batch: { type: 'integer', minimum: 1 },
    pause_ms: { type: 'integer', minimum: 0 },
    on_failure: { type: 'string', enum: ['stop', 'continue'] },
    allow_breaking: { type: 'boolean' },
    counts: {
      type: 'object',
      description: 'Services by state.',
      additionalProperties: { type: 'integer' },
    },
    services: listOf(MOVE),
    created_at: { type: 'string', format: 'date-time' },
    updated_at: { type: 'string', format: 'date-time' },
    finished_at: orNull({ type: 'string', format: 'date-time' }),
    actor: { type: 'string' },
  },
};

export const ROLLOUT_PLAN: JsonObject = {
  type: 'object',
  required: ['outcome', 'reference', 'services'],
  properties: {
    outcome: { type: 'string', enum: ['planned'] },
    reference: { type: 'string' },
    services: listOf(PREVIEWED),
  },
};

export const ROLLOUT_LIST: JsonObject = {
  type: 'object',
  required: ['items', 'next_cursor', 'total'],
  properties: {
    items: listOf(ROLLOUT),
    next_cursor: orNull(text('Always null: the list is whole.')),
    total: { type: 'integer' },
  },
};
