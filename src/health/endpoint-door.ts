import { Client } from 'undici';
import type { Clock } from '../kernel/clock.js';
import type { OwnListener } from '../kernel/egress.js';
import { KeyedSerial } from '../kernel/serial.js';

/** What our own endpoint answered to requests that it must refuse; `null`: it was not asked, or gave no telling answer. */
export interface DoorFacts {
  /** Whether a request without credentials was let in. */
  readonly admitsAnonymous: boolean | null;
  /** Whether a request of a page of another site was let in. */
  readonly admitsForeign: boolean | null;
}

/** Asks at the door of the endpoint at `path`. Never rejects. */
export type LookAtDoor = (path: string, demandsCredentials: boolean) => Promise<DoorFacts>;

export interface DoorPlace {
  /** Where we listen; empty while we do not. */
  listeners(): readonly OwnListener[];
  readonly encrypted: boolean;
  /** By which our own requests are told from those of callers. */
  readonly requestId: string;
}

const TIMEOUT_MS = 2_000;
const FOREIGN_ORIGIN = 'https://foreign-origin.invalid';
/**
 * Why `ping` without a session: whatever lets it in by mistake answers that there is no session, so that nothing is called,
 * started, counted or charged to a rate limit.
 */
const BODY = '{"jsonrpc":"2.0","id":"door","method":"ping"}';
const HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
} as const;

/**
 * Sends real requests to our own listener, over loopback, one at a time over all services: what is judged is the whole way
 * that a client's request takes. The certificate is our own and is not what is looked at.
 */
export function doorWatcher(place: DoorPlace, clock: Clock): LookAtDoor {
  const serial = new KeyedSerial();
  return (path, demandsCredentials) =>
    serial.run('door', async () => {
      const [listener] = place.listeners();
      if (listener === undefined) return { admitsAnonymous: null, admitsForeign: null };
      const ask = (headers: Readonly<Record<string, string>>): Promise<number | null> =>
        askAt(listener, place, path, headers, clock);
      const anonymous = demandsCredentials ? await ask({}) : null;
      const foreign = await ask({ origin: FOREIGN_ORIGIN });
      return {
        admitsAnonymous: letIn(anonymous, [401, 403]),
        admitsForeign: letIn(foreign, [403]),
      };
    });
}

/** What a status says of the door; `null` where it says nothing: not mounted, overloaded, failing. */
export function letIn(status: number | null, refusals: readonly number[]): boolean | null {
  if (status === null) return null;
  if (refusals.includes(status)) return false;
  const isMute = status === 404 || status === 429 || (status >= 500 && status !== 503);
  return isMute ? null : true;
}

async function askAt(
  { address, port }: OwnListener,
  { encrypted, requestId }: DoorPlace,
  path: string,
  headers: Readonly<Record<string, string>>,
  clock: Clock,
): Promise<number | null> {
  const origin = `${encrypted ? 'https' : 'http'}://${hostOf(address)}:${String(port)}`;
  const client = new Client(origin, {
    connect: { rejectUnauthorized: false, timeout: TIMEOUT_MS },
  });
  const bound = new AbortController();
  const cancel = clock.schedule(TIMEOUT_MS, () => {
    bound.abort();
  });
  try {
    const answer = await client.request({
      method: 'POST',
      path,
      body: BODY,
      headers: {
        ...HEADERS,
        host: `localhost:${String(port)}`,
        'x-request-id': requestId,
        ...headers,
      },
      signal: bound.signal,
    });
    answer.body.on('error', () => undefined);
    return answer.statusCode;
  } catch {
    return null;
  } finally {
    cancel();
    await client.destroy().catch(() => undefined);
  }
}

/** Where a listener at `address` is reached from this machine. */
function hostOf(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  if (address === '::') return '[::1]';
  return address.includes(':') ? `[${address}]` : address;
}
