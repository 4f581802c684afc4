import type { Clock } from '../kernel/clock.js';
import type { Lease, LeaseRequest } from '../upstream/instance-source.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import type { Endpoint } from './endpoint.js';
import { keepsClientState } from './link.js';
import type { Session } from './session.js';

/**
 * A session without call or stream may be ended for a new one after this; at once when its client closed the standing
 * stream it had, as clients do that leave without DELETE.
 */
export const FORGOTTEN_AFTER_MS = 10_000;
/** The child of the session that was ended needs a moment to stop; its place is waited for at most this long. */
export const ROOM_WAIT_MS = 3_000;
/** Between two tries for that place. */
export const ROOM_RETRY_MS = 50;

const REQUEST: LeaseRequest = { purpose: 'session' };

/**
 * A lease for a new session. Where each session has an upstream of its own and no more may be started, the least recently
 * used session that its client seems to have left is ended in favour of the new one, at most one for each: its client, if
 * there still is one, gets 404 and initialises anew. `sessions` are those of the same service. Rejects with an
 * `UpstreamError`: `capacity` when no session could be ended, or its place did not become free in time.
 */
export async function leaseWithRoom(
  endpoint: Endpoint,
  sessions: Iterable<Session>,
  clock: Clock,
): Promise<Lease> {
  try {
    return await endpoint.source.acquire(REQUEST);
  } catch (error) {
    if (!isCapacity(error) || !keepsClientState(endpoint)) throw error;
    const victim = forgotten(endpoint, sessions, clock.monotonicMs());
    if (victim === null) throw error;
    victim.end('evicted');
  }
  return await leaseInTime(endpoint, clock);
}

async function leaseInTime(endpoint: Endpoint, clock: Clock): Promise<Lease> {
  const untilMs = clock.monotonicMs() + ROOM_WAIT_MS;
  for (;;) {
    try {
      return await endpoint.source.acquire(REQUEST);
    } catch (error) {
      if (!isCapacity(error) || clock.monotonicMs() >= untilMs) throw error;
    }
    await clock.sleep(ROOM_RETRY_MS);
  }
}

/** Only sessions on the same source are looked at: ending one of another revision would make no room in this one. */
function forgotten(
  { source }: Endpoint,
  sessions: Iterable<Session>,
  nowMs: number,
): Session | null {
  let oldest: Session | null = null;
  for (const session of sessions) {
    if (session.id === '' || !session.idle || session.link?.endpoint.source !== source) continue;
    if (!session.clientLeft && session.lastUsedMs > nowMs - FORGOTTEN_AFTER_MS) continue;
    if (oldest === null || session.lastUsedMs < oldest.lastUsedMs) oldest = session;
  }
  return oldest;
}

function isCapacity(error: unknown): boolean {
  return error instanceof UpstreamError && error.code === 'capacity';
}
