import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../kernel/json.js';
import { FakeUpstreamMaker } from '../../test/support/fake-upstream.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { revisionOf } from '../../test/transcripts/fake-registry.js';
import { Instance } from './instance.js';
import { AT_ONCE, InstanceRoster } from './instance-roster.js';
import { poolPlan } from './pool-plan.js';
import { runnableOf } from './service-observer.js';
import { buildUpstreamSpec } from './upstream-spec.builder.js';

const VALUES = { env: {}, headers: {}, tls: { ca: null, cert: null, key: null }, secrets: [] };

function setUp(runtime: JsonObject) {
  const clock = new ManualClock();
  const maker = new FakeUpstreamMaker(clock);
  const revision = runnableOf(revisionOf('id', 'x', 1, { config: { runtime } }));
  const ended: string[] = [];
  const roster = new InstanceRoster(poolPlan(revision), clock, ({ id }) => ended.push(id));
  const serve = async (id: string) => {
    const upstream = maker.create(buildUpstreamSpec(revision, VALUES, {}, id));
    const facts = { instanceId: id, revision: 1, startedAt: '', startedMs: clock.monotonicMs() };
    const instance = new Instance(facts, upstream, null);
    await instance.start(new AbortController().signal, () => undefined);
    roster.serving.add(instance);
    return { instance, upstream };
  };
  return { clock, roster, serve, ended };
}

describe('the roster of a pool', () => {
  it('knows the shared instance with the least to do, by calls and then by leases', async () => {
    const { roster, serve } = setUp({ isolation: 'shared' });
    const first = await serve('i1');
    const second = await serve('i2');
    first.instance.leases = 1;
    expect(roster.leastBusy()).toBe(second.instance);
    second.upstream.setInFlight(1);
    expect(roster.leastBusy()).toBe(first.instance);
    second.instance.beginDrain();
    first.instance.beginDrain();
    expect(roster.leastBusy()).toBeUndefined();
  });

  it('does not pick what is ejected, lets one lease try it afterwards, and picks it again once it is pardoned', async () => {
    const { roster, serve, clock } = setUp({ isolation: 'shared' });
    const { instance: sick } = await serve('i1');
    const { instance: well } = await serve('i2');
    well.leases = 3;
    expect(roster.pick()).toBe(sick);
    expect(roster.eject('i1', 30_000)).toBe(true);
    expect(roster.pick()).toBe(well);
    await clock.advance(30_000);
    expect(roster.pick()).toBe(sick);
    expect(roster.pick()).toBe(well);
    roster.pardon('i1');
    expect([roster.pick(), roster.pick()]).toEqual([sick, sick]);
  });

  it('ejects at most half, and picks what is ejected when nothing else is left', async () => {
    const { roster, serve } = setUp({ isolation: 'shared' });
    await serve('i1');
    expect(roster.eject('i1', 1_000)).toBe(false);
    const { instance: other } = await serve('i2');
    await serve('i3');
    expect(roster.eject('i1', 1_000)).toBe(true);
    expect(roster.eject('i2', 1_000)).toBe(false);
    expect(roster.eject('gone', 1_000)).toBe(false);
    roster.end(other);
    for (const instance of [...roster.serving].slice(1)) roster.end(instance);
    expect(roster.pick()?.id).toBe('i1');
  });

  it('tells used instances from the stock, which is not stopped for being idle', async () => {
    const { roster, serve } = setUp({});
    const used = await serve('i1');
    used.instance.used = true;
    const fresh = await serve('i2');
    expect(roster.unused()).toBe(fresh.instance);
    expect(roster.unusedCount).toBe(1);
    expect(roster.idleCandidates()).toEqual([used.instance]);
  });

  it('offers to others only what no lease and no call is on', async () => {
    const { roster, serve, ended } = setUp({});
    const { instance, upstream } = await serve('i1');
    instance.leases = 1;
    expect(roster.reclaimable()).toEqual([]);
    instance.leases = 0;
    upstream.setInFlight(1);
    expect(roster.reclaimable()).toEqual([]);
    upstream.setInFlight(0);
    await roster.reclaimable()[0]?.stop();
    expect(ended).toEqual(['i1']);
    expect(roster.isEmpty).toBe(true);
  });

  it('is empty only when what leaves is gone, and awaits that', async () => {
    const { roster, serve, clock } = setUp({ isolation: 'shared' });
    const { instance, upstream } = await serve('i1');
    upstream.setInFlight(1);
    roster.leave(instance, { drainMs: 500, sessionDrainMs: 0 });
    expect(roster.isLeaving(instance)).toBe(true);
    const ended = roster.ended();
    await clock.advance(499);
    expect(roster.isEmpty).toBe(false);
    await clock.advance(1);
    await ended;
    expect(roster.isEmpty).toBe(true);
  });

  it('cuts every wait short in a hurry', async () => {
    const { roster, serve } = setUp({ isolation: 'shared' });
    const { instance, upstream } = await serve('i1');
    upstream.setInFlight(1);
    roster.leave(instance, { drainMs: 60_000, sessionDrainMs: 0 });
    roster.hurry();
    await roster.ended();
    roster.leave((await serve('i2')).instance, AT_ONCE);
    await roster.ended();
    expect(roster.all()).toEqual([]);
  });
});
