import { describe, expect, it } from '@jest/globals';
import { FakeUpstreamMaker } from '../../test/support/fake-upstream.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { revisionOf } from '../../test/transcripts/fake-registry.js';
import { Instance } from './instance.js';
import { runnableOf } from './service-observer.js';
import { buildUpstreamSpec } from './upstream-spec.builder.js';

function setUp() {
  const clock = new ManualClock();
  const maker = new FakeUpstreamMaker(clock);
  const values = { env: {}, headers: {}, tls: { ca: null, cert: null, key: null }, secrets: [] };
  const revision = runnableOf(revisionOf('id', 'weather', 1, {}));
  const upstream = maker.create(buildUpstreamSpec(revision, values, {}, 'i1'));
  const released: string[] = [];
  const permit = {
    release: () => {
      released.push(upstream.state);
    },
  };
  const facts = { instanceId: 'i1', revision: 1, startedAt: 'now', startedMs: 0 };
  const instance = new Instance(facts, upstream, permit);
  const downs: string[] = [];
  const start = (signal = new AbortController().signal) =>
    instance.start(signal, (error) => downs.push(error.code));
  return { clock, maker, upstream, instance, released, downs, start };
}

describe('an instance', () => {
  it('is ready once its upstream runs, and gives its permit back once nothing runs any more', async () => {
    const { instance, released, start } = setUp();
    await start();
    expect(instance.state).toBe('ready');
    await Promise.all([instance.stop(), instance.stop()]);
    expect(instance.state).toBe('stopped');
    expect(released).toEqual(['stopped']);
  });

  it('that does not start leaves nothing, and says why', async () => {
    const { instance, maker, released, start } = setUp();
    maker.fail('spawn-failed');
    await expect(start()).rejects.toMatchObject({ code: 'spawn-failed' });
    expect(instance.state).toBe('stopped');
    expect(released).toHaveLength(1);
  });

  it('tells its unexpected end once, and never that of a stop', async () => {
    const crashed = setUp();
    await crashed.start();
    crashed.upstream.crash('memory-limit');
    expect(crashed.downs).toEqual(['memory-limit']);
    await crashed.instance.stop();
    expect(crashed.released).toHaveLength(1);

    const stopped = setUp();
    await stopped.start();
    const stopping = stopped.instance.stop();
    stopped.upstream.crash();
    await stopping;
    expect(stopped.downs).toEqual([]);
  });

  it('is quiet without calls and without standing streams', async () => {
    const { instance, upstream, start } = setUp();
    await start();
    expect(instance.isQuiet).toBe(true);
    upstream.countListener(1);
    expect(instance.isQuiet).toBe(false);
    upstream.countListener(-1);
    upstream.setInFlight(1);
    expect(instance.isQuiet).toBe(false);
  });

  it('shows what it is', async () => {
    const { instance, upstream, start } = setUp();
    await start();
    upstream.setInFlight(2);
    expect(instance.view(61_000, 3)).toEqual({
      instance_id: 'i1',
      revision: 1,
      state: 'ready',
      pid: 4242,
      started_at: 'now',
      uptime_s: 61,
      restarts: 3,
      in_flight: 2,
      memory_bytes: 1024,
      cpu_ms: null,
      ejected: false,
    });
    instance.beginDrain();
    expect(instance.state).toBe('draining');
  });
});
