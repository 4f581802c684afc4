import type { FailureCase } from './failure-case.js';
import { REMOTE_FAILURES } from './failure-remote.js';
import { SURROUNDING_FAILURES } from './failure-surroundings.js';
import { CHECKS, type FailurePlace } from './failure-place.js';
import { processesWith } from '../support/process-tree.js';
import { eventually } from '../support/gateway-process.js';

const child = (place: FailurePlace): Promise<void> => place.registerChild();
const mend = (place: FailurePlace): void => {
  place.behave('well');
};
const performance = (limits: object): object => ({
  checks: [...CHECKS, { kind: 'performance', interval_ms: 1_000, ...limits }],
});

/** A mode of the server, over stdio, one child shared by all. */
function mode(
  name: string,
  injected: string,
  expect: FailureCase['expect'],
  more: Partial<FailureCase> = {},
): FailureCase {
  return {
    name,
    injected,
    setUp: child,
    fail: (place) => {
      place.behave(name);
    },
    mend,
    expect,
    ...more,
  };
}

/** Two runs of a functional check, 1 s apart, that wait for 1 s each, and their jitter; two passes end it. */
const FUNCTIONAL = { level: 'degraded', withinMs: 5_500, recoversMs: 4_500 } as const;
/** Three runs of a basic check, 1 s apart, that wait for 0.5 s each; a restart has to be waited for up to 5 s. */
const BASIC = { level: 'unhealthy', withinMs: 6_000, recoversMs: 9_000 } as const;
/** The functional check may be the first to have waited often enough. */
const UNANSWERED = ['PingFailed', 'CircuitOpen', 'ListFailed'];
const CHANGED = ['ToolUnknown', 'ToolsGone', 'ToolDefinitionsChanged'];
const ENDED = ['Exited', 'ExitedEarly', 'CrashLoopBackOff'];

const CHILD_FAILURES: readonly FailureCase[] = [
  mode('hang-tool', 'one tool never answers, another does', {
    ...FUNCTIONAL,
    reasons: ['ProbeTimeout'],
  }),
  mode('hang', 'nothing is answered any more, ping included', {
    ...BASIC,
    reasons: UNANSWERED,
  }),
  mode('exit', 'the process ends, and again at each start', {
    ...BASIC,
    reasons: ENDED,
  }),
  mode('exit-after-call', 'the process ends after each call', {
    ...BASIC,
    withinMs: 15_000,
    reasons: ENDED,
    // It is well from each start to the next call.
    wellMs: 1_000,
  }),
  {
    name: 'exit-session',
    injected: 'the same where each client has a process of its own',
    setUp: (place) => place.registerChild({ runtime: { isolation: 'session' } }),
    fail: (place) => {
      place.behave('exit');
    },
    mend,
    expect: { ...BASIC, reasons: [...ENDED, 'CircuitOpen'], recoversMs: 12_000 },
  },
  {
    name: 'hang-session',
    injected: 'nothing is answered any more where each client has a process of its own',
    setUp: (place) => place.registerChild({ runtime: { isolation: 'session' } }),
    fail: (place) => {
      place.behave('hang');
    },
    mend,
    expect: {
      ...BASIC,
      // Every instance it may have hangs, so that the check gets none either.
      reasons: ['CircuitOpen', 'HandshakeTimeout', 'ProbeNotPossible'],
      // Five handshakes in a row, each given up after 3 s.
      withinMs: 18_000,
      recoversMs: 25_000,
    },
  },
  mode(
    'leak',
    'memory grows by 5 MB a second towards limits.memory_mb',
    {
      ...FUNCTIONAL,
      withinMs: 25_000,
      recoversMs: 12_000,
      reasons: ['MemoryHigh', 'MemoryLimit'],
      wellMs: Infinity,
    },
    {
      setUp: (place) =>
        place.registerChild({
          runtime: { limits: { memory_mb: 120 } },
          monitoring: performance({ fail_after: 1 }),
        }),
      lastsMs: 8_000,
    },
  ),
  mode(
    'slow-drift',
    'each answer takes 5 ms longer than the one before',
    { ...FUNCTIONAL, withinMs: 15_000, recoversMs: 75_000, reasons: ['Slow'] },
    {
      setUp: (place) =>
        place.registerChild({ monitoring: performance({ max_p95_ms: 250, min_samples: 20 }) }),
    },
  ),
  mode('tool-error', 'every tool answers isError', { ...FUNCTIONAL, reasons: ['ToolError'] }),
  mode('wrong-shape', 'structuredContent does not fit the outputSchema', {
    ...FUNCTIONAL,
    reasons: ['OutputMismatch'],
  }),
  mode('empty-list', 'tools/list is empty', { ...FUNCTIONAL, reasons: CHANGED }),
  mode('short-list', 'tools/list has lost the tool that is checked', {
    ...FUNCTIONAL,
    reasons: CHANGED,
  }),
  mode(
    'garbage',
    '2,500 lines a second on stdout that are no messages',
    { level: 'healthy', reasons: [], withinMs: 0, recoversMs: 2_000, everyCallAnswered: true },
    { lastsMs: 8_000 },
  ),
  mode('glued', 'a word without a line end before each message on stdout', {
    ...BASIC,
    reasons: [...UNANSWERED, 'NotJson'],
  }),
  mode(
    'stderr-flood',
    '10 MB a second on stderr',
    { level: 'healthy', reasons: [], withinMs: 0, recoversMs: 2_000, everyCallAnswered: true },
    { lastsMs: 8_000 },
  ),
  mode(
    'zombie',
    'the process ends, a grandchild holds its pipes open; again at each start',
    { ...BASIC, reasons: ENDED, wellMs: 2_000 },
    { also: noneLeft },
  ),
  mode('described', 'the description of a tool is another one', {
    ...FUNCTIONAL,
    reasons: ['ToolDefinitionsChanged'],
  }),
  {
    name: 'described-blocked',
    injected: 'the same where security.tool_pinning is block',
    setUp: (place) => place.registerChild({ security: { tool_pinning: 'block' } }),
    fail: (place) => {
      place.behave('described');
    },
    mend: () => undefined,
    operator: approve,
    expect: {
      level: 'unhealthy',
      reasons: ['ToolDefinitionsChanged'],
      withinMs: 4_000,
      recoversMs: 4_000,
    },
  },
  {
    name: 'paused',
    injected: 'SIGSTOP',
    setUp: child,
    fail: (place) => {
      for (const { pid } of place.children()) process.kill(pid, 'SIGSTOP');
    },
    mend: () => undefined,
    // It is over when the process has been ended and replaced.
    lastsMs: 1_500,
    expect: { ...BASIC, reasons: UNANSWERED, wellMs: Infinity },
  },
];

async function approve({ gateway, service }: FailurePlace): Promise<void> {
  const path = `/api/v1/services/${service}/tool-pins`;
  const { body } = await gateway.request<{ present_hash: string }>('GET', path);
  await gateway.request('POST', `${path}/approve`, { hash: body.present_hash });
}

/** What the ended processes had started is gone too, but for what serves now. */
async function noneLeft(place: FailurePlace): Promise<readonly string[]> {
  try {
    await eventually(() => processesWith(place.control).length <= 1, 10_000, 'no grandchild left');
    return [];
  } catch {
    return processesWith(place.control).map(
      ({ pid, command }) => `left: ${String(pid)} ${command}`,
    );
  }
}

export const FAILURES: readonly FailureCase[] = [
  ...CHILD_FAILURES,
  ...REMOTE_FAILURES,
  ...SURROUNDING_FAILURES,
];
