import { describe, expect, it } from '@jest/globals';
import { openWorld, serve, SHARED } from '../../test/transcripts/world-service.js';
import type { LifecycleWorld } from '../../test/transcripts/lifecycle-world.js';
import { AvailabilityChanged, InstanceStarted } from './lifecycle.events.js';

/** A service at revision 2 whose revision 1 is gone. */
async function updated(): Promise<{ world: LifecycleWorld; id: string }> {
  const world = await openWorld();
  const id = await serve(world, 'weather');
  world.autoProve = true;
  world.autoPublish = true;
  world.registry.propose(id, SHARED);
  await world.settle();
  world.autoProve = false;
  expect(world.registry.require(id).revision).toBe(2);
  return { world, id };
}

describe('an older revision that a route names', () => {
  it('has a source that stays the same, and starts nothing until it is called', async () => {
    const { world, id } = await updated();
    expect(world.lifecycle.sourceFor(id, 1)).toBeNull();
    await world.keep('weather', [1, 2]);
    const source = world.lifecycle.sourceFor(id, 1);
    expect(source).not.toBeNull();
    const made = world.maker.made.length;
    await world.keep('weather', [1, 2]);
    expect(world.lifecycle.sourceFor(id, 1)).toBe(source);
    expect(world.maker.made).toHaveLength(made);
    await world.lifecycle.stop();
  });

  it('is marked in the history as long as it is named', async () => {
    const { world, id } = await updated();
    await world.keep('weather', [1, 2]);
    expect([...world.registry.pinned]).toEqual([`${id}/1`, `${id}/2`]);
    await world.keep('weather', [2]);
    expect([...world.registry.pinned]).toEqual([`${id}/2`]);
    await world.lifecycle.stop();
  });

  it('that is not stored has no source, and nothing else suffers', async () => {
    const { world, id } = await updated();
    await world.keep('weather', [9, 1]);
    expect(world.lifecycle.sourceFor(id, 9)).toBeNull();
    expect(world.lifecycle.sourceFor(id, 1)).not.toBeNull();
    await world.lifecycle.stop();
  });

  it('has no instances while the service is not wanted active', async () => {
    const { world, id } = await updated();
    await world.registry.setDesired(id, 'inactive');
    await world.settle();
    await world.clock.advance(2000);
    await world.keep('weather', [1]);
    expect(world.lifecycle.statusOf(id).state).toBe('inactive');
    expect(world.lifecycle.sourceFor(id, 1)).toBeNull();
    expect(world.lifecycle.sourceFor(id, 2)).toBeNull();
    await world.lifecycle.stop();
  });

  it('is proven once for all who wait, and does not touch the state of the service', async () => {
    const { world, id } = await updated();
    const started: number[] = [];
    world.core.parts.bus.subscribe(InstanceStarted, ({ revision }) => {
      started.push(revision);
    });
    await world.keep('weather', [1]);
    world.acquire('weather', 'a', 'call', 1);
    world.acquire('weather', 'b', 'call', 1);
    await world.settle();
    const before = world.lifecycle.statusOf(id);
    await world.prove('weather', 'ok');
    await world.settle();
    expect(started).toEqual([1]);
    expect([...world.leases.keys()].sort()).toEqual(['a', 'b']);
    expect(world.lifecycle.statusOf(id)).toEqual(before);
    await world.lifecycle.stop();
  });

  it('that nobody proves in time refuses its callers and stops what it started', async () => {
    const { world, id } = await updated();
    await world.keep('weather', [1]);
    world.acquire('weather', 'a', 'call', 1);
    await world.settle();
    const running = world.maker.running.length;
    await world.clock.advance(120_000);
    expect(world.lines.join('\n')).toContain('a refused');
    expect(world.maker.running).toHaveLength(running - 1);
    expect(world.lifecycle.statusOf(id).state).toBe('active');
    await world.lifecycle.stop();
  });

  it('named again while it is seen out asks for a new table when that is done', async () => {
    const { world, id } = await updated();
    await world.keep('weather', [1]);
    world.acquire('weather', 'a', 'call', 1);
    await world.settle();
    await world.prove('weather', 'ok');
    await world.settle();
    const old = world.maker.running.at(-1);
    old?.setInFlight(1);
    await world.keep('weather', []);
    world.publish();
    await world.keep('weather', [1]);
    expect(world.lifecycle.sourceFor(id, 1)).toBeNull();
    const asked: string[] = [];
    world.core.parts.bus.subscribe(AvailabilityChanged, ({ service_id }) => {
      asked.push(service_id);
    });
    old?.setInFlight(0);
    await world.clock.advance(2000);
    expect(asked).toContain(id);
    await world.keep('weather', [1]);
    expect(world.lifecycle.sourceFor(id, 1)).not.toBeNull();
    await world.lifecycle.stop();
  });

  it('that is being proven when the gateway stops is given up', async () => {
    const { world, id } = await updated();
    await world.keep('weather', [1]);
    world.acquire('weather', 'a', 'call', 1);
    await world.settle();
    await world.lifecycle.stop();
    await world.settle();
    expect(world.maker.running).toEqual([]);
    expect(world.core.parts.runtimes.of(id).trials.size).toBe(0);
  });
});
