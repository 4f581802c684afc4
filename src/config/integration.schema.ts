import { choice, flag, group, integer, list, mandatory, text } from './field-schema.js';

const dependency = group(
  'A service that this one needs.',
  {
    service: mandatory(
      text({
        description: 'Name or id of the service needed.',
        maxLength: 63,
        pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$',
        hint: 'the name or the id of a service',
      }),
    ),
    version: text({
      description: 'Semver range its version must satisfy; null = any.',
      maxLength: 128,
      default: null,
    }),
    tools: list({
      description: 'Tools it must offer.',
      items: text({ description: 'Name of a tool.', maxLength: 128 }),
      maxItems: 256,
      unique: true,
      default: [],
    }),
    required: flag({
      description: 'Whether calls are refused with 503 while the dependency is not met.',
      default: true,
    }),
  },
  ['service'],
);

const webhook = group(
  'A receiver of the alerts of this service.',
  {
    url: mandatory(
      text({ description: 'Where alerts are sent by POST; http or https.', maxLength: 2048 }),
    ),
    secret: mandatory(
      text({
        description:
          'Reference to the secret that signs them: ${env:NAME} or ${file:/path} to whsec_ and 24 to 64 bytes in base64.',
        maxLength: 1200,
      }),
    ),
    min_severity: choice({
      description: 'Alerts below it are not sent.',
      of: ['warning', 'critical'],
      default: 'warning',
    }),
  },
  ['url', 'secret'],
);

const external = group(
  'Something outside the gateway that this service needs: exactly one of url and tcp.',
  {
    name: mandatory(text({ description: 'Name of the resource.', maxLength: 64 })),
    url: text({
      description:
        'Asked by GET, http or https; any answer below 500 shows that it is there. Credentials are not sent.',
      maxLength: 2048,
      default: null,
    }),
    tcp: text({
      description: 'host:port that must accept a connection.',
      maxLength: 262,
      pattern: '^([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\]):[0-9]{1,5}$',
      hint: 'host:port',
      default: null,
    }),
    timeout_ms: integer({
      description: 'Milliseconds it may take to answer or accept.',
      minimum: 10,
      maximum: 60_000,
      default: 2000,
    }),
    required: flag({
      description:
        'Whether calls are refused with 503 while it cannot be reached; false: the service is degraded.',
      default: false,
    }),
  },
  ['name'],
);

/** `integration`: what the service works with. */
export const INTEGRATION_SCHEMA = group('What the service works with.', {
  dependencies: list({
    description: 'Services this one needs. A cycle is refused.',
    items: dependency,
    maxItems: 64,
    default: [],
  }),
  webhooks: list({
    description: 'Who is told of the alerts of this service, besides SWITCHYARD_WEBHOOKS_FILE.',
    items: webhook,
    maxItems: 8,
    default: [],
  }),
  external: list({
    description:
      'Resources outside the gateway that this one needs; watched by the dependency check, within SWITCHYARD_EGRESS.',
    items: external,
    maxItems: 32,
    default: [],
  }),
});
