// What is run: a group is one suite with one set of scenarios, a column one place it is run against.

/** Upstreams by name. `http` and `sse` ones are started once and reached directly and through the gateway. */
export const UPSTREAMS = {
  'v1-http': { file: 'conformance-v1.mjs', transport: 'http' },
  'v1-sse': { file: 'conformance-v1.mjs', transport: 'sse' },
  'v1-stdio': { file: 'conformance-v1.mjs', transport: 'stdio', isolation: 'session' },
  'v1-stdio-shared': { file: 'conformance-v1.mjs', transport: 'stdio', isolation: 'shared' },
  'v2-http': { file: 'conformance-v2.mjs', transport: 'http', args: ['--era', 'modern'] },
  'v2-stdio': {
    file: 'conformance-v2.mjs',
    transport: 'stdio',
    isolation: 'session',
    args: ['--era', 'modern'],
  },
  'v2-stdio-shared': {
    file: 'conformance-v2.mjs',
    transport: 'stdio',
    isolation: 'shared',
    args: ['--era', 'modern'],
  },
  'dual-http': { file: 'conformance-v2.mjs', transport: 'http', args: ['--era', 'dual'] },
  'dual-stdio': {
    file: 'conformance-v2.mjs',
    transport: 'stdio',
    isolation: 'session',
    args: ['--era', 'dual'],
  },
};

const direct = (upstream) => ({ name: 'direct', upstream, gateway: false });
const through = (name, upstream) => ({ name, upstream, gateway: true });

// Scenarios of auth/* are about a client's OAuth, which the gateway has no part in: it passes no credentials on.
const LEGACY_PLAYS = [
  'initialize',
  'tools_call',
  'elicitation-sep1034-client-defaults',
  'sse-retry',
];
const STATELESS_PLAYS = [
  'tools_call',
  'request-metadata',
  'sep-2322-client-request-state',
  'http-standard-headers',
  'http-custom-headers',
  'http-invalid-tool-headers',
  'json-schema-ref-no-deref',
  'json-schema-2020-12-preservation',
];
const CLIENT_DIRECT = { name: 'direct', gateway: false };
const CLIENT_THROUGH = { name: 'through the gateway', gateway: true };

/**
 * `baseline`: the column the others must equal, check by check; without one every check must pass. `without`: scenarios
 * that are left out, as the upstream does not have what they are about. What differs, or
 * fails in the baseline, has its reason in expectations.json. `quick`: the columns of `--quick`.
 */
export const GROUPS = [
  {
    id: 'legacy',
    title: 'Server scenarios of 0.1.16, all of them',
    suite: 'stable',
    args: ['server', '--suite', 'all'],
    baseline: 'direct',
    columns: [
      direct('v1-http'),
      through('gateway to http', 'v1-http'),
      through('gateway to stdio', 'v1-stdio'),
      through('gateway to shared stdio', 'v1-stdio-shared'),
      through('gateway to http+sse', 'v1-sse'),
    ],
    quick: ['direct', 'gateway to stdio'],
  },
  {
    id: 'legacy-required',
    title: 'Server scenarios required by 2025-11-25, in 0.2.0-alpha.12',
    suite: 'next',
    args: ['server', '--requirements', '2025-11-25'],
    baseline: 'direct',
    columns: [
      direct('v1-http'),
      through('gateway to http', 'v1-http'),
      through('gateway to stdio', 'v1-stdio'),
      through('gateway to shared stdio', 'v1-stdio-shared'),
      through('gateway to http+sse', 'v1-sse'),
    ],
    quick: ['direct', 'gateway to http', 'gateway to stdio'],
  },
  {
    id: 'stateless-required',
    title: 'Server scenarios required by 2026-07-28, in 0.2.0-alpha.12',
    suite: 'next',
    args: ['server', '--requirements', '2026-07-28'],
    baseline: 'direct',
    columns: [
      direct('v2-http'),
      through('gateway to http', 'v2-http'),
      through('gateway to stdio', 'v2-stdio'),
      through('gateway to shared stdio', 'v2-stdio-shared'),
      through('gateway to http, both eras', 'dual-http'),
      through('gateway to stdio, both eras', 'dual-stdio'),
    ],
    quick: ['direct', 'gateway to http', 'gateway to stdio'],
  },
  {
    id: 'translated-down',
    title: 'Clients of 2026-07-28 in front of an upstream that needs `initialize`',
    suite: 'next',
    args: ['server', '--requirements', '2026-07-28'],
    without: /^tasks-/,
    columns: [through('gateway to http', 'v1-http'), through('gateway to stdio', 'v1-stdio')],
    quick: ['gateway to stdio'],
  },
  {
    id: 'translated-up',
    title: 'Clients of 2025-11-25 in front of an upstream that only speaks 2026-07-28',
    suite: 'next',
    args: ['server', '--requirements', '2025-11-25'],
    columns: [through('gateway to http', 'v2-http'), through('gateway to stdio', 'v2-stdio')],
    quick: ['gateway to http'],
  },
  {
    id: 'client-stable',
    title: 'Client scenarios of 0.1.16: an SDK client (v1), and the same one through the gateway',
    suite: 'stable',
    client: 'v1',
    args: ['client'],
    scenarios: LEGACY_PLAYS,
    baseline: 'direct',
    columns: [CLIENT_DIRECT, CLIENT_THROUGH],
    quick: [],
  },
  {
    id: 'client-legacy',
    title: 'Client scenarios of 2025-11-25 in 0.2.0-alpha.12',
    suite: 'next',
    client: 'v1',
    args: ['client', '--spec-version', '2025-11-25'],
    scenarios: [...LEGACY_PLAYS, 'json-schema-2020-12-preservation'],
    baseline: 'direct',
    columns: [CLIENT_DIRECT, CLIENT_THROUGH],
    quick: [],
  },
  {
    id: 'client-stateless',
    title: 'Client scenarios of 2026-07-28 in 0.2.0-alpha.12',
    suite: 'next',
    client: 'v2',
    args: ['client', '--spec-version', '2026-07-28'],
    scenarios: STATELESS_PLAYS,
    baseline: 'direct',
    columns: [CLIENT_DIRECT, CLIENT_THROUGH],
    quick: ['direct', 'through the gateway'],
  },
];
