import { expect } from '@jest/globals';
import { becomes, type MatrixRow, type MatrixService, type MatrixWorld } from './matrix-world.js';
import { pause, type Json } from '../../support/gateway-process.js';
import type { ObservedRemote } from './observed-remote.js';

/** A service at a server that obeys the test, with these checks. */
async function watched(
  world: MatrixWorld,
  ...checks: Json[]
): Promise<{ remote: ObservedRemote; service: MatrixService }> {
  const remote = await world.remote();
  return { remote, service: await world.reach(remote, { monitoring: { checks } }) };
}

/** Pings and calls of a tool within so long after it became active. */
async function asked(world: MatrixWorld, withinMs: number, check: Json): Promise<Json> {
  const { remote } = await watched(world, check);
  const before = remote.seen.length;
  await pause(withinMs);
  const methods = remote.seen.slice(before).map(({ rpc }) => rpc?.method);
  const count = (method: string): number => methods.filter((one) => one === method).length;
  return { pings: count('ping'), calls: count('tools/call') };
}

const plan: readonly MatrixRow[] = [
  {
    field: 'monitoring.checks[].kind',
    effect: 'the server is pinged, or a tool of it is executed',
    observe: async (world) => {
      const often = { interval_ms: 1_000 };
      const basic = await asked(world, 2_600, { kind: 'basic', ...often });
      expect(basic.pings).toBeGreaterThan(0);
      expect(basic.calls).toBe(0);
      const functional = await asked(world, 2_600, { kind: 'functional', tool: 'echo', ...often });
      expect(functional.calls).toBeGreaterThan(0);
    },
  },
  {
    field: 'monitoring.checks[].name',
    effect: 'the check is shown and found under it',
    observe: async (world) => {
      const { service } = await watched(world, { kind: 'basic', name: 'pulse' });
      await service.checkNow();
      const { results } = await service.get('/health/history?check=pulse');
      expect(results[0]).toMatchObject({ check: 'pulse', kind: 'basic' });
    },
  },
  {
    field: 'monitoring.checks[].enabled',
    effect: 'the check is not run',
    observe: async (world) => {
      const often = { kind: 'basic', interval_ms: 1_000 };
      expect((await asked(world, 2_600, { ...often, enabled: false })).pings).toBe(0);
    },
  },
  {
    field: 'monitoring.checks[].tool',
    effect: 'this one is executed for the proof',
    observe: async (world) => {
      const checks = [{ kind: 'functional', tool: 'write' }];
      const own = await world.reveal({ monitoring: { checks } });
      const chosen = await world.reveal();
      expect((await own.get()).proof).toMatchObject({ level: 'executed', tool: 'write' });
      expect((await chosen.get()).proof).toMatchObject({ level: 'executed', tool: 'reveal' });
    },
  },
  {
    field: 'monitoring.checks[].arguments',
    effect: 'the tool gets them',
    observe: async (world) => {
      const args = { text: 'from the check' };
      const check = { kind: 'functional', tool: 'echo', arguments: args };
      const { remote } = await watched(world, check);
      expect(remote.asked('tools/call')[0]?.rpc.params.arguments).toEqual(args);
    },
  },
  {
    field: 'monitoring.checks[].interval_ms',
    effect: 'the check is run so often',
    observe: async (world) => {
      const counts = await Promise.all([
        asked(world, 4_000, { kind: 'basic', interval_ms: 1_000 }),
        asked(world, 4_000, { kind: 'basic' }),
      ]);
      const [often, usual] = counts.map(({ pings }) => Number(pings));
      expect(often).toBeGreaterThanOrEqual(2);
      expect(usual).toBeLessThan(2);
    },
  },
  {
    field: 'monitoring.checks[].timeout_ms',
    effect: 'the answer has to come sooner',
    observe: async (world) => {
      const basic = async (check: Json): Promise<Json> => {
        const { remote, service } = await watched(world, { kind: 'basic', ...check });
        remote.pingMs = 600;
        return (await service.checkNow()).checks[0].last.result;
      };
      expect(await basic({ timeout_ms: 50 })).toBe('fail');
      expect(await basic({})).toBe('pass');
    },
  },
];

/** A ping that takes so long is a failure. */
const ILL_MS = 1_500;

/** The level after each of these looks; `ill` ones find a server that does not answer pings in time. */
async function levels(
  world: MatrixWorld,
  check: Json,
  looks: readonly string[],
): Promise<string[]> {
  const { remote, service } = await watched(world, { kind: 'basic', timeout_ms: 300, ...check });
  const found = [];
  for (const look of looks) {
    remote.pingMs = look === 'ill' ? ILL_MS : 0;
    found.push((await service.checkNow()).level);
  }
  return found;
}

const judged: readonly MatrixRow[] = [
  {
    field: 'monitoring.checks[].fail_after',
    effect: 'so many failures in a row count',
    observe: async (world) => {
      expect(await levels(world, { fail_after: 1 }, ['ill'])).toEqual(['unhealthy']);
      expect(await levels(world, {}, ['ill'])).toEqual(['healthy']);
    },
  },
  {
    field: 'monitoring.checks[].pass_after',
    effect: 'so many passes in a row end it',
    observe: async (world) => {
      const looks = ['ill', 'well'];
      const terms = { critical: false, fail_after: 1 };
      const quick = await levels(world, { ...terms, pass_after: 1 }, looks);
      expect(quick).toEqual(['degraded', 'healthy']);
      expect(await levels(world, terms, looks)).toEqual(['degraded', 'degraded']);
    },
  },
  {
    field: 'monitoring.checks[].critical',
    effect: 'a failure leaves the service in rotation',
    observe: async (world) => {
      const add = async (check: Json) => {
        const terms = { kind: 'basic', timeout_ms: 300, fail_after: 1 };
        const one = await watched(world, { ...terms, ...check });
        one.remote.pingMs = ILL_MS;
        await one.service.checkNow();
        return one.service;
      };
      const lenient = await add({ critical: false });
      expect((await lenient.get('/health')).level).toBe('degraded');
      expect(await lenient.statusOf('echo')).toBe(200);
      const strict = await add({});
      await becomes('a refusal', async () => (await strict.statusOf('echo')) === 503);
    },
  },
];

/** A service with a performance check like this, after `work`. */
async function worked(
  world: MatrixWorld,
  check: Json,
  work: (service: MatrixService) => Promise<unknown>,
): Promise<MatrixService> {
  const checks = [{ kind: 'performance', interval_ms: 1_000, fail_after: 1, ...check }];
  const service = await world.reveal({ monitoring: { checks } });
  await work(service);
  return service;
}

/** `strict` makes the service degraded for that reason, and without it the same work does not. */
async function tellsApart(
  world: MatrixWorld,
  reason: string,
  terms: { readonly strict: Json; readonly usual: Json },
  work: (service: MatrixService) => Promise<unknown>,
): Promise<void> {
  const [strict, usual] = [
    await worked(world, terms.strict, work),
    await worked(world, terms.usual, work),
  ];
  await becomes(reason, async () => (await strict.checkNow()).reason === reason);
  expect((await strict.get('/health')).level).toBe('degraded');
  expect((await usual.checkNow()).reason).not.toBe(reason);
}

const times =
  (count: number, tool: string, args: Json = {}) =>
  (service: MatrixService): Promise<unknown> =>
    Promise.all(Array.from({ length: count }, () => service.call(tool, args)));

const performance: readonly MatrixRow[] = [
  {
    field: 'monitoring.checks[].max_p95_ms',
    effect: 'slower calls make the service degraded',
    observe: (world) => {
      const usual = { min_samples: 5 };
      const terms = { strict: { ...usual, max_p95_ms: 20 }, usual };
      return tellsApart(world, 'Slow', terms, times(6, 'work', { ms: 80 }));
    },
  },
  {
    field: 'monitoring.checks[].max_error_rate',
    effect: 'a smaller share of failures makes the service degraded',
    observe: (world) => {
      const usual = { min_samples: 5 };
      const terms = { strict: { ...usual, max_error_rate: 0.1 }, usual };
      return tellsApart(world, 'ErrorRate', terms, async (service) => {
        await times(8, 'write')(service);
        await times(2, 'fail')(service);
      });
    },
  },
  {
    field: 'monitoring.checks[].min_samples',
    effect: 'fewer calls are judged already',
    observe: (world) =>
      tellsApart(world, 'ErrorRate', { strict: { min_samples: 3 }, usual: {} }, times(4, 'fail')),
  },
  {
    field: 'monitoring.checks[].max_memory_mb',
    effect: 'an instance that takes more makes the service degraded',
    observe: (world) =>
      tellsApart(
        world,
        'MemoryHigh',
        { strict: { max_memory_mb: 5 }, usual: {} },
        times(1, 'write'),
      ),
  },
  {
    field: 'monitoring.checks[].max_cpu_percent',
    effect: 'a busy instance makes the service degraded',
    observe: (world) => {
      const terms = { strict: { max_cpu_percent: 3 }, usual: {} };
      return tellsApart(world, 'CpuHigh', terms, times(1, 'burn', { ms: 8_000 }));
    },
  },
];

export const CHECK_ROWS: readonly MatrixRow[] = [...performance, ...plan, ...judged];
