import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assembleAlerts } from '../../../src/alerts/alert-assembly.js';
import type { AlertsService } from '../../../src/alerts/alerts.service.js';
import { LOCAL_PRINCIPAL } from '../../../src/auth/local.authenticator.js';
import { EventBus } from '../../../src/kernel/event-bus.js';
import { SilentLogger } from '../../../src/kernel/logger.js';
import { SystemRandom } from '../../../src/kernel/random.js';
import type { HealthRecord, ServiceStatusDocument } from '../../../src/lifecycle/service-status.js';
import { DependencyGraph } from '../../../src/registry/dependency-graph.js';
import { FileStore } from '../../../src/storage/file.store.js';
import { NodeFileSystem } from '../../../src/storage/node.file-system.js';
import { receiver } from '../../support/alert-fixture.js';
import { ManualClock, settle } from '../../support/manual-clock.js';
import { serviceDocument } from '../../support/service-fixture.js';

const SERVICE = serviceDocument('weather');
const CALLER = { principal: LOCAL_PRINCIPAL, requestId: null };

let directory: string;
let clock: ManualClock;
let store: FileStore;
let sent: string[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'alerts-'));
  clock = new ManualClock();
  sent = [];
});

afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

async function openStore(): Promise<void> {
  const logger = new SilentLogger();
  store = new FileStore({ directory, fileSystem: new NodeFileSystem(), clock, logger });
  await store.open();
}

function assemble(level: HealthRecord['level']): AlertsService {
  const record = { level, reason: 'Exited', summary: 'It ended.', action: null, checked_at: null };
  const status = { state: 'active', conditions: [], last_failure: null, stable_revision: 1 };
  return assembleAlerts({
    reading: {
      registry: {
        find: (id) => (id === 'weather' ? SERVICE : undefined),
        list: () => [SERVICE],
        graph: () => new DependencyGraph([]),
      },
      lifecycle: { statusOf: () => status as unknown as ServiceStatusDocument },
      health: { recordOf: () => record },
      gatewayReceivers: () => [receiver()],
    },
    store,
    notifier: {
      send: (_to, id, body) => {
        sent.push(`${id} ${(JSON.parse(body) as { type: string }).type}`);
        const base = { gone: false, retry_after_ms: null, duration_ms: 1 };
        return Promise.resolve({ delivered: true, status: 204, error: null, ...base });
      },
    },
    clock,
    random: new SystemRandom(),
    bus: new EventBus(new SilentLogger()),
    logger: new SilentLogger(),
    count: () => undefined,
    baseUrl: 'http://gw',
  });
}

async function pass(alerts: AlertsService, seconds: number): Promise<void> {
  for (let at = 0; at < seconds; at += 1) {
    await clock.advance(1_000);
    alerts.tick();
    await settle();
  }
}

describe('alerts on a disk', () => {
  it('come back as they were: firing, acknowledged, and with what is still to be told', async () => {
    await openStore();
    const before = assemble('unhealthy');
    before.start();
    await pass(before, 25);
    const [alert] = before.list({}, LOCAL_PRINCIPAL).items;
    if (alert === undefined) throw new Error('nothing fired');
    await before.acknowledge(alert.alert_id, { note: 'on it', until_ms: null }, CALLER);
    await before.stop();
    await store.close();
    expect(readdirSync(join(directory, 'alerts'))).toEqual([`${alert.alert_id}.json`]);
    expect(readdirSync(join(directory, 'alert_deliveries'))).toHaveLength(1);
    expect(sent).toEqual([]);

    await openStore();
    const after = assemble('unhealthy');
    after.start();
    expect(after.require(alert.alert_id, LOCAL_PRINCIPAL)).toMatchObject({
      state: 'firing',
      acknowledged: { by: 'local', note: 'on it' },
    });
    await pass(after, 40);
    expect(sent.map((one) => one.split(' ')[1])).toEqual(['alert.firing']);
    await after.stop();
    await store.close();
    expect(readdirSync(join(directory, 'alert_deliveries'))).toEqual([]);
  });

  it('are resolved when the service is found well after the start', async () => {
    await openStore();
    const before = assemble('unhealthy');
    before.start();
    await pass(before, 60);
    await before.stop();
    await store.close();

    await openStore();
    const after = assemble('healthy');
    after.start();
    await pass(after, 60);
    expect(after.list({}, LOCAL_PRINCIPAL).items).toMatchObject([
      { state: 'resolved', resolution: 'Cleared' },
    ]);
    expect(sent.map((one) => one.split(' ')[1])).toEqual(['alert.firing', 'alert.resolved']);
    expect(after.firing()).toEqual({ warning: 0, critical: 0 });
    await after.stop();
  });
});
