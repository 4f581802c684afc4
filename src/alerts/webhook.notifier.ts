import { Client } from 'undici';
import type { Clock } from '../kernel/clock.js';
import { ProblemError } from '../kernel/problem.js';
import { checkedConnector, connectionError, type Egress } from '../upstream/connector.js';
import type { AttemptOutcome } from './delivery.js';
import type { Notifier } from './delivery-runner.js';
import type { Receiver } from './receiver.js';
import { signedHeaders, webhookKey } from './webhook-secret.js';

/** From the first connection to the status line, in milliseconds. */
export const SEND_TIMEOUT_MS = 10_000;

export interface NotifierPorts {
  readonly clock: Clock;
  /** Where receivers may be: what upstreams may. */
  readonly egress: Egress;
  /** Rejects with a problem that names the reference and never the value. */
  readonly resolveSecret: (text: string) => Promise<string>;
}

/**
 * Sends a message in the form of Standard Webhooks, signed anew for each attempt. Redirects are not followed; what the
 * receiver says in its body is not read.
 */
export class WebhookNotifier implements Notifier {
  constructor(private readonly ports: NotifierPorts) {}

  async send(receiver: Receiver, messageId: string, body: string): Promise<AttemptOutcome> {
    const { clock } = this.ports;
    const startedMs = clock.monotonicMs();
    const found = await this.attempt(receiver, messageId, body);
    return { ...found, duration_ms: Math.round(clock.monotonicMs() - startedMs) };
  }

  private async attempt(
    receiver: Receiver,
    messageId: string,
    body: string,
  ): Promise<AttemptOutcome> {
    let key: Buffer | null;
    try {
      key = webhookKey(await this.ports.resolveSecret(receiver.secret));
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      return failed(error.message);
    }
    if (key === null) return failed('The secret is not "whsec_" and 24 to 64 bytes in base64.');
    const timestampS = Math.floor(this.ports.clock.now() / 1_000);
    return this.post(new URL(receiver.url), signedHeaders(key, messageId, timestampS, body), body);
  }

  private async post(
    url: URL,
    signed: Readonly<Record<string, string>>,
    body: string,
  ): Promise<AttemptOutcome> {
    const { clock, egress } = this.ports;
    const port = url.port !== '' ? Number(url.port) : url.protocol === 'https:' ? 443 : 80;
    const target = { connectTimeoutMs: SEND_TIMEOUT_MS, tls: null };
    const client = new Client(url.origin, { connect: checkedConnector(target, port, egress) });
    const bound = new AbortController();
    const cancel = clock.schedule(SEND_TIMEOUT_MS, () => {
      bound.abort();
    });
    try {
      const {
        statusCode,
        headers,
        body: answer,
      } = await client.request({
        method: 'POST',
        path: `${url.pathname}${url.search}`,
        headers: { 'content-type': 'application/json', 'user-agent': 'switchyard', ...signed },
        body,
        signal: bound.signal,
      });
      // Cut off below; nobody waits for it.
      answer.on('error', () => undefined);
      return outcomeOf(statusCode, headers['retry-after'], clock.now());
    } catch (error) {
      if (bound.signal.aborted) return failed(`No answer within ${String(SEND_TIMEOUT_MS)} ms.`);
      return failed(`${connectionError(error, url.origin).message}.`);
    } finally {
      cancel();
      await client.destroy();
    }
  }
}

function outcomeOf(
  status: number,
  retryAfter: string | string[] | undefined,
  nowMs: number,
): AttemptOutcome {
  const isRedirect = status >= 300 && status < 400;
  const error = isRedirect
    ? `The receiver answered ${String(status)}; redirects are not followed.`
    : `The receiver answered ${String(status)}.`;
  const delivered = status >= 200 && status < 300;
  return {
    delivered,
    status,
    error: delivered ? null : error,
    gone: status === 410,
    retry_after_ms: typeof retryAfter === 'string' ? waitOf(retryAfter, nowMs) : null,
    duration_ms: 0,
  };
}

/** Seconds or a date (RFC 9110, section 10.2.3), as milliseconds from now. */
function waitOf(retryAfter: string, nowMs: number): number | null {
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter) * 1_000;
  const at = Date.parse(retryAfter);
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}

function failed(error: string): AttemptOutcome {
  return {
    delivered: false,
    status: null,
    error,
    gone: false,
    retry_after_ms: null,
    duration_ms: 0,
  };
}
