import { Client, type buildConnector } from 'undici';
import type { ExternalResource } from '../config/service-config.js';
import type { Clock } from '../kernel/clock.js';
import { checkedConnector, connectionError, type Egress } from '../upstream/connector.js';

/** Why a resource cannot be reached, in words, or `null` when it can. Never rejects. */
export type ReachExternal = (resource: ExternalResource) => Promise<string | null>;

const SERVER_FAULT = 500;

/**
 * Reaches resources through the same guard as upstreams. Why not HEAD: many servers answer it with an error of their own
 * making. Redirects are not followed, nothing is sent but the request, and no body is read.
 */
export function externalReacher(egress: Egress, clock: Clock): ReachExternal {
  return async (resource) => {
    const { url, tcp, timeout_ms } = resource;
    try {
      if (url !== null) return await ask(new URL(url), timeout_ms, egress, clock);
      return await connect(new URL(`tcp://${tcp ?? ''}`), timeout_ms, egress, clock);
    } catch (error) {
      return connectionError(error, url ?? tcp ?? resource.name).message;
    }
  };
}

async function ask(
  url: URL,
  timeoutMs: number,
  egress: Egress,
  clock: Clock,
): Promise<string | null> {
  const port = url.port !== '' ? Number(url.port) : url.protocol === 'https:' ? 443 : 80;
  const target = { connectTimeoutMs: timeoutMs, tls: null };
  const client = new Client(url.origin, { connect: checkedConnector(target, port, egress) });
  const bound = new AbortController();
  const cancel = clock.schedule(timeoutMs, () => {
    bound.abort();
  });
  try {
    const path = `${url.pathname}${url.search}`;
    const answer = await client.request({ method: 'GET', path, signal: bound.signal });
    // Cut off below; nobody waits for it.
    answer.body.on('error', () => undefined);
    return answer.statusCode < SERVER_FAULT ? null : `it answers ${String(answer.statusCode)}`;
  } catch (error) {
    if (bound.signal.aborted) return late(timeoutMs);
    throw error;
  } finally {
    cancel();
    await client.destroy().catch(() => undefined);
  }
}

function connect(
  { hostname, port }: URL,
  timeoutMs: number,
  egress: Egress,
  clock: Clock,
): Promise<string | null> {
  const target = { connectTimeoutMs: timeoutMs, tls: null };
  const connector = checkedConnector(target, Number(port), egress);
  const options: buildConnector.Options = { hostname, port, protocol: 'http:' };
  return new Promise((resolve, reject) => {
    const cancel = clock.schedule(timeoutMs, () => {
      resolve(late(timeoutMs));
    });
    connector(options, (error, socket) => {
      cancel();
      // One that comes too late is closed all the same.
      socket?.destroy();
      if (error === null) resolve(null);
      else reject(error);
    });
  });
}

function late(timeoutMs: number): string {
  return `no answer within ${String(timeoutMs)} ms`;
}
