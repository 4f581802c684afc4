// HOT PATH
import type { ServerResponse } from 'node:http';

/** A client that reads nothing of what is kept for it is cut off after this long. */
export const STALL_MS = 60_000;

/**
 * From now on the connection is closed when nothing goes out on it for `STALL_MS`; Node counts bytes that the client
 * takes. For responses that hold much, or hold something up, until their client reads.
 */
export function limitStall(response: ServerResponse): void {
  response.setTimeout(STALL_MS);
}

/** The client has read: silence is no fault of its own any more. */
export function endStall(response: ServerResponse): void {
  response.setTimeout(0);
}
