import { expect } from '@jest/globals';
import { becomes, type MatrixRow, type MatrixService } from './matrix-world.js';
import { freePort, type Json } from '../../support/gateway-process.js';

/** A service that is degraded from the first look on, as a resource of it is gone. */
async function degraded(): Promise<Json> {
  return {
    integration: { external: [{ name: 'a', tcp: `127.0.0.1:${String(await freePort())}` }] },
    monitoring: { checks: [{ kind: 'dependency', interval_ms: 1_000, fail_after: 1 }] },
  };
}

const logs: readonly MatrixRow[] = [
  {
    field: 'monitoring.log_level',
    effect: 'nothing below it is kept, and with debug the gateway logs stderr',
    observe: async (world) => {
      const logged = async (log_level: string | null) => {
        const monitoring = log_level === null ? {} : { log_level };
        const service = await world.reveal({ monitoring });
        await service.call('say', { line: `said by ${service.name}` });
        await service.call('die');
        await becomes('a failure', () => service.logged('an instance failed'));
        const { items } = await service.get('/logs');
        const sources = items.map(({ source }: Json) => source);
        return { service, sources, said: sources.includes('stderr'), count: items.length };
      };
      const quiet = await logged('error');
      expect([quiet.said, quiet.count]).toEqual([false, 1]);
      const usual = await logged(null);
      expect(usual.said).toBe(true);
      expect(usual.count).toBeGreaterThan(3);
      const loud = await logged('debug');
      const line = ({ service }: { service: MatrixService }): string =>
        `"line":"said by ${service.name}"`;
      await becomes('a line', () => Promise.resolve(world.gateway.logs.includes(line(loud))));
      expect(world.gateway.logs).not.toContain(line(usual));
    },
  },
  {
    field: 'monitoring.metrics.labels',
    effect: 'the metrics have a series of the service with them',
    observe: async (world) => {
      const { name } = await world.reveal({ monitoring: { metrics: { labels: { team: 'geo' } } } });
      const plain = await world.reveal();
      const { body } = await world.gateway.request<string>('GET', '/metrics');
      expect(body).toContain(`switchyard_service_info{service="${name}",label_team="geo"} 1`);
      expect(body).not.toContain(`switchyard_service_info{service="${plain.name}"`);
    },
  },
];

const alertsOf = async (service: MatrixService, all: Json): Promise<Json[]> =>
  all.items.filter(({ name }: Json) => name === service.name);

const alerts: readonly MatrixRow[] = [
  {
    field: 'monitoring.alerts.repeat_ms',
    effect: 'a firing alert is told again',
    observe: async (world) => {
      const config = await degraded();
      const alerts = { hold_intervals: 0, repeat_ms: 10_000 };
      const service = await world.reveal({
        ...config,
        monitoring: { ...config.monitoring, alerts },
      });
      await service.checkNow();
      const line = (): boolean =>
        world.gateway.logs
          .split('\n')
          .some((text) => text.includes('still fires') && text.includes(`"${service.name}"`));
      await becomes('a repetition', () => Promise.resolve(line()));
    },
  },
  {
    field: 'monitoring.alerts.enabled',
    effect: 'no alert is raised',
    observe: async (world) => {
      const add = async (alerts: Json) => {
        const config = await degraded();
        const monitoring = { ...config.monitoring, alerts: { hold_intervals: 0, ...alerts } };
        const service = await world.reveal({ ...config, monitoring });
        expect((await service.checkNow()).level).toBe('degraded');
        return service;
      };
      const silent = await add({ enabled: false });
      const usual = await add({});
      const list = async () =>
        (await world.gateway.request('GET', '/api/v1/alerts?limit=500')).body;
      await becomes('an alert', async () => (await alertsOf(usual, await list())).length > 0);
      expect(await alertsOf(silent, await list())).toEqual([]);
    },
  },
  {
    field: 'monitoring.alerts.hold_intervals',
    effect: 'the alert fires at once instead of waiting',
    observe: async (world) => {
      const add = async (alerts: Json) => {
        const config = await degraded();
        const monitoring = { ...config.monitoring, alerts };
        const service = await world.reveal({ ...config, monitoring });
        await service.checkNow();
        return service;
      };
      const [patient, hasty] = [await add({}), await add({ hold_intervals: 0 })];
      const stateOf = async (service: MatrixService): Promise<string | undefined> => {
        const { body } = await world.gateway.request('GET', '/api/v1/alerts?limit=500');
        return (await alertsOf(service, body))[0]?.state;
      };
      await becomes('a firing alert', async () => (await stateOf(hasty)) === 'firing');
      await becomes('a pending alert', async () => (await stateOf(patient)) === 'pending');
    },
  },
];

const checked = (check: Json): Json => ({ monitoring: { checks: [check] } });

/** A functional check that has to pass for the service to become active. */
const asserting = (assertion: Json, more: Json = {}): Json =>
  checked({ kind: 'functional', tool: 'echo', assert: [assertion], ...more });

function assertionRow(name: string, effect: string, right: Json, wrong: Json): MatrixRow {
  return {
    field: `monitoring.checks[].assert[].${name}`,
    effect,
    observe: async (world) => {
      const args = { arguments: { text: 'a hello', ms: 30 } };
      await world.reach(await world.remote(), asserting(right, args));
      const remote = await world.remote();
      const over = { hosting_mode: 'streamable_http' };
      const config = { network: { url: remote.url }, ...asserting(wrong, args) };
      const { failure } = await world.add(config, over);
      expect(failure).toBe('health.assertion-failed');
      expect(remote.asked('tools/call').length).toBeGreaterThan(0);
    },
  };
}

const TEXT = '/content/0/text';

const assertions: readonly MatrixRow[] = [
  assertionRow(
    'contains',
    'the result has to contain it',
    { contains: 'hello' },
    { contains: 'bye' },
  ),
  assertionRow(
    'pointer',
    'what it names is judged, not the whole',
    { pointer: TEXT, equals: 'a hello' },
    { pointer: '/content/0/type', equals: 'a hello' },
  ),
  assertionRow(
    'equals',
    'the result has to equal it',
    { pointer: TEXT, equals: 'a hello' },
    { pointer: TEXT, equals: 'hello' },
  ),
  assertionRow(
    'schema',
    'the result has to satisfy it',
    { schema: { required: ['content'] } },
    { schema: { required: ['structuredContent'] } },
  ),
  assertionRow('max_ms', 'the call has to be so quick', { max_ms: 20_000 }, { max_ms: 5 }),
];

export const MONITORING_ROWS: readonly MatrixRow[] = [...alerts, ...logs, ...assertions];

export const monitoringEnv = (): Readonly<Record<string, string>> => ({
  SWITCHYARD_LOG_LEVEL: 'info',
});
