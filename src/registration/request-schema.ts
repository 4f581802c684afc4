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
