import { describe, expect, it } from '@jest/globals';
import { delivery, firingAlert, pendingAlert } from '../../test/support/alert-fixture.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { SilentLogger } from '../kernel/logger.js';
import { MemoryStore } from '../storage/memory.store.js';
import { storageProblems } from '../storage/storage.errors.js';
import { AlertArchive } from './alert-archive.js';
import type { Alert } from './alert.js';
import type { Delivery } from './delivery.js';

class CountingLogger extends SilentLogger {
  warnings = 0;
  override warn(): void {
    this.warnings += 1;
  }
}

class FickleStore extends MemoryStore {
  refuses = false;
  commits = 0;
  override async commit(...parameters: Parameters<MemoryStore['commit']>): Promise<number> {
    this.commits += 1;
    if (this.refuses) throw storageProblems['read-only']();
    return super.commit(...parameters);
  }
}

async function make() {
  const clock = new ManualClock();
  const store = new FickleStore(clock);
  await store.open();
  const logger = new CountingLogger();
  const alerts = new Map<string, Alert>();
  const deliveries = new Map<string, Delivery>();
  const sources = {
    alert: (id: string) => alerts.get(id),
    delivery: (id: string) => deliveries.get(id),
  };
  const archive = new AlertArchive(store, sources, clock, logger);
  return { clock, store, logger, alerts, deliveries, archive };
}

describe('AlertArchive', () => {
  it('stores an alert and what is to be told of it in one commit', async () => {
    const { archive, alerts, deliveries, store } = await make();
    alerts.set('a1', firingAlert());
    deliveries.set('d1', delivery());
    archive.note('alert', ['a1']);
    archive.note('alert_delivery', ['d1']);
    await archive.flush();
    const [commit] = await store.changesSince(0);
    expect(commit?.changes.map(({ kind, id, op }) => [kind, id, op])).toEqual([
      ['alert', 'a1', 'put'],
      ['alert_delivery', 'd1', 'put'],
    ]);
    expect(commit?.meta).toMatchObject({ actor: 'system', source: 'alerts' });
    expect(archive.alerts().map(({ alert_id }) => alert_id)).toEqual(['a1']);
    expect(archive.deliveries()).toEqual([delivery()]);
  });

  it('removes what is gone, and does not commit what is the same, pending or was never there', async () => {
    const { archive, alerts, store } = await make();
    alerts.set('a1', firingAlert());
    archive.note('alert', ['a1', 'never']);
    await archive.flush();
    archive.note('alert', ['a1', 'never']);
    await archive.flush();
    alerts.set('a2', pendingAlert({ alert_id: 'a2' }));
    archive.note('alert', ['a2']);
    await archive.flush();
    await archive.flush();
    expect(store.commits).toBe(1);
    alerts.delete('a1');
    archive.note('alert', ['a1']);
    await archive.flush();
    expect(archive.alerts()).toEqual([]);
  });

  it('keeps what a store refuses, says so once, and tries every minute', async () => {
    const { archive, alerts, store, clock, logger } = await make();
    store.refuses = true;
    alerts.set('a1', firingAlert());
    archive.note('alert', ['a1']);
    await archive.flush();
    await archive.flush();
    expect(store.commits).toBe(1);
    await clock.advance(60_000);
    await archive.flush();
    expect([store.commits, logger.warnings]).toEqual([2, 1]);
    store.refuses = false;
    await clock.advance(60_000);
    await archive.flush();
    expect(archive.alerts()).toHaveLength(1);
  });

  it('writes at once what somebody asked for, in their name', async () => {
    const { archive, alerts, store } = await make();
    store.refuses = true;
    alerts.set('a1', firingAlert());
    archive.note('alert', ['a1']);
    await archive.flush();
    store.refuses = false;
    await archive.flush({ actor: 'me', source: 'api', verb: 'alert.acknowledge' });
    expect((await store.changesSince(0))[0]?.meta.actor).toBe('me');
  });

  it('writes what changes meanwhile with the next commit', async () => {
    const { archive, alerts } = await make();
    alerts.set('a1', firingAlert());
    archive.note('alert', ['a1']);
    const first = archive.flush();
    alerts.set('a1', firingAlert({ repeated_ms: 77_000 }));
    archive.note('alert', ['a1']);
    await Promise.all([first, archive.flush()]);
    expect(archive.alerts()[0]?.repeated_ms).toBe(77_000);
  });
});
