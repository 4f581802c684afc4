import { describe, expect, it } from '@jest/globals';
import { configProblems } from '../config/config.errors.js';
import { CONTEXT } from '../../test/transcripts/fake-registry.js';
import { openWorld, register, serve } from '../../test/transcripts/world-service.js';

describe('the commands', () => {
  it('leave an active service as it is when it is to be activated', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather');
    await world.lifecycle.activate(id, CONTEXT);
    await world.settle();
    expect(world.take()).toEqual([]);
    expect(await world.lifecycle.settled(id, 1, 0)).toMatchObject({ promoted: true });
  });

  it('refuse what a state does not allow, naming what it does', async () => {
    const world = await openWorld();
    const id = world.random.uuid();
    world.registry.create(id, 'weather', {}, 'draft');
    await expect(world.lifecycle.deactivate(id, CONTEXT)).rejects.toMatchObject({
      code: 'lifecycle.transition-refused',
      details: { extra: { state: 'draft', allowed: ['validating', 'archived'] } },
    });
    expect(() => {
      world.lifecycle.restart(id);
    }).toThrow('restart is not possible');
  });

  it('refuse to move what is on its way to the archive', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather');
    await world.registry.setDesired(id, 'archived');
    await expect(world.lifecycle.activate(id, CONTEXT)).rejects.toThrow('way to the archive');
    await world.lifecycle.stop();
  });

  it('validate without moving the state', async () => {
    const world = await openWorld();
    world.maker.fail('exited-early');
    const id = await register(world, 'weather', {
      config: { integration: { dependencies: [needs('geo')] } },
    });
    world.invalid.set(
      'weather',
      configProblems['command-missing']({ detail: 'server is not installed' }),
    );
    const conditions = await world.lifecycle.validate(id);
    const found = conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`);
    expect(found).toContain('Validated false ConfigRefused');
    expect(found).toContain('DependenciesReady false DependencyMissing');
    expect(world.lifecycle.statusOf(id).state).toBe('error');
    world.invalid.clear();
    const again = await world.lifecycle.validate(id);
    expect(again.find(({ type }) => type === 'Validated')?.status).toBe('true');
  });

  it('expedite nothing of a service that is not there', async () => {
    const world = await openWorld();
    world.lifecycle.expedite('weather');
    expect(world.take()).toEqual([]);
  });
});

function needs(service: string) {
  return { service, version: null, tools: [], required: true };
}
