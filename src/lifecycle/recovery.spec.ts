import { describe, expect, it } from '@jest/globals';
import type { StorageFault } from '../storage/record-store.js';
import { openWorld, serve, SHARED } from '../../test/transcripts/world-service.js';

function fault(change: Partial<StorageFault>): StorageFault {
  return {
    kind: 'service',
    id: 'x',
    fault: 'corrupt',
    file: 'corrupt/x',
    detail: 'cut',
    ...change,
  };
}

describe('boot', () => {
  it('mounts what was active before anything has started', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather');
    world.maker.fail('hang');
    const made = world.maker.made.length;
    await world.reboot();
    expect(world.lifecycle.availabilityOf(id).serving).toBe(true);
    expect(world.lifecycle.statusOf(id).health.reason).toBe('NotYetProven');
    expect(world.maker.made.length - made).toBeLessThanOrEqual(1);
    await world.lifecycle.stop();
  });

  it('takes a candidate that had been promoted for the stable revision', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather');
    world.registry.propose(id, SHARED);
    await world.settle();
    await world.prove('weather', 'ok');
    await world.settle();
    expect(world.lifecycle.statusOf(id)).toMatchObject({ state: 'updating', stable_revision: 1 });
    await world.reboot();
    const status = world.lifecycle.statusOf(id);
    expect(status).toMatchObject({ state: 'active', stable_revision: 2 });
    expect(status.conditions.find(({ type }) => type === 'Progressing')?.reason).toBe(
      'UpdateCompleted',
    );
    await world.lifecycle.stop();
  });

  it('reports damaged and edited records on the service they belong to', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather');
    const lost = world.random.uuid();
    await world.core.recovery.recover([
      fault({ id, fault: 'drifted', file: 'active/weather.json' }),
      fault({ id: `${id}/1`, kind: 'revision' }),
      fault({ id: lost }),
      fault({ kind: 'template', id: 'x' }),
    ]);
    const found = world.lifecycle.statusOf(id).conditions.map(({ type }) => type);
    expect(found).toEqual(expect.arrayContaining(['Drifted', 'StorageCorrupt']));
    expect(world.lifecycle.statusOf(id).state).toBe('active');
    expect(world.store.get('service_status', lost)).toBeUndefined();
    await world.lifecycle.stop();
  });

  it('holds a document that was edited by hand until a write has settled it', async () => {
    const world = await openWorld();
    const id = world.random.uuid();
    world.registry.create(id, 'weather', SHARED, 'active');
    await world.settle();
    await world.lifecycle.stop();
    world.registry.faults.set(id, fault({ id, fault: 'drifted' }));
    await world.reboot();
    await world.settle();
    expect(world.lifecycle.isHeld(id)).toBe(true);
    world.registry.faults.delete(id);
    expect(world.lifecycle.isHeld(id)).toBe(false);
    await world.lifecycle.stop();
  });

  it.each(['draft', 'inactive'] as const)(
    'starts nothing from a damaged document, though it was %s and is to be active',
    async (state) => {
      const world = await openWorld();
      const id = world.random.uuid();
      world.registry.create(id, 'weather', SHARED, state);
      await world.settle();
      await world.lifecycle.stop();
      await world.registry.setDesired(id, 'active');
      world.registry.faults.set(id, fault({ id }));
      await world.reboot();
      await world.settle();
      expect(world.lifecycle.isHeld(id)).toBe(true);
      expect(world.maker.made).toEqual([]);
      await world.lifecycle.stop();
    },
  );
});
