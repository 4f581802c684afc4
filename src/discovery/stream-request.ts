import type { ServerResponse } from 'node:http';

/** Whether the client asks for an event stream rather than JSON. */
export function wantsStream(accept: string | undefined): boolean {
  return accept !== undefined && accept.toLowerCase().includes('text/event-stream');
}

/** The revision in a `Last-Event-ID`, or `null` when there is none that is ours. */
export function resumedFrom(lastEventId: string | undefined): number | null {
  if (lastEventId === undefined || !/^[0-9]{1,15}$/.test(lastEventId)) return null;
  return Number(lastEventId);
}

/** Aborted when the client goes away before it is answered. */
export function closeSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableEnded) gone.abort();
  });
  return gone.signal;
}
