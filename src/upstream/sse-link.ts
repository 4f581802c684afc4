// HOT PATH
import { SseParser } from '../protocol/sse.js';
import type { HttpClient } from './http-client.js';
import { HttpExchange } from './http-exchange.js';
import { SessionlessSource } from './http-handshake.js';
import { HOP_HEADER } from './http-target.js';
import type { MessageLink } from './message-channel.js';
import type { MessageTable, PendingCall } from './message-table.js';
import { UpstreamError } from './upstream.errors.js';
import type { ExchangeSink } from './upstream.js';

export interface SseLinkListener {
  /** A message of the server. */
  onLine(message: Buffer): void;
  /** The stream is over, or could not be opened. Called once. */
  onEnd(error: UpstreamError): void;
}

/** A POST only hands a message over; the answer comes on the stream. */
const POST_TIMEOUT_MS = 30_000;
/** Messages that may wait behind a notification that is on its way. */
const MAX_WAITING = 1000;

/**
 * One connection to a legacy HTTP+SSE server (2024-11-05, transports): a GET stream that first names the endpoint for
 * our POSTs. Notifications keep their place: what comes after one waits until the server has it.
 */
export class SseLink implements MessageLink {
  private readonly source: SessionlessSource;
  private readonly stream: HttpExchange;
  private endpoint: string | null = null;
  private onEndpoint: (() => void) | null = null;
  private waiting: { message: Buffer; call: PendingCall | null }[] = [];
  private notifying = false;
  private over: UpstreamError | null = null;
  /** Set once the channel is made; a POST that fails ends its call. */
  table: MessageTable | null = null;

  constructor(
    private readonly client: HttpClient,
    hops: number,
    maxBytes: number,
    private readonly listener: SseLinkListener,
  ) {
    this.source = new SessionlessSource(client, hops);
    const request = {
      method: 'GET',
      path: client.target.path,
      body: null,
      headers: { accept: 'text/event-stream', [HOP_HEADER]: String(hops) },
      timeoutMs: Infinity,
      counted: false,
    } as const;
    this.stream = new HttpExchange(client, this.source, request, this.streamSink(maxBytes));
  }

  /** Opens the stream; resolves when the server has named its endpoint. */
  async open(timeoutMs: number): Promise<void> {
    const cancel = this.client.schedule(timeoutMs, () => {
      const text = `The server named no endpoint on its stream within ${timeoutMs} ms`;
      this.close(new UpstreamError('handshake-timeout', text));
    });
    await new Promise<void>((resolve, reject) => {
      this.onEndpoint = () => {
        if (this.over === null) resolve();
        else reject(this.over);
      };
      this.client.start(this.stream);
    }).finally(cancel);
  }

  send(message: Buffer, call: PendingCall | null): boolean {
    if (this.over !== null) return false;
    if (this.notifying || this.endpoint === null) {
      if (this.waiting.length >= MAX_WAITING) return false;
      this.waiting.push({ message, call });
    } else this.post(message, call);
    return true;
  }

  sendParts(parts: readonly Buffer[], call: PendingCall | null): boolean {
    return this.send(Buffer.concat(parts), call);
  }

  close(error: UpstreamError): void {
    this.end(error);
    this.stream.abort();
  }

  private post(message: Buffer, call: PendingCall | null): void {
    if (this.endpoint === null) return;
    this.notifying = call === null;
    const request = {
      method: 'POST',
      path: this.endpoint,
      body: message,
      headers: {},
      timeoutMs: POST_TIMEOUT_MS,
      counted: false,
    } as const;
    const sink = new HandOverSink(this, call);
    this.client.start(new HttpExchange(this.client, this.source, request, sink));
  }

  /** A POST is done; `error` when the server did not take the message. */
  handedOver(call: PendingCall | null, error: UpstreamError | null): void {
    if (call !== null) {
      if (error !== null) this.table?.fail(call, error);
      return;
    }
    this.notifying = false;
    while (this.waiting.length > 0 && !this.isNotifying()) {
      const next = this.waiting.shift();
      if (next !== undefined) this.post(next.message, next.call);
    }
  }

  private isNotifying(): boolean {
    return this.notifying;
  }

  private streamSink(maxBytes: number): ExchangeSink {
    const tooLong = (): void => {
      const text = `The server sent an event of more than ${maxBytes} bytes`;
      this.close(new UpstreamError('line-too-long', text));
    };
    const events = new SseParser(
      maxBytes,
      ({ event, data }) => {
        if (event === 'endpoint') this.readEndpoint(data.toString('utf8'));
        else if (event === 'message' && data.length > 0) this.receive(data);
      },
      tooLong,
    );
    return {
      onHead: (status, headers) => {
        this.checkHead(status, headers['content-type'] ?? 'no content type');
      },
      onChunk: (chunk) => {
        events.push(chunk);
        return true;
      },
      onEnd: () => {
        const text = 'The server closed its event stream';
        this.end(new UpstreamError('disconnected', text, { mayHaveRun: true }));
      },
      onFail: (error) => {
        this.end(error);
      },
    };
  }

  private receive(data: Buffer): void {
    // A message over several data lines is still one message.
    if (data.includes(10))
      this.listener.onLine(Buffer.from(data.toString('utf8').replaceAll('\n', ' ')));
    else this.listener.onLine(data);
  }

  private checkHead(status: number, type: string): void {
    if (status === 200 && type.startsWith('text/event-stream')) return;
    const text = `The server answered the stream request with HTTP ${status} (${type})`;
    this.close(
      status === 200
        ? new UpstreamError('not-mcp', text)
        : new UpstreamError('http-status', text, { httpStatus: status }),
    );
  }

  private readEndpoint(text: string): void {
    if (this.endpoint !== null) return;
    const { url } = this.client.target;
    const endpoint = URL.canParse(text, url.href) ? new URL(text, url) : null;
    // Why not another origin: our credentials would go to whomever the stream names.
    if (endpoint?.origin !== url.origin) {
      const reason = 'The server named an endpoint of another origin';
      this.close(new UpstreamError('not-mcp', reason));
      return;
    }
    this.endpoint = endpoint.pathname + endpoint.search;
    this.onEndpoint?.();
    this.handedOver(null, null);
  }

  private end(error: UpstreamError): void {
    if (this.over !== null) return;
    this.over = error;
    this.waiting = [];
    this.onEndpoint?.();
    this.listener.onEnd(error);
  }
}

/** Hears how the server took one message. */
class HandOverSink implements ExchangeSink {
  private status = 0;

  constructor(
    private readonly link: SseLink,
    private readonly call: PendingCall | null,
  ) {}

  onHead(status: number): void {
    this.status = status;
  }

  onChunk(): boolean {
    return true;
  }

  onEnd(): void {
    const { status } = this;
    const text = `The server answered the message with HTTP ${status}`;
    const error = new UpstreamError('http-status', text, { httpStatus: status });
    this.link.handedOver(this.call, status >= 400 ? error : null);
  }

  onFail(error: UpstreamError): void {
    this.link.handedOver(this.call, error);
  }
}
