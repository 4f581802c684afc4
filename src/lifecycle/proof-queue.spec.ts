import { describe, expect, it } from '@jest/globals';
import type { FakeSpec } from '../../test/transcripts/fake-registry.js';
import { openWorld, serve, SHARED } from '../../test/transcripts/world-service.js';

const OWN: FakeSpec = { config: { runtime: { idle_stop_ms: 1000 } } };
const WARM: FakeSpec = { config: { runtime: { warm: 1 } } };

describe('the background proofs of boot', () => {
  it('are two at a time: warm services first, then shared ones', async () => {
    const world = await openWorld();
    await serve(world, 'own', OWN);
    await serve(world, 'shared', SHARED);
    await serve(world, 'warm', WARM);
    await world.reboot();
    await world.settle();
    const waiting = () => world.take().filter((line) => line.includes('waits for its proof'));
    expect(waiting()).toEqual(['warm: r1 waits for its proof', 'shared: r1 waits for its proof']);
    await world.prove('warm', 'ok');
    await world.settle();
    expect(waiting()).toEqual(['own: r1 waits for its proof']);
    await world.lifecycle.stop();
  });

  it('start nothing when there are many services, but for those that are kept warm', async () => {
    const world = await openWorld(200);
    for (let count = 0; count < 65; count += 1) await serve(world, `s${String(count)}`, OWN);
    const made = world.maker.made.length;
    await world.reboot();
    await world.settle();
    expect(world.maker.made.length).toBe(made);
    expect(world.core.queue.length).toBe(0);
  });

  it('leave to the first call what there is no room for', async () => {
    const world = await openWorld(1);
    const first = await serve(world, 'a', SHARED);
    world.maker.at(0).setInFlight(0);
    const second = await serve(world, 'b', SHARED);
    await world.reboot();
    await world.settle();
    await world.prove('a', 'ok');
    await world.settle();
    expect(world.lifecycle.statusOf(second).state).toBe('active');
    expect(world.maker.running).toHaveLength(1);
    // Its first call takes the place of the idle one.
    world.autoProve = true;
    world.acquire('b', 'lease', 'session');
    await world.settle();
    expect(world.leases.has('lease')).toBe(true);
    expect(world.lifecycle.instances(first)).toEqual([]);
  });
});
