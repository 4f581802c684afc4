import { describe, expect, it } from '@jest/globals';
import { mayBecome } from '../kernel/state-machine.js';
import { INSTANCE_TRANSITIONS, isLive, type InstanceState } from './instance-state.js';

describe('the state of an instance', () => {
  it.each<[InstanceState, boolean]>([
    ['starting', true],
    ['ready', true],
    ['draining', true],
    ['stopped', false],
    ['failed', false],
  ])('%s is live: %s', (state, live) => {
    expect(isLive(state)).toBe(live);
  });

  it('ends for good: nothing follows stopped, and what failed never serves again', () => {
    expect(INSTANCE_TRANSITIONS.stopped).toEqual([]);
    expect(mayBecome(INSTANCE_TRANSITIONS, 'failed', 'ready')).toBe(false);
    expect(mayBecome(INSTANCE_TRANSITIONS, 'draining', 'ready')).toBe(false);
  });
});
