import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { IdleStopper } from './idle-stopper.js';
import type { Instance } from './instance.js';

/** As much of an instance as idleness looks at. */
function idle(lastUsedMs: number, isQuiet = true) {
  return { isQuiet, upstream: { lastUsedMs }, facts: { startedMs: 0 } } as unknown as Instance;
}

function setUp(idleMs: number | null, candidates: Instance[]) {
  const clock = new ManualClock();
  const stopped: Instance[] = [];
  const stopper = new IdleStopper(
    clock,
    idleMs,
    () => [...candidates],
    (instance) => {
      stopped.push(instance);
      candidates.splice(candidates.indexOf(instance), 1);
    },
  );
  return { clock, stopper, stopped };
}

describe('the idle stop', () => {
  it('stops each instance when its own time has come, with one timer', async () => {
    const [early, late] = [idle(0), idle(600)];
    const { clock, stopper, stopped } = setUp(1000, [early, late]);
    stopper.watch();
    stopper.watch();
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(1000);
    expect(stopped).toEqual([early]);
    await clock.advance(600);
    expect(stopped).toEqual([early, late]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('leaves what is in use', async () => {
    const { clock, stopper, stopped } = setUp(1000, [idle(0, false)]);
    stopper.watch();
    await clock.advance(5000);
    expect(stopped).toEqual([]);
    stopper.cancel();
    stopper.watch();
    expect(clock.pendingTimers).toBe(0);
  });

  it('does nothing where there is nothing to stop, or no limit', () => {
    expect(watched(setUp(1000, []))).toBe(0);
    expect(watched(setUp(null, [idle(0)]))).toBe(0);
  });
});

function watched({ clock, stopper }: ReturnType<typeof setUp>): number {
  stopper.watch();
  return clock.pendingTimers;
}
