// HOT PATH
import { scanEnvelope } from '../protocol/envelope-scan.js';
import { rpcNotification } from '../protocol/message.js';
import type { HttpClient } from './http-client.js';
import { type ExchangeSource, HttpExchange } from './http-exchange.js';
import { ACCEPT_BOTH, type HttpSession } from './http-handshake.js';
import { HOP_HEADER, hopRefusal, hopsOf } from './http-target.js';
import { UpstreamError } from './upstream.errors.js';
import type {
  ConversationSink,
  ExchangeConversation,
  ExchangeHandle,
  ExchangeSink,
  ServerFacts,
} from './upstream.js';

const INITIALIZED = rpcNotification('notifications/initialized');
/** For messages of ours that nobody waits for. */
const ASIDE_MS = 5000;
const NO_HEADERS: Readonly<Record<string, string>> = {};

/** One session with a Streamable HTTP server; bytes pass both ways. */
export class HttpConversation implements ExchangeConversation, ExchangeSource {
  readonly kind = 'exchange';
  readonly server: ServerFacts;
  underWay = 0;
  private sessionId: string | null;
  private renewing: Promise<void> | null = null;
  private over = false;

  constructor(
    private readonly client: HttpClient,
    opened: HttpSession,
    private readonly sink: ConversationSink,
    private readonly reopen: () => Promise<HttpSession>,
    private readonly onClose: (conversation: HttpConversation) => void,
  ) {
    this.server = opened.server;
    this.sessionId = opened.sessionId;
  }

  get session(): string | null {
    return this.sessionId;
  }

  post(
    body: Buffer,
    headers: Readonly<Record<string, string>>,
    sink: ExchangeSink,
    timeoutMs: number,
  ): ExchangeHandle {
    const { path } = this.client.target;
    return this.start({ method: 'POST', path, body, headers, timeoutMs, counted: true }, sink);
  }

  listen(headers: Readonly<Record<string, string>>, sink: ExchangeSink): ExchangeHandle {
    const { path } = this.client.target;
    return this.start(
      { method: 'GET', path, body: null, headers, timeoutMs: Infinity, counted: false },
      sink,
    );
  }

  close(): void {
    if (this.over) return;
    if (this.sessionId !== null) this.aside('DELETE', null);
    this.over = true;
    if (this.underWay > 0) {
      const text = 'The conversation was closed';
      this.client.failAll(this, new UpstreamError('stopped', text, { mayHaveRun: true }));
    }
    this.onClose(this);
  }

  /** Ends because we stop: says goodbye, and tells the owner. */
  farewell(error: UpstreamError): void {
    if (!this.over && this.sessionId !== null) this.aside('DELETE', null);
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
    if (request.body !== null) headers.push('content-type', 'application/json');
    headers.push('accept', given.accept ?? defaultAccept(request.method));
    headers.push('mcp-protocol-version', this.server.protocolVersion);
    if (this.sessionId !== null) headers.push('mcp-session-id', this.sessionId);
    headers.push(HOP_HEADER, String(hopsOf(given[HOP_HEADER]) + 1));
    for (const name in given) {
      const value = given[name];
      if (value !== undefined && !target.fixed.has(name)) headers.push(name, value);
    }
    return headers;
  }

  renew(expired: string): Promise<void> {
    if (this.sessionId !== expired) return Promise.resolve();
    this.renewing ??= this.openAnew().finally(() => {
      this.renewing = null;
    });
    return this.renewing;
  }

  tellExpired({ request }: HttpExchange): void {
    const envelope = request.body === null ? null : scanEnvelope(request.body);
    if (request.body === null || envelope?.kind !== 'request') return;
    const id: unknown = JSON.parse(request.body.toString('utf8', envelope.idStart, envelope.idEnd));
    const reason = `No answer within ${request.timeoutMs} ms`;
    this.aside('POST', rpcNotification('notifications/cancelled', { requestId: id, reason }));
  }

  private start(request: HttpExchange['request'], sink: ExchangeSink): ExchangeHandle {
    const exchange = new HttpExchange(this.client, this, request, sink);
    const refusal = this.over
      ? new UpstreamError('stopped', 'The conversation is over')
      : hopRefusal(hopsOf(request.headers[HOP_HEADER]));
    if (refusal === null) this.client.start(exchange);
    else exchange.failSoon(refusal);
    return exchange;
  }

  private async openAnew(): Promise<void> {
    const { sessionId } = await this.reopen();
    this.sessionId = sessionId;
    await new Promise<void>((resolve) => {
      this.aside('POST', INITIALIZED, resolve);
    });
  }

  /** Sends something of ours that nobody waits for; `done` is called however it ends. */
  private aside(method: 'POST' | 'DELETE', body: Buffer | null, done: () => void = () => {}): void {
    const sink = { onHead() {}, onChunk: () => true, onEnd: done, onFail: done };
    const { path } = this.client.target;
    const request = {
      method,
      path,
      body,
      headers: NO_HEADERS,
      timeoutMs: ASIDE_MS,
      counted: false,
    };
    const source: ExchangeSource = {
      session: null,
      headersFor: (exchange) => this.headersFor(exchange),
      renew: () => Promise.resolve(),
      tellExpired() {},
    };
    this.client.start(new HttpExchange(this.client, source, request, sink));
  }
}

function defaultAccept(method: string): string {
  return method === 'GET' ? 'text/event-stream' : ACCEPT_BOTH;
}
