import { choice, flag, group, integer, list, map, number, text } from './field-schema.js';

const DAY_MS = 86_400_000;
const NO_CONTROL = '^[^\\u0000-\\u001f\\u007f]*$';
const NO_NUL = '^[^\\u0000]*$';
const NO_CONTROL_HINT = 'text without control characters';
const NO_NUL_HINT = 'text without NUL';

const limits = group('What a child process may use. A limit that is null is not enforced.', {
  memory_mb: integer({
    description:
      'MiB of resident memory of the process group, sampled each second; above it the group is killed with reason MemoryLimit.',
    minimum: 16,
    maximum: 1_048_576,
    default: null,
  }),
  open_files: integer({
    description: 'File descriptors a child may hold; set before it is executed.',
    minimum: 32,
    maximum: 1_048_576,
    default: null,
  }),
  processes: integer({
    description: 'Processes in the group of a child; above it the group is killed.',
    minimum: 1,
    maximum: 4096,
    default: null,
  }),
  cpu_percent: integer({
    description:
      'CPU that one instance may use on average, 100 = one core; held by the performance check between two of its runs (60 s): above it the service is degraded, nothing is killed.',
    minimum: 1,
    maximum: 100_000,
    default: null,
  }),
  output_line_bytes: integer({
    description: 'Bytes of the longest message (a line, an SSE event) the upstream may send.',
    minimum: 1024,
    maximum: 128 * 1024 * 1024,
    default: 16 * 1024 * 1024,
  }),
});

const restart = group('How a child that ended without being asked to is started again (±20 %).', {
  first_ms: integer({
    description:
      'Milliseconds before the second restart in a row; the first one comes at once. At most cap_ms.',
    minimum: 10,
    maximum: 3_600_000,
    default: 1000,
  }),
  factor: number({
    description: 'Each further restart in a row waits this many times as long as the one before.',
    minimum: 1,
    maximum: 10,
    default: 2,
  }),
  cap_ms: integer({
    description: 'Milliseconds of the longest wait between restarts.',
    minimum: 10,
    maximum: DAY_MS,
    default: 300_000,
  }),
  reset_after_ms: integer({
    description:
      'After this many milliseconds without an end a restart is the first of a row again.',
    minimum: 100,
    maximum: DAY_MS,
    default: 600_000,
  }),
  crash_loop_after: integer({
    description: 'More restarts than this within window_ms is a crash loop (CrashLoopBackOff).',
    minimum: 1,
    maximum: 1000,
    default: 5,
  }),
  window_ms: integer({
    description: 'Milliseconds over which restarts are counted for crash_loop_after.',
    minimum: 100,
    maximum: DAY_MS,
    default: 600_000,
  }),
});

const command = {
  command: text({
    description:
      'Program to start: a bare name on the PATH of the gateway, or an absolute path. It must be allowed by SWITCHYARD_COMMANDS; its real path is pinned in the revision. Needs the scope exec.',
    maxLength: 4096,
    pattern: NO_CONTROL,
    hint: NO_CONTROL_HINT,
    default: null,
  }),
  args: list({
    description:
      'Arguments of the command, passed without a shell. ${port} stands for the port of a command that listens.',
    items: text({
      description: 'One argument.',
      minLength: 0,
      maxLength: 8192,
      pattern: NO_NUL,
      hint: NO_NUL_HINT,
    }),
    maxItems: 256,
    default: [],
  }),
  env: map({
    description:
      'Environment of the command besides the few variables it inherits. Values may hold ${env:NAME} and ${file:/path}; names that sound like a secret must.',
    names: {
      description: 'Name of a variable.',
      maxLength: 128,
      pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
      hint: 'letters, digits and "_", not starting with a digit',
    },
    values: text({
      description: 'Value.',
      minLength: 0,
      maxLength: 32_768,
      pattern: NO_NUL,
      hint: NO_NUL_HINT,
    }),
    maxProperties: 256,
    default: {},
  }),
  cwd: text({
    description: 'Absolute working directory of the command; null = that of the gateway.',
    maxLength: 4096,
    pattern: '^/[^\\u0000-\\u001f\\u007f]*$',
    hint: 'an absolute path',
    default: null,
  }),
};

const instances = {
  isolation: choice({
    description:
      'session: each client session has a child of its own. shared: one child serves all. Always shared for a command that listens; without meaning for a remote service.',
    of: ['session', 'shared'],
    default: 'session',
  }),
  replicas: integer({
    description: 'Children of a shared service. At most max_instances.',
    minimum: 1,
    maximum: 64,
    default: 1,
  }),
  warm: integer({
    description: 'Children kept started ahead of use. At most max_instances.',
    minimum: 0,
    maximum: 64,
    default: 0,
  }),
  max_instances: integer({
    description:
      'Most children of this service at once; SWITCHYARD_MAX_INSTANCES caps all services.',
    minimum: 1,
    maximum: 1024,
    default: 16,
  }),
  max_in_flight: integer({
    description:
      'Most calls under way at once over all callers; the next ones wait in queue. ping and initialize pass.',
    minimum: 1,
    maximum: 100_000,
    default: 64,
  }),
  exclusive: flag({
    description:
      'Whether one call runs at a time, over all callers, as with max_in_flight 1: for a server that cannot do two things at once.',
    default: false,
  }),
};

const queue = group('Calls that wait for their turn when max_in_flight are under way.', {
  size: integer({
    description:
      'Most calls that wait; more are answered 503 with Retry-After (queue-full). 0 = none waits. Principals take turns.',
    minimum: 0,
    maximum: 10_000,
    default: 256,
  }),
  timeout_ms: integer({
    description: 'Milliseconds a call waits at most, then 503 with Retry-After (queue-timeout).',
    minimum: 10,
    maximum: 600_000,
    default: 5000,
  }),
});

const times = {
  start_timeout_ms: integer({
    description: 'Milliseconds within which an instance must have started and been proven.',
    minimum: 100,
    maximum: 600_000,
    default: 30_000,
  }),
  call_timeout_ms: integer({
    description: 'Milliseconds a call may take; progress of the call starts them anew.',
    minimum: 50,
    maximum: DAY_MS,
    default: 60_000,
  }),
  stream_timeout_ms: integer({
    description:
      'Milliseconds of silence allowed once the upstream has sent progress or another message about a call; each one starts them anew. null = call_timeout_ms.',
    minimum: 50,
    maximum: DAY_MS,
    default: null,
  }),
  idle_stop_ms: integer({
    description:
      'Milliseconds after which an unused instance is stopped; less than 500 counts as 500.',
    minimum: 0,
    maximum: 7 * DAY_MS,
    default: 300_000,
  }),
  drain_ms: integer({
    description: 'Milliseconds that calls under way have to finish when an instance is replaced.',
    minimum: 0,
    maximum: 3_600_000,
    default: 30_000,
  }),
  session_drain_ms: integer({
    description: 'Milliseconds that open sessions may stay on a replaced instance.',
    minimum: 0,
    maximum: 7 * DAY_MS,
    default: 3_600_000,
  }),
};

/** `runtime`: how instances are started, counted, limited and stopped. */
export const RUNTIME_SCHEMA = group(
  'How instances of the service are started, counted, limited and stopped.',
  { ...command, ...instances, queue, ...times, limits, restart },
);
