import { describe, expect, it } from '@jest/globals';
import { openWorld, serve } from '../../test/transcripts/world-service.js';

describe('the logs of a service', () => {
  it('merge what was done with what its processes wrote', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather');
    world.maker.at(0).stderr = ['listening'];
    const lines = world.lifecycle.logs(id, 100);
    expect(lines.at(0)?.message).toBe('draft -> validating: Activating');
    expect(lines.at(-1)).toMatchObject({ source: 'stderr', message: 'listening' });
    expect(world.lifecycle.logs(id, 1)).toHaveLength(1);
    expect(world.lifecycle.logs('nobody', 10)).toEqual([]);
  });

  it('keep the last words of an instance that ended', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather');
    world.maker.at(0).stderr = ['out of memory'];
    world.maker.at(0).crash();
    const messages = world.lifecycle.logs(id, 100).map(({ message }) => message);
    expect(messages).toContain('out of memory');
    expect(messages.at(-1)).toContain('an instance failed');
  });

  it('are followed once a second, and only while somebody does', async () => {
    const world = await openWorld();
    const id = await serve(world, 'weather');
    await world.clock.advance(0);
    const idle = world.clock.pendingTimers;
    const heard: string[] = [];
    const leave = world.lifecycle.followLogs(id, ({ message }) => heard.push(message));
    world.maker.at(0).stderr = ['one'];
    await world.clock.advance(1000);
    world.maker.at(0).stderr = ['one', 'two'];
    await world.clock.advance(1000);
    expect(heard).toEqual(['one', 'two']);
    leave();
    leave();
    expect(world.clock.pendingTimers).toBe(idle);
  });
});
