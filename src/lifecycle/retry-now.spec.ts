import { describe, expect, it } from '@jest/globals';
import { CONTEXT } from '../../test/transcripts/fake-registry.js';
import type { LifecycleWorld } from '../../test/transcripts/lifecycle-world.js';
import { openWorld, serve, SHARED } from '../../test/transcripts/world-service.js';

const REMOTE = {
  hosting_mode: 'streamable_http',
  config: { runtime: { command: null }, network: { url: 'http://127.0.0.1:1/mcp' } },
} as const;

/** A service in error whose next try is seconds away. */
async function waiting(spec: typeof REMOTE | typeof SHARED): Promise<[LifecycleWorld, string]> {
  const world = await openWorld();
  const id = await serve(world, 'weather', spec);
  world.maker.fail('connect-refused');
  world.lifecycle.recordUnhealthy(id, 'ConnectionRefused', 'gone', { code: 'connect-refused' });
  await world.settle();
  await world.clock.advance(1000);
  await world.clock.advance(2000);
  world.autoProve = true;
  world.autoPublish = true;
  return [world, id];
}

describe('a try that is asked for', () => {
  it('is made at once, and awaited until the service serves', async () => {
    const [world, id] = await waiting(REMOTE);
    world.maker.fail(null);
    await world.lifecycle.retryNow(id);
    expect(world.lifecycle.statusOf(id).state).toBe('active');
    expect(world.lifecycle.availabilityOf(id).serving).toBe(true);
    await world.lifecycle.stop();
  });

  it('that fails leaves it to be tried again by itself', async () => {
    const [world, id] = await waiting(SHARED);
    const made = world.maker.made.length;
    await world.lifecycle.retryNow(id);
    expect(world.maker.made.length - made).toBe(1);
    expect(world.lifecycle.statusOf(id).state).toBe('error');
    world.maker.fail(null);
    await world.clock.advance(60_000);
    expect(world.lifecycle.statusOf(id).state).toBe('active');
    await world.lifecycle.stop();
  });

  it('joins the one under way, and is not waited for longer than its deadline', async () => {
    const [world, id] = await waiting(REMOTE);
    world.maker.fail(null);
    world.autoProve = false;
    const made = world.maker.made.length;
    let done = 0;
    const noted = (): void => {
      done += 1;
    };
    const both = [
      world.lifecycle.retryNow(id).then(noted),
      world.lifecycle.retryNow(id).then(noted),
    ];
    await world.settle();
    expect(world.maker.made.length - made).toBe(1);
    expect(done).toBe(0);
    await world.prove('weather', 'handshake-timeout');
    await Promise.all(both);
    expect(world.lifecycle.statusOf(id).state).toBe('error');
    await world.lifecycle.stop();
  });

  it('is none for a service that serves, that rests, or that only a command mends', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather', REMOTE);
    await world.lifecycle.retryNow('unknown');
    await world.lifecycle.retryNow(id);
    world.lifecycle.recordUnhealthy(id, 'Unauthorized', 'refused', { authentication: true });
    await world.settle();
    await world.lifecycle.retryNow(id);
    expect(world.lifecycle.statusOf(id).state).toBe('error');
    await world.lifecycle.deactivate(id, CONTEXT);
    await world.settle();
    await world.lifecycle.retryNow(id);
    expect(world.lifecycle.statusOf(id).state).toBe('inactive');
    expect(world.maker.made).toHaveLength(1);
  });
});
