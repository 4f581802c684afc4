import { describe, expect, it, jest } from '@jest/globals';
import { openWorld } from '../../test/transcripts/world-service.js';
import { startTimeout } from './failure-mapping.js';

const ID = '00000000-0000-4000-8000-0000000000aa';

describe('the recorder', () => {
  it('writes state and conditions in one commit, and tells of the change once', async () => {
    const world = await openWorld();
    const { recorder } = world.core.parts;
    await recorder.become(ID, 'validating', 'Activating');
    await recorder.become(ID, 'validating', 'Activating');
    expect(world.take()).toEqual(['(gone): draft -> validating (Activating)']);
    expect(world.lifecycle.statusOf(ID)).toMatchObject({
      state: 'validating',
      conditions: [{ type: 'Progressing', status: 'true', reason: 'Activating' }],
    });
    expect(world.lifecycle.logs(ID, 9)).toHaveLength(1);
  });

  it('refuses a move that the table does not have, and writes nothing', async () => {
    const world = await openWorld();
    const { recorder } = world.core.parts;
    await expect(recorder.become(ID, 'active', 'Proven')).rejects.toMatchObject({
      code: 'lifecycle.transition-refused',
      details: { extra: { state: 'draft', allowed: ['validating', 'archived'] } },
    });
    expect(world.lifecycle.statusVersion(ID)).toBe(0);
  });

  it('logs what is as grave as the service wants, and nothing below', async () => {
    const world = await openWorld();
    const { recorder, runtimes } = world.core.parts;
    const wanted: string[] = [];
    jest.spyOn(runtimes.of(ID).log, 'wants').mockImplementation((level) => {
      wanted.push(level);
      return level === 'error';
    });
    await recorder.become(ID, 'validating', 'Activating');
    recorder.note(ID, 'given up', null, 'warn');
    await recorder.become(ID, 'error', 'Failed');
    expect(wanted).toEqual(['info', 'warn', 'error']);
    expect(world.lifecycle.logs(ID, 9).map(({ message }) => message)).toEqual([
      'validating -> error: Failed',
    ]);
  });

  it('dates a failure', async () => {
    const world = await openWorld();
    expect(world.core.parts.recorder.dated(startTimeout(5), 3)).toMatchObject({
      revision: 3,
      at: world.clock.timestamp(),
    });
  });

  it('commits nothing for a condition that stays as it is', async () => {
    const world = await openWorld();
    const { recorder } = world.core.parts;
    const secure = { type: 'Secure', status: 'true', reason: 'Ok', message: '' } as const;
    await recorder.mark(ID, [secure]);
    const { revision } = world.store;
    await recorder.mark(ID, [secure], ['Degraded']);
    expect(world.store.revision).toBe(revision);
  });
});
