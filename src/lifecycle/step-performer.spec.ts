import { describe, expect, it } from '@jest/globals';
import { openWorld, serve } from '../../test/transcripts/world-service.js';
import { ServiceStopped } from './lifecycle.events.js';

const WANTS_GEO = {
  config: {
    runtime: { isolation: 'shared' },
    integration: { dependencies: [{ service: 'geo', version: null, tools: [], required: false }] },
  },
};

describe('a step', () => {
  it('to inactive tells that nothing runs any more, and speaks of no health', async () => {
    const world = await openWorld();
    world.autoPublish = true;
    const id = await serve(world, 'weather');
    const stopped: string[] = [];
    world.core.parts.bus.subscribe(ServiceStopped, ({ service_id }) => {
      stopped.push(`${service_id} with ${String(world.maker.running.length)} running`);
    });
    await world.registry.setDesired(id, 'inactive');
    await world.clock.advance(1000);
    expect(stopped).toEqual([`${id} with 0 running`]);
    expect(world.lifecycle.statusOf(id).health.reason).toBe('Inactive');
  });

  it('of an attempt that is over does nothing', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather');
    const runtime = world.core.parts.runtimes.of(id);
    const before = world.store.revision;
    for (const step of ['promote', 'publish', 'mark-active', 'mark-failed'] as const) {
      await world.core.steps.perform(id, runtime, { do: step });
    }
    expect(world.store.revision).toBe(before);
  });

  it('for a revision that is not stored is a fault of ours', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather');
    const runtime = world.core.parts.runtimes.of(id);
    const step = { do: 'start-attempt', revision: 9, kind: 'update' } as const;
    await expect(world.core.steps.perform(id, runtime, step)).rejects.toThrow('revision 9');
  });

  it('keeps the word about dependencies up to date', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather', WANTS_GEO);
    const said = () =>
      world.lifecycle.statusOf(id).conditions.find(({ type }) => type === 'DependenciesReady');
    expect(said()).toMatchObject({ status: 'false', reason: 'OptionalUnmet' });
    await serve(world, 'geo');
    expect(said()).toMatchObject({ status: 'true', reason: 'AllMet' });
  });
});
