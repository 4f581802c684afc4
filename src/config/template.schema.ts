import { CONFIG_SCHEMA } from './config-schema.js';
import { asOpenApi, group, mandatory, text, type FieldSchema } from './field-schema.js';
import type { JsonObject } from '../kernel/json.js';
import { TEMPLATE_ID, TEMPLATE_REFERENCE } from './template.js';

const ONE_LINE = '^[^\\u0000-\\u001f\\u007f]*$';

const IDENTITY: Readonly<Record<string, FieldSchema>> = {
  template_id: mandatory(
    text({
      description: 'Id, unique among the templates; chosen when it is created and never changed.',
      maxLength: 63,
      pattern: TEMPLATE_ID,
      hint: 'lower-case letters, digits, "-" and "_", starting with a letter or digit',
    }),
  ),
  title: text({
    description: 'Name for people. Left out: the id.',
    maxLength: 128,
    pattern: ONE_LINE,
    hint: 'one line of text without control characters',
    default: null,
  }),
  description: text({
    description: 'What the template is for.',
    minLength: 0,
    maxLength: 4096,
    default: null,
  }),
  extends: text({
    description:
      'Template below this one, perhaps pinned as template@revision; its newest revision otherwise. Stored pinned.',
    maxLength: 73,
    pattern: TEMPLATE_REFERENCE,
    hint: 'a template id, or template@revision',
    default: null,
  }),
};

/** What the gateway reports of a template. Ignored in a write, so that a document that was read can be sent back. */
export const OBSERVED_TEMPLATE_FIELDS: readonly string[] = [
  'actor',
  'affected',
  'built_in',
  'created_at',
  'links',
  'outcome',
  'reference',
  'revision',
  'schema_version',
  'warnings',
];

/** The fields of a write but `config` and `overlays`, which the schema of the configuration judges. */
export const TEMPLATE_FIELDS_SCHEMA: FieldSchema = mandatory(
  group('A template as a client writes it.', { ...IDENTITY, config: {}, overlays: {} }, [
    'template_id',
  ]),
);

/** Body of `POST /templates` and `PUT /templates/{id}` in the dialect of OpenAPI 3.0. */
export const TEMPLATE_BODY_SCHEMA: JsonObject = bodySchema();

function bodySchema(): JsonObject {
  const fields = asOpenApi(
    mandatory(group('A template as a client writes it.', IDENTITY, ['template_id'])),
  );
  const { overlays, ...categories } = CONFIG_SCHEMA['properties'] as Record<string, FieldSchema>;
  const config = group('Its layer: some of a configuration.', categories);
  return {
    ...fields,
    properties: {
      ...(fields['properties'] as JsonObject),
      config: asOpenApi(config),
      overlays: asOpenApi(overlays ?? {}),
    },
    example: {
      template_id: 'team_defaults',
      title: 'Team defaults',
      extends: 'executable_service',
      config: { runtime: { max_in_flight: 16 } },
      overlays: { production: { runtime: { warm: 1 } } },
    },
  };
}
