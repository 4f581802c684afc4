/** The bodies that the OpenAPI document shows, besides the specification itself. */
export const PATCH_BODY = {
  type: 'object',
  description: 'Some of the members of a specification; `null` deletes one (RFC 7396).',
  additionalProperties: true,
  example: { version: '1.1.0', tags: ['geo'] },
};

export const ROLLBACK_BODY = {
  type: 'object',
  required: ['revision'],
  additionalProperties: false,
  properties: {
    revision: {
      type: 'integer',
      minimum: 1,
      description: 'Number of a stored revision, as `GET /services/{id}/revisions` lists them.',
    },
  },
};

export const DRIFT_BODY = {
  type: 'object',
  required: ['action'],
  additionalProperties: false,
  properties: {
    action: {
      type: 'string',
      enum: ['adopt', 'revert'],
      description:
        '`adopt`: the specification in the edited file becomes a revision by the way of any update. `revert`: the file is written anew from what is stored.',
    },
  },
};

export const PIN_BODY = {
  type: 'object',
  required: ['pinned'],
  additionalProperties: false,
  properties: {
    pinned: {
      type: 'boolean',
      description: 'Whether the revision is kept whatever its age; at most 20 of a service are.',
    },
  },
};

export const PINNED_REVISION = {
  type: 'object',
  required: ['service_id', 'revision', 'pinned', 'pinned_by'],
  properties: {
    service_id: { type: 'string', format: 'uuid' },
    revision: { type: 'integer' },
    pinned: { type: 'boolean' },
    pinned_by: { type: 'array', items: { type: 'string', enum: ['operator', 'route'] } },
  },
};
