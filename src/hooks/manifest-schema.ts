import type { JsonObject } from '../kernel/json.js';
import { SERVICE_SPEC_SCHEMA } from '../registry/service-spec.schema.js';

const CREATE_ONLY = ['service_id', 'draft'];
const SPEC_PROPERTIES = Object.fromEntries(
  Object.entries(SERVICE_SPEC_SCHEMA['properties'] as JsonObject).filter(
    ([name]) => !CREATE_ONLY.includes(name),
  ),
);
const STRINGS = { type: 'object', additionalProperties: { type: 'string' } };

/** The generator's manifest, as the OpenAPI document shows it. */
export const MANIFEST_SCHEMA = {
  type: 'object',
  required: ['script_id', 'name', 'wrapper'],
  properties: {
    ...SPEC_PROPERTIES,
    script_id: {
      type: 'string',
      format: 'uuid',
      description: 'The source that the wrapper was made of; the service is found again by it.',
    },
    wrapper: {
      type: 'object',
      description: 'What to run (`command`) or where it is (`url`); one of the two.',
      additionalProperties: false,
      properties: {
        command: { type: 'string', description: 'Must be allowed by SWITCHYARD_COMMANDS.' },
        args: { type: 'array', items: { type: 'string' } },
        env: { ...STRINGS, description: 'Secrets as references only.' },
        cwd: { type: 'string', description: 'Absolute.' },
        url: { type: 'string', format: 'uri' },
        headers: { ...STRINGS, description: 'Secrets as references only.' },
      },
    },
    tools: {
      type: 'array',
      description: 'Tools or tool names; a warning tells which of them the server does not list.',
      items: {},
    },
  },
  example: {
    script_id: '6f1c1a5e-6f0e-4c5e-9a57-7a2d1c9f3b10',
    name: 'weather',
    type: 'function',
    hosting_mode: 'stdio',
    version: '1.0.0',
    wrapper: { command: 'node', args: ['/srv/wrappers/weather.mjs'] },
  },
};
