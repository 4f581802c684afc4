import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../kernel/json.js';
import { FakeUpstreamMaker } from '../../test/support/fake-upstream.js';
import { ManualClock, settle } from '../../test/support/manual-clock.js';
import { revisionOf } from '../../test/transcripts/fake-registry.js';
import { CountingRandom } from '../../test/transcripts/lifecycle-world.js';
import { InstanceBudget } from './instance-budget.js';
import { InstanceStarter } from './instance-starter.js';
import { runnableOf } from './service-observer.js';

function setUp(config: JsonObject = {}) {
  const clock = new ManualClock();
  const maker = new FakeUpstreamMaker(clock);
  const budget = new InstanceBudget(1);
  const starter = new InstanceStarter({
    maker,
    resolveReference: (reference) => Promise.reject(new Error(`${reference} is not there`)),
    budget,
    clock,
    random: new CountingRandom(),
    environment: {},
  });
  const revision = runnableOf(revisionOf('id', 'weather', 1, { config }));
  const downs: string[] = [];
  const start = (signal = new AbortController().signal) =>
    starter.start(revision, {
      signal,
      reclaim: true,
      onDown: (instance, error) => downs.push(`${instance.id} ${error.code}`),
    });
  return { clock, maker, budget, start, downs };
}

describe('a start', () => {
  it('makes a running instance that holds a permit', async () => {
    const { budget, start, maker, downs, clock } = setUp();
    const instance = await start();
    expect(instance.state).toBe('ready');
    expect(budget.used).toBe(1);
    maker.at(0).crash();
    expect(downs).toEqual([`${instance.id} exited`]);
    await instance.stop();
    expect(budget.used).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('that fails, leaves no permit taken', async () => {
    const failing = setUp();
    failing.maker.fail('command-missing');
    await expect(failing.start()).rejects.toMatchObject({ code: 'command-missing' });
    expect(failing.budget.used).toBe(0);

    const secret = setUp({ runtime: { env: { A: '${env:SWITCHYARD_SECRET_A}' } } });
    await expect(secret.start()).rejects.toMatchObject({ code: 'secret-missing' });
    expect(secret.budget.used).toBe(0);
  });

  it('that takes too long is told as such', async () => {
    const { clock, maker, start, budget } = setUp();
    maker.fail('hang');
    const refused = expect(start()).rejects.toMatchObject({ code: 'start-timeout' });
    await clock.advance(30_000);
    await refused;
    expect(budget.used).toBe(0);
  });

  it('that is given up is told as such', async () => {
    const { maker, start } = setUp();
    maker.fail('hang');
    const giveUp = new AbortController();
    const refused = expect(start(giveUp.signal)).rejects.toMatchObject({ code: 'aborted' });
    await settle();
    giveUp.abort();
    await refused;
  });

  it('waits for nothing when all permits are taken', async () => {
    const { start, maker } = setUp();
    await start();
    maker.at(0).setInFlight(1);
    await expect(start()).rejects.toMatchObject({ code: 'capacity' });
  });
});
