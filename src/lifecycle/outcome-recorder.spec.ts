import { describe, expect, it } from '@jest/globals';
import { configProblems } from '../config/config.errors.js';
import { openWorld, register, serve, SHARED } from '../../test/transcripts/world-service.js';
import { OutcomeRecorder } from './outcome-recorder.js';

describe('what a failure means', () => {
  it('of the configuration: every error with its pointer, and what the problem says to do', () => {
    const problem = configProblems.invalid({
      detail: 'The configuration is not valid.',
      errors: [{ pointer: '/runtime/warm', detail: 'is too many.' }],
    });
    expect(OutcomeRecorder.validationFailure(problem)).toMatchObject({
      stage: 'validate',
      code: 'config.invalid',
      message: 'The configuration is not valid. /runtime/warm: is too many.',
    });
    expect(OutcomeRecorder.validationFailure(new Error('bug'))).toBeNull();
  });

  it('of the configuration: nothing is started', async () => {
    const world = await openWorld();
    world.invalid.set('weather', configProblems['command-missing']({ detail: 'no server' }));
    const id = await register(world, 'weather');
    const status = world.lifecycle.statusOf(id);
    expect(status).toMatchObject({
      state: 'error',
      last_failure: { stage: 'validate', code: 'config.command-missing', revision: 1 },
    });
    expect(status.conditions.find(({ type }) => type === 'Validated')?.status).toBe('false');
    expect(world.maker.made).toEqual([]);
  });

  it('of refused credentials: it is not tried again by itself', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather');
    await world.reboot();
    await world.settle();
    await world.prove('weather', 'unauthorized');
    await world.settle();
    const made = world.maker.made.length;
    await world.clock.advance(3_600_000);
    expect(world.lifecycle.statusOf(id).state).toBe('error');
    expect(world.maker.made).toHaveLength(made);
  });

  it('of what was proven once: it is tried again, later and later', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather');
    world.maker.fail('connect-refused');
    await world.reboot();
    await world.settle();
    const made = world.maker.made.length;
    await world.clock.advance(1000);
    await world.clock.advance(2000);
    expect(world.maker.made.length - made).toBe(2);
    world.maker.fail(null);
    world.autoProve = true;
    world.autoPublish = true;
    await world.clock.advance(4000);
    expect(world.lifecycle.statusOf(id)).toMatchObject({ state: 'active', last_failure: null });
  });

  it('of an update whose dependency is missing: the candidate is given up', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather');
    const dependencies = [{ service: 'geo', version: null, tools: [], required: true }];
    const { config } = SHARED;
    world.registry.propose(id, { config: { ...config, integration: { dependencies } } });
    await world.settle();
    expect(world.lifecycle.statusOf(id)).toMatchObject({
      state: 'active',
      last_failure: { stage: 'dependencies', revision: 2 },
    });
    expect(world.registry.require(id).candidate).toBeNull();
    expect(world.lifecycle.availabilityOf(id).serving).toBe(true);
  });
});
