import { describe, expect, it } from '@jest/globals';
import { openWorld, serve, SHARED } from '../../test/transcripts/world-service.js';
import { runnableOf } from './service-observer.js';

describe('the keeper of pools', () => {
  it('answers the same pool for a revision as long as it is kept', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather');
    const runtime = world.core.parts.runtimes.of(id);
    const revision = runnableOf(world.registry.require(id));
    const pool = world.core.pools.poolOf(runtime, revision);
    expect(world.lifecycle.sourceFor(id, 1)).toBe(pool);
    expect(world.core.pools.poolOf(runtime, revision)).toBe(pool);
    pool.retire();
    expect(world.lifecycle.sourceFor(id, 1)).toBeNull();
  });

  it('waits with a drain for the table without the service, but not for ever', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather');
    await world.registry.setDesired(id, 'inactive');
    await world.settle();
    expect(world.maker.at(0).state).toBe('running');
    await world.clock.advance(999);
    expect(world.maker.at(0).state).toBe('running');
    await world.clock.advance(1);
    expect(world.maker.at(0).state).toBe('stopped');
  });

  it('takes a service out of rotation when its credentials are refused, and not for a pinned revision', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather');
    world.maker.at(0).crash('unauthorized');
    await world.settle();
    expect(world.lifecycle.statusOf(id)).toMatchObject({
      state: 'error',
      last_failure: { reason: 'Unauthorized' },
    });

    const other = await serve(world, 'pinned');
    const old = world.maker.running[0];
    world.registry.propose(other, SHARED);
    await world.settle();
    await world.prove('pinned', 'ok');
    await world.settle();
    world.lifecycle.recordPublished(90, new Map([[other, [2, 1]]]));
    await world.settle();
    old?.crash('unauthorized');
    await world.settle();
    expect(world.lifecycle.statusOf(other).state).toBe('active');
  });

  it('counts the failures of a service for its instances', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather');
    world.maker.at(0).crash();
    world.acquire('weather', 'a', 'session');
    await world.settle();
    expect(world.lifecycle.instances(id)).toMatchObject([{ revision: 1, restarts: 1 }]);
  });
});
