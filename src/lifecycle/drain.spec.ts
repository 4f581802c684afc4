import { describe, expect, it } from '@jest/globals';
import { FakeUpstreamMaker } from '../../test/support/fake-upstream.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { revisionOf } from '../../test/transcripts/fake-registry.js';
import { drainInstance } from './drain.js';
import { Instance } from './instance.js';
import { runnableOf } from './service-observer.js';
import { buildUpstreamSpec } from './upstream-spec.builder.js';

const VALUES = { env: {}, headers: {}, tls: { ca: null, cert: null, key: null }, secrets: [] };
const LIMITS = { drainMs: 1000, sessionDrainMs: 60_000, idleStopMs: 10_000 };

async function setUp(isolation: 'shared' | 'session') {
  const clock = new ManualClock();
  const revision = revisionOf('id', 'x', 1, { config: { runtime: { isolation } } });
  const spec = buildUpstreamSpec(runnableOf(revision), VALUES, {}, 'i1');
  const upstream = new FakeUpstreamMaker(clock).create(spec);
  const facts = { instanceId: 'i1', revision: 1, startedAt: '', startedMs: 0 };
  const instance = new Instance(facts, upstream, null);
  await instance.start(new AbortController().signal, () => undefined);
  return { clock, upstream, instance, hurry: new AbortController() };
}

describe('an instance that leaves', () => {
  it('is stopped at once when it has nothing to do, standing streams or not', async () => {
    const { clock, upstream, instance, hurry } = await setUp('shared');
    upstream.countListener(1);
    await drainInstance(instance, LIMITS, clock, hurry.signal);
    expect(instance.state).toBe('stopped');
  });

  it('finishes its calls, within the limit', async () => {
    const { clock, upstream, instance, hurry } = await setUp('shared');
    upstream.setInFlight(1);
    const drained = drainInstance(instance, LIMITS, clock, hurry.signal);
    await clock.advance(999);
    expect(instance.state).toBe('draining');
    await clock.advance(1);
    await drained;
    expect(upstream.state).toBe('stopped');
  });

  it('is kept for its session until that is idle', async () => {
    const { clock, upstream, instance, hurry } = await setUp('session');
    instance.leases = 1;
    const drained = drainInstance(instance, LIMITS, clock, hurry.signal);
    await clock.advance(9000);
    upstream.touch();
    await clock.advance(9000);
    expect(upstream.state).toBe('running');
    await clock.advance(2000);
    await drained;
    expect(upstream.state).toBe('stopped');
  });

  it('is kept for a busy session no longer than the limit, and then for its calls', async () => {
    const { clock, upstream, instance, hurry } = await setUp('session');
    instance.leases = 1;
    upstream.setInFlight(1);
    const drained = drainInstance(instance, LIMITS, clock, hurry.signal);
    await clock.advance(60_999);
    expect(upstream.state).toBe('running');
    await clock.advance(1);
    await drained;
    expect(upstream.state).toBe('stopped');
  });

  it('is stopped at once in a hurry', async () => {
    const { clock, upstream, instance, hurry } = await setUp('session');
    instance.leases = 1;
    upstream.setInFlight(1);
    const drained = drainInstance(instance, LIMITS, clock, hurry.signal);
    hurry.abort();
    await drained;
    expect(upstream.state).toBe('stopped');
    expect(clock.pendingTimers).toBe(0);
  });
});
