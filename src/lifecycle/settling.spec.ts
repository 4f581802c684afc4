import { describe, expect, it } from '@jest/globals';
import { CONTEXT } from '../../test/transcripts/fake-registry.js';
import { openWorld, register, serve, SHARED } from '../../test/transcripts/world-service.js';

describe('what came of a command', () => {
  it('is known once the service has settled', async () => {
    const world = await openWorld();
    const id = await register(world, 'weather');
    const settled = world.lifecycle.settled(id, 1, 30_000);
    await world.prove('weather', 'ok');
    await world.settle();
    world.publish();
    expect(await settled).toEqual({ done: true, state: 'active', failure: null, promoted: true });
    await world.lifecycle.stop();
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('is not known yet when the time is over, or the caller has gone', async () => {
    const world = await openWorld();
    const id = await register(world, 'weather');
    const late = world.lifecycle.settled(id, 1, 1000);
    const giveUp = new AbortController();
    const gone = world.lifecycle.settled(id, 1, 60_000, giveUp.signal);
    giveUp.abort();
    await world.clock.advance(1000);
    const pending = { done: false, state: 'deploying' };
    expect(await Promise.all([late, gone])).toEqual([pending, pending]);
    expect(await world.lifecycle.settled(id, 1, 0)).toEqual(pending);
    await world.lifecycle.stop();
  });

  it('carries the failure, with the service in error', async () => {
    const world = await openWorld();
    world.maker.fail('command-missing');
    const id = await register(world, 'weather');
    expect(await world.lifecycle.settled(id, 1, 0)).toMatchObject({
      done: true,
      state: 'error',
      promoted: false,
      failure: { stage: 'start', code: 'upstream.command-missing', revision: 1 },
    });
  });

  it('is known at once of a revision that a newer one replaced', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather');
    world.registry.propose(id, SHARED);
    await world.settle();
    const older = world.lifecycle.settled(id, 2, 30_000);
    world.registry.propose(id, SHARED);
    await world.settle();
    expect(await older).toMatchObject({
      done: true,
      promoted: false,
      failure: { code: 'lifecycle.superseded' },
    });
    await world.lifecycle.stop();
  });

  it('does not remember the failure of a try before', async () => {
    const world = await openWorld();
    world.maker.fail('exited-early', 1);
    const id = await register(world, 'weather');
    world.autoProve = true;
    world.autoPublish = true;
    await world.lifecycle.activate(id, CONTEXT);
    const settled = await Promise.all([world.lifecycle.settled(id, 1, 1000), world.settle()]);
    expect(settled[0]).toMatchObject({ done: true, state: 'active', promoted: true });
  });

  it('of a service that is gone is that it is archived', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather');
    world.autoPublish = true;
    await world.registry.setDesired(id, 'archived');
    const settled = world.lifecycle.settled(id, null, 5000);
    await world.clock.advance(1000);
    expect(await settled).toMatchObject({ done: true, state: 'archived' });
  });
});
