import { describe, expect, it } from '@jest/globals';
import { openWorld, register, serve, SHARED } from '../../test/transcripts/world-service.js';

describe('what is observed', () => {
  it('of a service that is not there is that it is absent', async () => {
    const world = await openWorld();
    const { observer, runtimes } = world.core.parts;
    expect(observer.observe('nobody', runtimes.of('nobody')).desired).toBe('absent');
    expect(observer.availability('nobody')).toMatchObject({ serving: false, state: 'archived' });
  });

  it('of an update is its candidate and its attempt, while the current revision serves', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather');
    world.registry.propose(id, SHARED);
    await world.settle();
    const { observer, runtimes } = world.core.parts;
    expect(observer.observe(id, runtimes.of(id))).toMatchObject({
      revision: 1,
      candidate: 2,
      state: 'updating',
      attempt: { revision: 2, kind: 'update', phase: 'proving', revocable: true },
      running: true,
      draining: false,
    });
    expect(observer.availability(id).serving).toBe(true);
    await world.lifecycle.stop();
  });

  it('of dependencies are the state, version and tools of what is registered', async () => {
    const world = await openWorld();
    await serve(world, 'geo');
    const { observer } = world.core.parts;
    const needs = { service: 'geo', version: '^1.0.0', tools: ['echo'], required: true };
    expect(observer.dependenciesOf([needs]).met).toBe(true);
    expect(observer.dependenciesOf([{ ...needs, tools: ['fly'] }]).met).toBe(false);
    await register(world, 'slow');
    expect(observer.dependenciesOf([{ ...needs, service: 'slow' }]).reason).toBe(
      'DependencyNotActive',
    );
    await world.lifecycle.stop();
  });
});
