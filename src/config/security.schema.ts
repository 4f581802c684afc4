import { choice, flag, group, integer, list, text } from './field-schema.js';

const toolPattern = text({
  description: 'A tool name; * stands for any run of characters.',
  maxLength: 128,
  pattern: '^[^\\u0000-\\u001f\\u007f]+$',
  hint: 'a tool name or a pattern with *',
});

/** `security`: who may call what. */
export const SECURITY_SCHEMA = group('Who may call what.', {
  authentication: group('Credentials of callers.', {
    required: flag({
      description: 'Whether a caller without credentials is refused with 401.',
      default: false,
    }),
  }),
  env_allow: list({
    description:
      'Variables of the gateway that the command inherits besides the few that every command does. Not those that hold ' +
      'secrets or are settings of the gateway; those that SWITCHYARD_ENV_ALLOW is about only with it. Needs the scope exec.',
    items: text({
      description: 'Name of a variable.',
      maxLength: 128,
      pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
      hint: 'letters, digits and "_", not starting with a digit',
    }),
    maxItems: 64,
    unique: true,
    default: [],
  }),
  allowed_scopes: list({
    description: 'A caller needs one of these besides invoke; empty = none is needed.',
    items: text({
      description: 'One scope.',
      maxLength: 64,
      pattern: '^[A-Za-z0-9:._/-]+$',
      hint: 'letters, digits and any of : . _ / -',
    }),
    maxItems: 32,
    unique: true,
    default: [],
  }),
  tools: group('Which tools may be seen and called.', {
    allow: list({
      description: 'Only these tools; null = all of them.',
      items: toolPattern,
      maxItems: 1000,
      unique: true,
      default: null,
    }),
    deny: list({
      description: 'Not these tools; stronger than allow.',
      items: toolPattern,
      maxItems: 1000,
      unique: true,
      default: [],
    }),
    read_only: flag({
      description: 'Only tools whose annotations say readOnlyHint: true may be called.',
      default: false,
    }),
  }),
  tool_pinning: choice({
    description:
      'What follows when the upstream lists other tool definitions than those approved with the revision: off = nothing, ' +
      'warn = the service is degraded and an alert is raised, block = no new calls until they are approved ' +
      '(POST /api/v1/services/{id}/tool-pins/approve) or are as before.',
    of: ['off', 'warn', 'block'],
    default: 'warn',
  }),
  rate_limit: {
    ...group('Calls of one caller within a window; more are answered 429. null = no limit.', {
      requests: integer({
        description: 'Calls per window. Required when there is a limit.',
        minimum: 1,
        maximum: 10_000_000,
      }),
      window_ms: integer({
        description: 'Milliseconds of the window.',
        minimum: 100,
        maximum: 86_400_000,
        default: 60_000,
      }),
    }),
    default: null,
  },
});
