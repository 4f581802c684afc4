import { describe, expect, it } from '@jest/globals';
import { openWorld, SHARED } from '../../test/transcripts/world-service.js';
import { StartTurns } from './start-turns.js';

function asked(turns: StartTurns, ids: readonly string[]): Set<string> {
  const begun = new Set<string>();
  for (const id of ids) {
    const turn = turns.take(id);
    if (turn === null) begun.add(id);
    else void turn.then(() => begun.add(id));
  }
  return begun;
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the turns to start', () => {
  it.each([
    [1, 1],
    [2, 1],
    [7, 3],
    [64, 8],
  ])('leaves room below a cap of %i processes: %i begin at once', async (limit, atOnce) => {
    const begun = asked(new StartTurns(limit), [...'abcdefghijkl']);
    await settled();
    expect(begun.size).toBe(atOnce);
  });

  it('lets the next one begin when one is over, in the order of asking', async () => {
    const turns = new StartTurns(4);
    const begun = asked(turns, ['a', 'b', 'c', 'd']);
    turns.end('b');
    await settled();
    expect([...begun]).toEqual(['a', 'b', 'c']);
  });

  it('passes over one that waits no more', async () => {
    const turns = new StartTurns(2);
    const begun = asked(turns, ['a', 'b', 'c']);
    turns.end('b');
    turns.end('a');
    await settled();
    expect(begun.has('c')).toBe(true);
    turns.end('c');
    expect(turns.take('d')).toBeNull();
  });

  it('is not moved by the end of one that never asked', async () => {
    const turns = new StartTurns(2);
    const begun = asked(turns, ['a', 'b']);
    turns.end('x');
    await settled();
    expect([...begun]).toEqual(['a']);
  });
});

describe('many services at once', () => {
  const names = Array.from({ length: 12 }, (_, index) => `s${String(index)}`);

  it('all come to serve below a cap on processes that is lower than their number', async () => {
    const world = await openWorld(4);
    const spec = { config: { runtime: { isolation: 'session', warm: 0 } } };
    for (const name of names) world.registry.create(world.random.uuid(), name, spec);
    await world.settle();
    expect(world.maker.running).toHaveLength(2);
    world.autoProve = true;
    world.autoPublish = true;
    await world.prove('s0', 'ok');
    await world.prove('s1', 'ok');
    for (let round = 0; round < names.length; round += 1) await world.settle();
    const states = names.map((name) => world.lifecycle.statusOf(world.idOf(name)).state);
    expect(states).toEqual(names.map(() => 'active'));
    await world.lifecycle.stop();
  });

  it('wait without their time to start running out', async () => {
    const world = await openWorld(2);
    for (const name of names) world.registry.create(world.random.uuid(), name, SHARED);
    await world.settle();
    await world.clock.advance(110_000);
    await world.settle();
    const told = world.lifecycle.statusOf(world.idOf('s11'));
    expect(told).toMatchObject({ state: 'deploying', last_failure: null });
    await world.lifecycle.stop();
  });

  it('give their turn to the next when they are deactivated while they wait', async () => {
    const world = await openWorld(2);
    for (const name of names.slice(0, 3)) world.registry.create(world.random.uuid(), name, SHARED);
    await world.settle();
    await world.registry.setDesired(world.idOf('s1'), 'inactive');
    await world.settle();
    await world.prove('s0', 'exited');
    await world.settle();
    expect(world.lifecycle.statusOf(world.idOf('s1')).state).toBe('inactive');
    expect(world.maker.running).toHaveLength(1);
    await world.prove('s2', 'ok');
    await world.lifecycle.stop();
  });
});
