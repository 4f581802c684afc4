// HOT PATH
import type { HttpClient } from './http-client.js';
import { type ExchangeRequest, type ExchangeSource, HttpExchange } from './http-exchange.js';
import { ACCEPT_BOTH } from './http-handshake.js';
import { HOP_HEADER, hopRefusal, hopsOf } from './http-target.js';
import { STATELESS_VERSION } from './request-meta.js';
import { UpstreamError } from './upstream.errors.js';
import type {
  ConversationSink,
  ExchangeConversation,
  ExchangeHandle,
  ExchangeSink,
  ServerFacts,
} from './upstream.js';

/**
 * Stateless requests of clients to a Streamable HTTP server that takes them; bytes pass both ways. There is no session:
 * this is but the place where what is under way is kept together.
 */
export class StatelessExchange implements ExchangeConversation, ExchangeSource {
  readonly kind = 'exchange';
  readonly session = null;
  readonly stateless = true;
  underWay = 0;
  private over = false;

  constructor(
    private readonly client: HttpClient,
    readonly server: ServerFacts,
    private readonly sink: ConversationSink,
    private readonly hops: number,
    private readonly onClose: (conversation: StatelessExchange) => void,
  ) {}

  post(
    body: Buffer,
    headers: Readonly<Record<string, string>>,
    sink: ExchangeSink,
    timeoutMs: number,
  ): ExchangeHandle {
    // A subscription stands until somebody ends it, and no drain waits for it.
    const standing = headers['mcp-method'] === 'subscriptions/listen';
    const { path } = this.client.target;
    const limits = standing ? STANDING : { timeoutMs, counted: true };
    return this.start({ method: 'POST', path, body, headers, ...limits }, sink);
  }

  /** The protocol has no such stream (2026-07-28, Streamable HTTP): it fails with `http-status` 405. */
  listen(headers: Readonly<Record<string, string>>, sink: ExchangeSink): ExchangeHandle {
    const { path } = this.client.target;
    const request = { method: 'GET', path, body: null, headers, ...STANDING } as const;
    const exchange = new HttpExchange(this.client, this, request, sink);
    const text = 'There is no stream of its own in protocol version 2026-07-28';
    exchange.failSoon(new UpstreamError('http-status', text, { httpStatus: 405 }));
    return exchange;
  }

  close(): void {
    if (this.over) return;
    this.over = true;
    const error = new UpstreamError('stopped', 'The conversation was closed', { mayHaveRun: true });
    this.client.failAll(this, error);
    this.onClose(this);
  }

  farewell(error: UpstreamError): void {
    this.end(error);
  }

  /** The upstream's end. */
  end(error: UpstreamError): void {
    if (this.over) return;
    this.over = true;
    this.client.failAll(this, error);
    this.sink.onEnd(error);
  }

  headersFor({ request }: HttpExchange): string[] {
    const { target } = this.client;
    const given = request.headers;
    const headers = target.headers.slice();
    headers.push('content-type', 'application/json', 'accept', given.accept ?? ACCEPT_BOTH);
    headers.push('mcp-protocol-version', given['mcp-protocol-version'] ?? STATELESS_VERSION);
    headers.push(HOP_HEADER, String(this.hopsOf(given) + 1));
    for (const name in given) {
      const value = given[name];
      if (value !== undefined && !target.fixed.has(name)) headers.push(name, value);
    }
    return headers;
  }

  renew(): Promise<void> {
    return Promise.resolve();
  }

  /** The exchange is closed right after, which says it all. */
  tellExpired(): void {}

  private start(request: ExchangeRequest, sink: ExchangeSink): ExchangeHandle {
    const exchange = new HttpExchange(this.client, this, request, sink);
    const refusal = this.over
      ? new UpstreamError('stopped', 'The conversation is over')
      : hopRefusal(this.hopsOf(request.headers));
    if (refusal === null) this.client.start(exchange);
    else exchange.failSoon(refusal);
    return exchange;
  }

  private hopsOf(headers: Readonly<Record<string, string>>): number {
    const given = headers[HOP_HEADER];
    return given === undefined ? this.hops : hopsOf(given);
  }
}

const STANDING = { timeoutMs: Infinity, counted: false } as const;
