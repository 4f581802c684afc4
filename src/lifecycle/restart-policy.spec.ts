import { describe, expect, it } from '@jest/globals';
import {
  countsAsCrash,
  isAway,
  mayRestart,
  NO_CRASHES,
  recordCrash,
  recordRecovery,
  recordUnreached,
  UNREACHED_CAP_MS,
  type RestartHistory,
} from './restart-policy.js';

const POLICY = {
  first_ms: 1000,
  factor: 2,
  cap_ms: 300_000,
  reset_after_ms: 600_000,
  crash_loop_after: 5,
  window_ms: 600_000,
};

function unreached(count: number, policy = POLICY, fraction = 0.5): RestartHistory {
  return Array.from({ length: count }).reduce<RestartHistory>(
    (history) => recordUnreached(history, policy, 50, fraction),
    NO_CRASHES,
  );
}

function crashesAt(times: readonly number[], fraction = 0.5): RestartHistory {
  return times.reduce((history, at) => recordCrash(history, POLICY, at, fraction), NO_CRASHES);
}

describe('the restart policy', () => {
  it.each([
    [1, 0],
    [2, 1000],
    [3, 2000],
    [4, 4000],
    [5, 8000],
  ])('after failure %i of a row waits %i ms', (count, delayMs) => {
    const history = crashesAt(Array.from({ length: count }, () => 50));
    expect(history.startAtMs).toBe(50 + delayMs);
    expect(history.looping).toBe(false);
  });

  it.each([
    [0, 800],
    [0.999_999, 1200],
  ])('jitters by a fifth: fraction %d gives %d ms', (fraction, delayMs) => {
    expect(crashesAt([0, 0], fraction).startAtMs).toBe(delayMs);
  });

  it('is in a loop after more than five failures within ten minutes, and then tries at the cap', () => {
    const history = crashesAt([0, 1, 2, 3, 4, 5]);
    expect(history.looping).toBe(true);
    expect(history.startAtMs).toBe(5 + 300_000);
    expect(crashesAt([0, 120_000, 240_000, 360_000, 480_000, 600_000]).looping).toBe(false);
  });

  it('stays in the loop, however far apart further failures are, until it recovers', () => {
    const loop = recordCrash(crashesAt([0, 1, 2, 3, 4, 5]), POLICY, 5_000_000, 0.5);
    expect(loop.looping).toBe(true);
    const recovered = recordRecovery(loop);
    expect(recovered).toMatchObject({ looping: false, startAtMs: 0, total: 7 });
  });

  it('begins a new row after ten quiet minutes', () => {
    const history = crashesAt([0, 1, 2, 700_000]);
    expect(history.consecutive).toBe(1);
    expect(history.startAtMs).toBe(700_000);
  });

  it('sees a relapse soon after a recovery as one', () => {
    const recovered = recordRecovery(crashesAt([0, 1, 2, 3, 4, 5]));
    expect(recordCrash(recovered, POLICY, 1000, 0.5).looping).toBe(true);
  });

  it('leaves a history without failures as it is', () => {
    expect(recordRecovery(NO_CRASHES)).toBe(NO_CRASHES);
  });

  it.each([
    [1, 1000],
    [2, 2000],
    [3, 4000],
    [4, 8000],
    [5, 12_500],
    [40, 12_500],
  ])('after try %i that did not reach a remote server waits %i ms', (count, delayMs) => {
    const history = unreached(count);
    expect(history.startAtMs).toBe(50 + delayMs);
    expect(history).toMatchObject({ looping: false, crashes: [], consecutive: 0, total: count });
  });

  it('never waits longer than its cap for a remote server, nor than the cap of the service', () => {
    const least = { ...POLICY, cap_ms: 3000 };
    expect(unreached(40, POLICY, 0.999_999).startAtMs).toBeLessThanOrEqual(50 + UNREACHED_CAP_MS);
    expect(unreached(40, least, 0.999_999).startAtMs).toBeLessThanOrEqual(50 + 3000);
  });

  it('begins anew with the delays of an away server after a proof', () => {
    const again = recordUnreached(recordRecovery(unreached(9)), POLICY, 50, 0.5);
    expect(again.startAtMs).toBe(50 + 1000);
  });

  it('sees a server as away only when it is somewhere else', () => {
    expect(isAway('connect-refused', true)).toBe(true);
    expect(isAway('handshake-timeout', true)).toBe(true);
    expect(isAway('tls-failed', true)).toBe(true);
    expect(isAway('connect-refused', false)).toBe(false);
    expect(isAway('not-mcp', true)).toBe(true);
    expect(isAway('redirected', true)).toBe(true);
    expect(isAway('not-mcp', false)).toBe(false);
    expect(isAway('protocol-version', true)).toBe(false);
    expect(isAway('unauthorized', true)).toBe(false);
  });

  it('never restarts refused credentials, and does not count what was ours', () => {
    expect(mayRestart('unauthorized')).toBe(false);
    expect(mayRestart('exited')).toBe(true);
    expect(countsAsCrash('exited')).toBe(true);
    expect(countsAsCrash('capacity')).toBe(false);
    expect(countsAsCrash('retired')).toBe(false);
  });
});
