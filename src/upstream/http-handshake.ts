import { SseParser } from '../protocol/sse.js';
import { aborted, initializeRequest, readServerFacts } from './handshake.js';
import type { HttpClient } from './http-client.js';
import { type ExchangeSource, HttpExchange } from './http-exchange.js';
import { HOP_HEADER } from './http-target.js';
import type { Scrub } from './scrub.js';
import { UpstreamError } from './upstream.errors.js';
import type { ClientFacts, ExchangeSink, ServerFacts } from './upstream.js';

export const ACCEPT_BOTH = 'application/json, text/event-stream';
const EXCERPT_CHARS = 200;

export interface HttpSession {
  readonly server: ServerFacts;
  /** `null`: the server keeps no sessions. */
  readonly sessionId: string | null;
}

export interface HandshakeLimits {
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
  readonly hops: number;
  readonly scrub: Scrub;
}

/** Requests outside any session. */
export class SessionlessSource implements ExchangeSource {
  readonly session = null;

  constructor(
    private readonly client: HttpClient,
    private readonly hops: number,
  ) {}

  headersFor({ request }: HttpExchange): string[] {
    const headers = [...this.client.target.headers, HOP_HEADER, String(this.hops + 1)];
    headers.push('accept', request.headers.accept ?? ACCEPT_BOTH);
    if (request.body !== null) headers.push('content-type', 'application/json');
    return headers;
  }

  renew(): Promise<void> {
    return Promise.resolve();
  }

  tellExpired(): void {}
}

/** `initialize` over Streamable HTTP (2025-03-26 and later, transports). Rejects with the precise reason. */
export async function httpHandshake(
  client: HttpClient,
  facts: ClientFacts,
  limits: HandshakeLimits,
): Promise<HttpSession> {
  const { timeoutMs, maxBytes, signal, hops, scrub } = limits;
  if (signal?.aborted === true) throw aborted();
  const answer = await new Promise<Answer>((resolve, reject) => {
    const sink = new AnswerSink(maxBytes, resolve, reject);
    const { path } = client.target;
    const body = initializeRequest(facts);
    const request = { method: 'POST', path, body, headers: {}, timeoutMs, counted: true } as const;
    const source = new SessionlessSource(client, hops);
    const exchange = new HttpExchange(client, source, request, sink);
    sink.exchange = exchange;
    signal?.addEventListener(
      'abort',
      () => {
        exchange.fail(aborted());
      },
      { once: true },
    );
    client.start(exchange);
  }).catch((error: unknown) => {
    if (!(error instanceof UpstreamError) || error.code !== 'call-timeout') throw error;
    const text = `The server did not answer initialize within ${timeoutMs} ms`;
    throw new UpstreamError('handshake-timeout', text);
  });
  return readSession(answer, facts, scrub);
}

function readSession(answer: Answer, facts: ClientFacts, scrub: Scrub): HttpSession {
  const { status, headers, body } = answer;
  const text = scrub(body.toString('utf8'));
  const message = parse(body);
  if (status >= 400 && (typeof message !== 'object' || message === null || !('error' in message))) {
    const excerpt = text.slice(0, EXCERPT_CHARS);
    const reason = `The server answered initialize with HTTP ${status}: ${excerpt}`;
    throw new UpstreamError('http-status', reason, { httpStatus: status });
  }
  if (message === undefined) {
    const type = headers['content-type'] ?? 'no content type';
    const excerpt = JSON.stringify(text.slice(0, EXCERPT_CHARS));
    const code = type.includes('json') || type.includes('event-stream') ? 'not-json' : 'not-mcp';
    throw new UpstreamError(code, `The answer to initialize is no message (${type}): ${excerpt}`);
  }
  return { server: readServerFacts(message, facts, scrub), sessionId: answer.sessionId };
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly sessionId: string | null;
  readonly body: Buffer;
}

/** Collects one JSON body, or the first response of an event stream. */
class AnswerSink implements ExchangeSink {
  exchange: HttpExchange | null = null;
  private status = 0;
  private headers: Readonly<Record<string, string>> = {};
  private parts: Buffer[] = [];
  private bytes = 0;
  private events: SseParser | null = null;

  constructor(
    private readonly maxBytes: number,
    private readonly resolve: (answer: Answer) => void,
    private readonly reject: (error: UpstreamError) => void,
  ) {}

  onHead(status: number, headers: Readonly<Record<string, string>>): void {
    this.status = status;
    this.headers = headers;
    if (headers['content-type']?.startsWith('text/event-stream') !== true) return;
    this.events = new SseParser(
      this.maxBytes,
      ({ data }) => {
        if (data.length > 0 && !isNotification(data)) this.complete(data);
      },
      this.tooLong,
    );
  }

  onChunk(chunk: Buffer): boolean {
    if (this.events !== null) this.events.push(chunk);
    else {
      this.parts.push(chunk);
      this.bytes += chunk.length;
      if (this.bytes > this.maxBytes) this.tooLong();
    }
    return true;
  }

  onEnd(): void {
    this.complete(Buffer.concat(this.parts));
  }

  onFail(error: UpstreamError): void {
    this.reject(error);
  }

  private readonly tooLong = (): void => {
    const text = `The answer to initialize is longer than ${this.maxBytes} bytes`;
    this.exchange?.fail(new UpstreamError('line-too-long', text));
  };

  private complete(body: Buffer): void {
    const { status, headers } = this;
    this.resolve({ status, headers, body, sessionId: this.exchange?.givenSession ?? null });
    this.exchange?.abort();
  }
}

/** A server may send log messages before its answer. */
function isNotification(data: Buffer): boolean {
  const message = parse(data);
  return typeof message === 'object' && message !== null && 'method' in message;
}
