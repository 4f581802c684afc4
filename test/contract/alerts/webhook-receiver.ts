import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedWebhook {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Answer = (response: ServerResponse) => void;

/** A real receiver on a loopback port, which keeps what it is sent and answers as it is told. */
export class WebhookReceiver {
  readonly received: ReceivedWebhook[] = [];
  /** Taken one after another; then 204. */
  readonly answers: Answer[] = [];
  private waiting: (() => void)[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<WebhookReceiver> {
    const server = createServer();
    const made = new WebhookReceiver(server);
    server.on('request', (request, response) => {
      made.take(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return made;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  url(path = '/hook'): string {
    return `http://127.0.0.1:${String(this.port)}${path}`;
  }

  /** Resolves when something was received after now. */
  next(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private take(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const body = Buffer.concat(chunks).toString('utf8');
      this.received.push({ method, path: url, headers, body });
      const answer = this.answers.shift() ?? status(204);
      answer(response);
      for (const resolve of this.waiting.splice(0)) resolve();
    });
  }
}

export function status(code: number, headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) => {
    response.writeHead(code, headers);
    response.end();
  };
}

/** Says nothing, for ever. */
export const silence: Answer = () => undefined;

/**
 * Verifies a webhook as the specification of Standard Webhooks says, with Web Crypto: nothing of it is shared with the
 * sender. Answers why it is not valid, or `null`.
 */
export async function faultOf(
  { headers, body }: ReceivedWebhook,
  secret: string,
  nowS: number,
): Promise<string | null> {
  const id = headers['webhook-id'];
  const timestamp = headers['webhook-timestamp'];
  const signature = headers['webhook-signature'];
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signature !== 'string') {
    return 'a header is missing';
  }
  if (!/^\d+$/.test(timestamp) || Math.abs(Number(timestamp) - nowS) > 300) return 'too old';
  const raw = Uint8Array.from(atob(secret.replace(/^whsec_/, '')), (one) => one.charCodeAt(0));
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', raw, algorithm, false, ['verify']);
  const signed = new TextEncoder().encode([id, timestamp, body].join('.'));
  for (const one of signature.split(' ')) {
    const [version, digest = ''] = one.split(',');
    if (version !== 'v1') continue;
    const bytes = Uint8Array.from(atob(digest), (char) => char.charCodeAt(0));
    if (await crypto.subtle.verify('HMAC', key, bytes, signed)) return null;
  }
  return 'no signature fits';
}
