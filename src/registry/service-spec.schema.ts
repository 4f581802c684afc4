import { CONFIG_OPENAPI_SCHEMA } from '../config/config-schema.js';
import { asOpenApi, choice, group, list, mandatory, text } from '../config/field-schema.js';
import type { FieldSchema } from '../config/field-schema.js';
import { TEMPLATE_REFERENCE } from '../config/template.js';
import type { JsonObject } from '../kernel/json.js';
import { SERVICE_NAME } from './service-name.js';

const UUID = '^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$';
const ONE_LINE = '^[^\\u0000-\\u001f\\u007f]*$';
const ONE_LINE_HINT = 'one line of text without control characters';

const IDENTITY: Readonly<Record<string, FieldSchema>> = {
  name: mandatory(
    text({
      description: 'Name, unique among the services and their former names; part of every path.',
      maxLength: 63,
      pattern: SERVICE_NAME,
      hint: 'lower-case letters, digits and "-", starting and ending with a letter or digit',
    }),
  ),
  title: text({
    description: 'Name for people.',
    maxLength: 128,
    pattern: ONE_LINE,
    hint: ONE_LINE_HINT,
    default: null,
  }),
  description: text({
    description: 'What the service is for.',
    minLength: 0,
    maxLength: 4096,
    default: null,
  }),
  type: choice({
    description: 'What was wrapped. A remote server that nobody here wrapped is an executable.',
    of: ['function', 'executable'],
    default: 'executable',
  }),
  hosting_mode: choice({
    description:
      'How the server speaks. Left out: stdio with runtime.command, sse for a network.url ending in /sse, else streamable_http.',
    of: ['stdio', 'sse', 'streamable_http'],
  }),
  script_id: text({
    description: "The generator's id of what was wrapped; unique, the hook upserts by it.",
    maxLength: 36,
    pattern: UUID,
    hint: 'a uuid',
    default: null,
  }),
  version: text({
    description: 'Semantic version of the service, set by its author.',
    maxLength: 64,
    default: '1.0.0',
  }),
  tags: list({
    description: 'Labels to filter by.',
    items: text({
      description: 'One label.',
      maxLength: 64,
      pattern: ONE_LINE,
      hint: ONE_LINE_HINT,
    }),
    maxItems: 32,
    unique: true,
    default: [],
  }),
  owner: text({
    description: 'Person or team that answers for it.',
    maxLength: 128,
    pattern: ONE_LINE,
    hint: ONE_LINE_HINT,
    default: null,
  }),
  extends: text({
    description:
      'Template, perhaps pinned as template@revision. Left out: by type and hosting mode. Stored pinned.',
    maxLength: 73,
    pattern: TEMPLATE_REFERENCE,
    hint: 'a template id, or template@revision',
  }),
};

const CREATE_ONLY: Readonly<Record<string, FieldSchema>> = {
  service_id: text({
    description: 'Id chosen by the client; read on create only.',
    maxLength: 36,
    pattern: UUID,
    hint: 'a uuid',
  }),
  draft: {
    type: ['boolean', 'null'],
    description: 'Store it without starting it; read on create only.',
    default: false,
  },
};

/** What the gateway reports of a service. Ignored in a write, so that a document that was read can be sent back. */
export const OBSERVED_FIELDS: readonly string[] = [
  'candidate',
  'conditions',
  'created_at',
  'deleted_at',
  'desired',
  'endpoints',
  'former_names',
  'generation',
  'health',
  'last_failure',
  'links',
  'outcome',
  'proof',
  'revision',
  'routes',
  'schema_version',
  'server',
  'stable_revision',
  'state',
  'status',
  'tools',
  'updated_at',
  'warnings',
];

/** The fields of a write but `config`, which has a schema of its own, and the observed ones. */
export const SPEC_FIELDS_SCHEMA: FieldSchema = mandatory(
  group('A service as a client writes it.', { ...IDENTITY, ...CREATE_ONLY, config: {} }, ['name']),
);

/** Body of `POST /services` and `PUT /services/{id}` in the dialect of OpenAPI 3.0. */
export const SERVICE_SPEC_SCHEMA: JsonObject = {
  ...asOpenApi(
    mandatory(group('A service as a client writes it.', { ...IDENTITY, ...CREATE_ONLY }, ['name'])),
  ),
  properties: {
    ...(asOpenApi(group('', { ...IDENTITY, ...CREATE_ONLY }))['properties'] as JsonObject),
    config: CONFIG_OPENAPI_SCHEMA,
  },
};
