import { choice, flag, group, integer, list, mandatory, map, text } from './field-schema.js';

const PEM_MAX = 65_536;

const ROUTE_PATH =
  '^/mcp(/([a-z0-9._-]+|\\{[a-z][a-z0-9_]{0,31}\\})){0,7}/([a-z0-9._-]+|\\{[a-z][a-z0-9_]{0,31}\\}|\\*)$';

const route = group(
  'A path of this service.',
  {
    path: mandatory(
      text({
        description: 'Path below /mcp/: literal segments, {name}, or * as the last one.',
        maxLength: 512,
        pattern: ROUTE_PATH,
        hint: 'a path below /mcp/ of at most 8 segments, each [a-z0-9._-]+ or {name}, the last one perhaps *',
      }),
    ),
    priority: integer({
      description: 'Routes of a higher priority are matched first.',
      minimum: -1000,
      maximum: 1000,
      default: 0,
    }),
    version: text({
      description:
        'Serves this version (semver or revision number) of the service; null = the current one.',
      maxLength: 64,
      pattern: '^[0-9][0-9A-Za-z.+-]*$',
      hint: 'a semantic version or a revision number',
      default: null,
    }),
  },
  ['path'],
);

const tls = group(
  'TLS towards a remote upstream. ca, cert and key are PEM text or references to it.',
  {
    ca: text({
      description: 'Certificates to trust instead of the system ones.',
      maxLength: PEM_MAX,
      default: null,
    }),
    cert: text({
      description: 'Client certificate. Needs key.',
      maxLength: PEM_MAX,
      default: null,
    }),
    key: text({
      description: 'Key of the client certificate; a reference, never the key itself. Needs cert.',
      maxLength: PEM_MAX,
      default: null,
    }),
    reject_unauthorized: flag({
      description: 'Whether a certificate that cannot be verified ends the connection.',
      default: true,
    }),
  },
);

const circuit = group(
  'Keeps calls from an upstream that does not answer: it is lost, cannot be reached or exceeds its timeout.',
  {
    failures: integer({
      description:
        'Transport failures in a row after which calls are answered 503 with Retry-After (circuit-open); those of one moment count once. 0 = never.',
      minimum: 0,
      maximum: 1000,
      default: 5,
    }),
    open_ms: integer({
      description:
        'Milliseconds until one call is let through to try. Each failed try doubles it, up to five minutes.',
      minimum: 100,
      maximum: 3_600_000,
      default: 5000,
    }),
  },
);

const cors = group(
  'Web pages that may use the endpoints of this service besides those of SWITCHYARD_ALLOWED_ORIGINS. Credentials are asked of them all the same.',
  {
    origins: list({
      description:
        'Origins of the pages, such as https://console.example:8443; there is no wildcard.',
      items: text({
        description: 'One origin: scheme, host and perhaps a port.',
        maxLength: 262,
        pattern: '^https?://([a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?|\\[[0-9a-f:.]+\\])(:[0-9]{1,5})?$',
        hint: 'an http(s) origin in lower case, without a path',
      }),
      maxItems: 32,
      unique: true,
      default: [],
    }),
    methods: list({
      description: 'Methods that they may use; others are refused with 403.',
      items: choice({ description: 'One method.', of: ['GET', 'POST', 'DELETE'] }),
      maxItems: 3,
      unique: true,
      default: ['GET', 'POST', 'DELETE'],
    }),
    headers: list({
      description:
        'Request headers that they may send besides those of MCP and credentials (authorization, x-api-key).',
      items: text({
        description: 'Name of a header.',
        maxLength: 128,
        pattern: '^[0-9a-z-]+$',
        hint: 'lower-case letters, digits and "-"',
      }),
      maxItems: 32,
      unique: true,
      default: [],
    }),
  },
);

const keepAlive = group('Connections to a remote upstream between two requests.', {
  idle_ms: integer({
    description:
      'Milliseconds a connection without a request is kept at most; 0 = a connection for each request. null = 4000, or what the upstream asks for.',
    minimum: 0,
    maximum: 600_000,
    default: null,
  }),
  connections: integer({
    description:
      'Most connections to the upstream for calls; further calls wait for one. Standing streams have their own.',
    minimum: 1,
    maximum: 4096,
    default: 256,
  }),
});

/** `network`: where the upstream is and where the service is reached. */
export const NETWORK_SCHEMA = group('Where the upstream is and how the service is reached.', {
  url: text({
    description:
      'URL of a remote upstream: http(s), no credentials, no fragment. The address is checked when it is connected to. Excludes runtime.command.',
    maxLength: 2048,
    default: null,
  }),
  headers: map({
    description:
      'Headers sent to the upstream. Values may hold ${env:NAME} and ${file:/path}; authorization, cookie and *-api-key must.',
    names: {
      description: 'Name of a header.',
      maxLength: 128,
      pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
      hint: 'the name of an HTTP header',
    },
    values: text({
      description: 'Value.',
      minLength: 0,
      maxLength: 8192,
      pattern: '^[\\t\\u0020-\\u007e\\u0080-\\u00ff]*$',
      hint: 'printable text on one line',
    }),
    maxProperties: 64,
    default: {},
  }),
  port: integer({
    description:
      'Loopback port of a command that listens, passed as PORT and ${port}; 0 = a free one.',
    minimum: 0,
    maximum: 65_535,
    default: 0,
  }),
  path: text({
    description: 'Path of a command that listens; null = /mcp, or /sse for hosting mode sse.',
    maxLength: 512,
    pattern: '^/[!-~]*$',
    hint: 'an absolute URL path',
    default: null,
  }),
  tls,
  connect_timeout_ms: integer({
    description: 'Milliseconds to reach the upstream, name lookup and TLS included.',
    minimum: 50,
    maximum: 120_000,
    default: 5000,
  }),
  max_body_bytes: integer({
    description: 'Bytes of the largest request body accepted for this service; larger is 413.',
    minimum: 1024,
    maximum: 64 * 1024 * 1024,
    default: 4 * 1024 * 1024,
  }),
  max_sessions: integer({
    description: 'Most client sessions open at once; more are answered 503.',
    minimum: 1,
    maximum: 100_000,
    default: 1000,
  }),
  circuit,
  cors,
  keep_alive: keepAlive,
  routes: list({
    description: 'Paths besides /mcp/<name>.',
    items: route,
    maxItems: 32,
    default: [],
  }),
});
