import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { eraKeyOf, timeLeftMs } from './greeting.js';
import { GATEWAY_CLIENT } from './upstream.js';

describe('the time left for a greeting', () => {
  it.each([
    [10_000, 9_850],
    [600, 450],
    [400, 300],
    [1, 1],
    [0, 1],
    [-5, 1],
  ])('of %d ms is %d ms', (deadlineMs, expected) => {
    const clock = new ManualClock();
    const greeted = {
      client: GATEWAY_CLIENT,
      deadlineMs: clock.monotonicMs() + deadlineMs,
      signal: undefined,
    };
    expect(timeLeftMs(greeted, clock)).toBe(expected);
  });
});

describe('the key of a command', () => {
  const command = { file: '/bin/a', args: ['x'], cwd: null, env: { A: '1' }, listen: null };

  it('is the same for the same server', () => {
    expect(eraKeyOf({ ...command })).toBe(eraKeyOf(command));
  });

  it.each([
    ['file', { file: '/bin/b' }],
    ['arguments', { args: ['y'] }],
    ['directory', { cwd: '/tmp' }],
    ['environment', { env: { A: '2' } }],
  ])('differs with the %s', (_what, other) => {
    expect(eraKeyOf({ ...command, ...other })).not.toBe(eraKeyOf(command));
  });
});
