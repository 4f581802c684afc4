// HOT PATH
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Expiring } from './deadline-sweep.js';
import type { HttpClient } from './http-client.js';
import { UpstreamError } from './upstream.errors.js';
import type { ExchangeHandle, ExchangeSink } from './upstream.js';

/** Who sends exchanges: fills in what is the same for all of them, and renews the session they need. */
export interface ExchangeSource {
  /** Session that a request sent now would carry. */
  readonly session: string | null;
  /** It speaks the stateless protocol: 404 is then an answer about the method, not about a session. */
  readonly stateless?: boolean;
  /** Exchanges now under way, where the source wants them counted: none are then found without a search. */
  underWay?: number;
  /** All headers of a request, name after value after name. */
  headersFor(exchange: HttpExchange): string[];
  /** Opens a session anew in place of `expired`, unless that was done already. */
  renew(expired: string): Promise<void>;
  /** The exchange took too long: tells the upstream that nobody waits any more. */
  tellExpired(exchange: HttpExchange): void;
}

export interface ExchangeRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body: Buffer | null;
  /** Further end-to-end headers of the caller. */
  readonly headers: Readonly<Record<string, string>>;
  /** Infinity = none. */
  readonly timeoutMs: number;
  /** Whether it is a call of a client, which drain waits for; not a standing stream or an aside of ours. */
  readonly counted: boolean;
}

/** Neither passed on nor of use to anybody behind us. */
const DROPPED = new Set([
  'connection',
  'keep-alive',
  'mcp-session-id',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
const PROGRESS = Buffer.from('notifications/progress');
/** An answer that says that a session is unknown is short. */
const MAX_HELD_BYTES = 4096;

/**
 * One request and its answer, streamed. Invariant: the sink hears exactly one of `onEnd` and `onFail`, unless it aborts.
 * A request that was refused because its session had expired is sent once more in a new one.
 */
export class HttpExchange implements Dispatcher.DispatchHandler, ExchangeHandle, Expiring {
  deadlineMs = Infinity;
  /** Where the client keeps it; -1 while it does not. */
  slot = -1;
  /** The session that the answer opened, or `null`. */
  givenSession: string | null = null;
  private controller: Dispatcher.DispatchController | null = null;
  private done = false;
  private paused = false;
  private timeoutMs: number;
  private eventStream = false;
  private usedSession: string | null = null;
  private renewed = false;
  /** Set while an answer is held back that may say that the session is unknown. */
  private held: { status: number; headers: IncomingHttpHeaders; body: Buffer } | null = null;

  constructor(
    private readonly client: HttpClient,
    readonly source: ExchangeSource,
    readonly request: ExchangeRequest,
    private readonly sink: ExchangeSink,
  ) {
    this.timeoutMs = request.timeoutMs;
  }

  send(): void {
    this.usedSession = this.source.session;
    this.client.dispatch(this, this.source.headersFor(this));
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.controller?.resume();
  }

  abort(): void {
    if (this.finish()) this.cut();
  }

  fail(error: UpstreamError): void {
    if (!this.finish()) return;
    this.cut();
    this.sink.onFail(error);
  }

  /** Fails it before it was started. Not at once: the caller does not hold the handle yet. */
  failSoon(error: UpstreamError): void {
    setImmediate(() => {
      this.fail(error);
    });
  }

  allow(ms: number): void {
    if (this.deadlineMs === Infinity) return;
    this.timeoutMs = ms;
    this.deadlineMs = this.client.nowMs() + ms;
  }

  expire(): void {
    if (this.paused) {
      this.deadlineMs += this.timeoutMs;
      return;
    }
    this.source.tellExpired(this);
    const message = `No answer within ${this.timeoutMs} ms`;
    this.fail(new UpstreamError('call-timeout', message, { mayHaveRun: true }));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.done) this.cut();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (this.done || status < 200) return;
    const refusal = this.refusalOf(status, headers);
    if (refusal !== null) this.fail(refusal);
    else if (this.usedSession !== null && (status === 404 || status === 400)) {
      this.held = { status, headers, body: Buffer.alloc(0) };
    } else this.begin(status, headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.done) return;
    if (this.held !== null) this.hold(this.held, chunk);
    else this.give(chunk);
  }

  onResponseEnd(): void {
    if (this.done) return;
    if (this.held !== null) this.endHeld(this.held);
    else if (this.finish()) this.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(this.client.errorOf(error));
  }

  private refusalOf(status: number, headers: IncomingHttpHeaders): UpstreamError | null {
    if (status === 401 || status === 403) {
      const text = `The server refuses our credentials (HTTP ${status})`;
      return new UpstreamError('unauthorized', text, { httpStatus: status, mayHaveRun: false });
    }
    if (status >= 300 && status < 400) {
      // The origin only: what the server puts behind it may be what it was sent, secrets included.
      const to = originOf(headers.location);
      const text = `The server redirects (HTTP ${status}) to ${to}, which is not followed`;
      return new UpstreamError('redirected', text, { httpStatus: status, mayHaveRun: false });
    }
    if (status !== 404 || this.request.method !== 'POST' || this.source.stateless === true)
      return null;
    if (this.usedSession !== null && !this.renewed) return null;
    return this.renewed
      ? new UpstreamError('session-expired', 'The server does not know the session it just gave', {
          httpStatus: 404,
          mayHaveRun: false,
        })
      : new UpstreamError('http-status', 'The server has nothing at this path (HTTP 404)', {
          httpStatus: 404,
          mayHaveRun: false,
        });
  }

  private begin(status: number, headers: IncomingHttpHeaders): void {
    const given = headers['mcp-session-id'];
    if (typeof given === 'string') this.givenSession = given;
    this.eventStream = headers['content-type']?.startsWith('text/event-stream') === true;
    this.sink.onHead(status, endToEnd(headers));
  }

  private give(chunk: Buffer): void {
    if (this.eventStream && this.deadlineMs !== Infinity && chunk.includes(PROGRESS)) {
      this.deadlineMs = this.client.nowMs() + this.timeoutMs;
    }
    if (!this.sink.onChunk(chunk) && !this.done) {
      this.paused = true;
      this.controller?.pause();
    }
  }

  private hold(held: NonNullable<HttpExchange['held']>, chunk: Buffer): void {
    held.body = Buffer.concat([held.body, chunk]);
    if (held.body.length > MAX_HELD_BYTES) this.release(held);
  }

  private release({ status, headers, body }: NonNullable<HttpExchange['held']>): void {
    this.held = null;
    this.begin(status, headers);
    if (body.length > 0 && !this.done) this.give(body);
  }

  private endHeld(held: NonNullable<HttpExchange['held']>): void {
    const expired = this.usedSession;
    // 404 is what the specification says; the SDK's examples answer 400 with a JSON-RPC error that names the session.
    const unknown =
      held.status === 404 || (/session/i.test(String(held.body)) && isRpcError(held.body));
    if (expired === null || this.renewed || !unknown) {
      this.release(held);
      if (this.finish()) this.end();
      return;
    }
    this.held = null;
    this.renewed = true;
    this.source.renew(expired).then(
      () => {
        if (!this.done) this.send();
      },
      (error: unknown) => {
        this.fail(this.client.errorOf(error));
      },
    );
  }

  private finish(): boolean {
    if (this.done) return false;
    this.done = true;
    this.client.ended(this);
    return true;
  }

  private end(): void {
    // Invariant: nothing of the connection is held any longer; it would chain one dead exchange to the next.
    this.controller = null;
    this.sink.onEnd();
  }

  private cut(): void {
    const { controller } = this;
    this.controller = null;
    controller?.abort(new UpstreamError('aborted', 'The exchange was given up'));
  }
}

function isRpcError(body: Buffer): boolean {
  return body.includes('"jsonrpc"') && body.includes('"error"');
}

function endToEnd(headers: IncomingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || DROPPED.has(name)) continue;
    kept[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return kept;
}

function originOf(location: string | undefined): string {
  if (location === undefined) return 'nowhere';
  return URL.canParse(location) ? new URL(location).origin : 'another path of its own';
}
