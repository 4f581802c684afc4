import type { Clock } from '../kernel/clock.js';
import type { Instance } from './instance.js';

/** How long an ending instance is waited for. Times are milliseconds. */
export interface DrainLimits {
  /** For calls under way. */
  readonly drainMs: number;
  /** For the session that holds an instance of its own, before only its calls are waited for; 0 = not at all. */
  readonly sessionDrainMs: number;
  /** A session that was idle this long is not waited for; `null` = idleness does not matter. */
  readonly idleStopMs: number | null;
}

/** How often a draining instance is looked at. */
const CALL_CHECK_MS = 50;
const SESSION_CHECK_MS = 1000;

/**
 * Waits until nothing is lost by stopping the instance, or until the limits or `hurry` say so, then stops it. A standing
 * stream is never waited for: it would keep an old revision for ever.
 */
export async function drainInstance(
  instance: Instance,
  limits: DrainLimits,
  clock: Clock,
  hurry: AbortSignal,
): Promise<void> {
  instance.beginDrain();
  const { upstream } = instance;
  if (!upstream.multiplexed) {
    const sessionEnd = clock.monotonicMs() + limits.sessionDrainMs;
    while (!hurry.aborted && instance.leases > 0 && !isIdle(instance, limits, clock)) {
      const leftMs = sessionEnd - clock.monotonicMs();
      if (leftMs <= 0) break;
      await clock.sleep(Math.min(SESSION_CHECK_MS, leftMs), hurry);
    }
  }
  const callEnd = clock.monotonicMs() + limits.drainMs;
  while (!hurry.aborted && upstream.inFlight > 0) {
    const leftMs = callEnd - clock.monotonicMs();
    if (leftMs <= 0) break;
    await clock.sleep(Math.min(CALL_CHECK_MS, leftMs), hurry);
  }
  await instance.stop();
}

function isIdle(instance: Instance, limits: DrainLimits, clock: Clock): boolean {
  if (limits.idleStopMs === null || !instance.isQuiet) return false;
  return clock.monotonicMs() - instance.upstream.lastUsedMs >= limits.idleStopMs;
}
