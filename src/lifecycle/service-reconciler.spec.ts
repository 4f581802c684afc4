import { describe, expect, it, jest } from '@jest/globals';
import { CONTEXT } from '../../test/transcripts/fake-registry.js';
import { openWorld, register, serve, SHARED } from '../../test/transcripts/world-service.js';

describe('the passes over a service', () => {
  it('never overlap, and one that has not begun is shared by all who ask', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather');
    const passes = [1, 2, 3, 4].map(() => world.core.reconciler.wake(id));
    expect(new Set(passes).size).toBe(1);
    expect(world.core.parts.runtimes.of(id).passes).toBe(1);
    await Promise.all(passes);
    expect(world.core.parts.runtimes.of(id).passes).toBe(0);
  });

  it('are made again after a fault of ours, such as a full disk', async () => {
    const world = await openWorld();
    const commit = jest.spyOn(world.store, 'commit').mockRejectedValue(new Error('disk full'));
    const id = await register(world, 'weather');
    expect(world.lifecycle.statusOf(id).state).toBe('draft');
    commit.mockRestore();
    await world.clock.advance(5000);
    expect(world.lifecycle.statusOf(id).state).toBe('deploying');
    await world.lifecycle.stop();
  });

  it('leave nothing of a service that is gone, and no timer of one that rests', async () => {
    const world = await openWorld();
    world.autoPublish = true;
    const gone = await serve(world, 'gone');
    const rests = await serve(world, 'rests');
    await world.registry.setDesired(gone, 'archived');
    await world.lifecycle.deactivate(rests, CONTEXT);
    await world.clock.advance(1000);
    expect(world.core.parts.runtimes.peek(gone)).toBeUndefined();
    expect(world.lifecycle.statusVersion(gone)).toBe(0);
    expect(world.lifecycle.statusOf(rests).state).toBe('inactive');
    expect(world.clock.pendingTimers).toBe(0);
    expect(world.maker.running).toEqual([]);
  });

  it('end when the gateway does, with everything that ran', async () => {
    const world = await openWorld();
    await serve(world, 'a', { config: { runtime: { warm: 2 } } });
    const id = await register(world, 'b', SHARED);
    await world.lifecycle.stop();
    await world.core.reconciler.wake(id);
    expect(world.maker.running).toEqual([]);
    expect(world.clock.pendingTimers).toBe(0);
    expect(world.lifecycle.runningCount()).toBe(0);
    expect(world.lifecycle.statusOf(id).state).toBe('deploying');
  });

  it('are made over every service by the resync', async () => {
    const world = await openWorld();
    world.registry.bus = null;
    const id = await register(world, 'unheard');
    expect(world.lifecycle.statusOf(id).state).toBe('draft');
    await Promise.all([world.lifecycle.resync(), world.clock.advance(10)]);
    expect(world.lifecycle.statusOf(id).state).toBe('deploying');
    await world.lifecycle.stop();
  });
});
