import { describe, expect, it } from '@jest/globals';
import { openWorld, serve } from '../../test/transcripts/world-service.js';

describe('the lifecycle put together', () => {
  it('adds and removes services over and over without keeping anything', async () => {
    const world = await openWorld();
    world.autoPublish = true;
    for (let cycle = 0; cycle < 50; cycle += 1) {
      const id = await serve(world, `s${String(cycle)}`);
      world.autoPublish = true;
      await world.registry.setDesired(id, 'archived');
      await world.clock.advance(1000);
    }
    expect(world.core.parts.runtimes.entries()).toEqual([]);
    expect(world.core.parts.starter.budget.used).toBe(0);
    expect(world.store.ids('service_status')).toEqual([]);
    expect(world.clock.pendingTimers).toBe(0);
  });
});
