// HOT PATH
import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { readEnvelope, scanEnvelope, spliceId, type Envelope } from '../protocol/envelope-scan.js';
import { headerValue } from '../protocol/header-value.js';
import { BUILT_ID_START, readOutcome, rpcErrorMessage } from '../protocol/message.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';
import type { Activity } from './activity.js';
import { AnswerReader } from './answer-reader.js';
import type { HttpClient } from './http-client.js';
import { type ExchangeSource, HttpExchange } from './http-exchange.js';
import { ACCEPT_BOTH } from './http-handshake.js';
import { HOP_HEADER } from './http-target.js';
import type { ParamHeaders } from './param-headers.js';
import { STATELESS_VERSION } from './request-meta.js';
import type { StatelessPort, StatelessRequest } from './stateless-port.js';
import { ownRequest } from './stateless-request.js';
import { UpstreamError } from './upstream.errors.js';
import type { CallHandle, ExchangeSink, ReplySink } from './upstream.js';

/** For `tools/list` that is asked on behalf of a refused call. */
const LEARN_TIMEOUT_MS = 30_000;
const MAX_PAGES = 100;

export interface HttpPortParts {
  readonly client: HttpClient;
  readonly activity: Activity;
  /** What the upstream's tools were found to want; shared by its conversations. */
  readonly params: ParamHeaders;
  readonly maxBytes: number;
  readonly hops: number;
}

/** Stateless requests of one conversation, each a POST of its own. Closing its connection cancels it. */
export class HttpPort implements StatelessPort, ExchangeSource {
  readonly session = null;
  readonly stateless = true;
  private lastId = 0;

  constructor(readonly parts: HttpPortParts) {}

  get activity(): Activity {
    return this.parts.activity;
  }

  send(request: StatelessRequest, sink: ReplySink, timeoutMs: number): CallHandle {
    const call = new HttpPortCall(this, request, sink, timeoutMs);
    call.send();
    return call;
  }

  failAll(error: UpstreamError): void {
    this.parts.client.failAll(this, error);
  }

  nextId(): string {
    this.lastId += 1;
    return String(this.lastId);
  }

  headersFor({ request }: HttpExchange): string[] {
    const { client, hops } = this.parts;
    const headers = client.target.headers.slice();
    headers.push('content-type', 'application/json', 'accept', ACCEPT_BOTH);
    headers.push('mcp-protocol-version', STATELESS_VERSION, HOP_HEADER, String(hops + 1));
    for (const name in request.headers) headers.push(name, request.headers[name] ?? '');
    return headers;
  }

  renew(): Promise<void> {
    return Promise.resolve();
  }

  /** The exchange is closed right after, which says it all. */
  tellExpired(): void {}
}

/** One request, sent a second time when it was refused unread for want of headers that its tool's schema asks for. */
class HttpPortCall implements ExchangeSink, CallHandle {
  private exchange: HttpExchange | null = null;
  private reader: AnswerReader | null = null;
  private status = 0;
  private done = false;
  /** Set while `tools/list` is asked. */
  private learning: CallHandle | null = null;
  private learned = false;

  constructor(
    private readonly port: HttpPort,
    private readonly request: StatelessRequest,
    private readonly sink: ReplySink,
    private timeoutMs: number,
  ) {}

  send(): void {
    const { request, port, timeoutMs } = this;
    const { client } = port.parts;
    const { idStart, idEnd } = request.spans;
    const post = {
      method: 'POST',
      path: client.target.path,
      body: spliceId(request.body, idStart, idEnd, port.nextId()),
      headers: this.headers(),
      timeoutMs,
      counted: timeoutMs !== Infinity,
    } as const;
    this.exchange = new HttpExchange(client, port, post, this);
    client.start(this.exchange);
  }

  abandon(): void {
    if (!this.finish()) return;
    this.exchange?.abort();
    this.learning?.abandon(true);
  }

  allow(ms: number): void {
    this.timeoutMs = ms;
    this.exchange?.allow(ms);
  }

  onHead(status: number, headers: Readonly<Record<string, string>>): void {
    this.status = status;
    const { maxBytes } = this.port.parts;
    this.reader = new AnswerReader(headers, maxBytes, this.receive, this.tooLong);
  }

  onChunk(chunk: Buffer): boolean {
    this.reader?.push(chunk);
    return true;
  }

  onEnd(): void {
    this.reader?.end();
    if (this.done || this.learning !== null) return;
    const { status } = this;
    const [code, text] =
      status >= 400
        ? (['http-status', `The server answered with HTTP ${status}`] as const)
        : (['disconnected', 'The server ended its answer without a response'] as const);
    // What is refused with a client error has not run.
    const mayHaveRun = status < 400 || status >= 500;
    this.onFail(new UpstreamError(code, text, { httpStatus: status, mayHaveRun }));
  }

  onFail(error: UpstreamError): void {
    if (this.finish()) this.sink.onFail(error);
  }

  private headers(): Record<string, string> {
    const { method, name, body } = this.request;
    const { params } = this.port.parts;
    const headers: Record<string, string> = { 'mcp-method': method };
    if (name === null) return headers;
    headers['mcp-name'] = headerValue(name);
    if (method !== 'tools/call' || !params.has(name)) return headers;
    const message = JSON.parse(body.toString('utf8')) as { params?: { arguments?: unknown } };
    const mirrored = params.headersFor(name, message.params?.arguments);
    for (let i = 0; i < mirrored.length; i += 2) headers[mirrored[i] ?? ''] = mirrored[i + 1] ?? '';
    return headers;
  }

  private readonly tooLong = (): void => {
    if (this.done) return;
    this.exchange?.abort();
    const text = `The answer is longer than ${this.port.parts.maxBytes} bytes`;
    this.onFail(new UpstreamError('line-too-long', text, { mayHaveRun: true }));
  };

  private readonly receive = (message: Buffer): void => {
    if (this.done || this.learning !== null) return;
    const envelope = scanEnvelope(message);
    if (envelope !== null) {
      this.receiveOne(message, envelope);
      return;
    }
    const read = readEnvelope(message);
    if (read instanceof RpcError || 'batch' in read) this.receiveOdd(message);
    else this.receiveOne(read.body, read.envelope);
  };

  private receiveOne(message: Buffer, { kind, idStart, idEnd }: Envelope): void {
    if (kind === 'notification') this.sink.onRelated(message);
    // A request of the server has no place in this protocol and no way to be answered.
    else if (kind === 'response') this.settle(message, idStart, idEnd);
  }

  /** An error may come without an id when the server could not read it; whose it is is plain all the same. */
  private receiveOdd(message: Buffer): void {
    const error = errorOf(message);
    if (error === null) {
      if (this.status >= 400) return;
      const text = 'The answer is no JSON-RPC message';
      this.exchange?.abort();
      this.onFail(new UpstreamError('not-json', text, { mayHaveRun: true }));
      return;
    }
    this.settle(rpcErrorMessage(0, error), BUILT_ID_START, BUILT_ID_START + 1);
  }

  private settle(message: Buffer, idStart: number, idEnd: number): void {
    if (this.status === 400 && !this.learned && this.lacksHeaders(message)) {
      this.learnHeaders(message);
      return;
    }
    if (!this.finish()) return;
    this.exchange?.abort();
    if (this.request.method !== 'tools/list') this.sink.onReply(message, idStart, idEnd);
    else replyWith(this.port.parts.params.learn(message), message, idStart, idEnd, this.sink);
  }

  private lacksHeaders(message: Buffer): boolean {
    const { method, name } = this.request;
    return (
      method === 'tools/call' && name !== null && errorOf(message)?.code === RPC.headerMismatch
    );
  }

  /**
   * The server checks headers before it looks at the call, so that repeating it is safe (2026-07-28, Streamable HTTP,
   * client behavior): the tool's schema is read anew, and if that leads to other headers the call is sent again.
   */
  private learnHeaders(refusal: Buffer): void {
    this.learned = true;
    const before = JSON.stringify(this.headers());
    this.exchange?.abort();
    const { name, meta } = this.request;
    const walk = new ToolListWalk(this.port, meta, name ?? '', () => {
      this.learning = null;
      if (this.done) return;
      if (JSON.stringify(this.headers()) !== before) this.send();
      else this.repeatRefusal(refusal);
    });
    this.learning = walk;
    walk.next(null);
  }

  private repeatRefusal(refusal: Buffer): void {
    const error = errorOf(refusal);
    if (error === null || !this.finish()) return;
    this.sink.onReply(rpcErrorMessage(0, error), BUILT_ID_START, BUILT_ID_START + 1);
  }

  private finish(): boolean {
    if (this.done) return false;
    this.done = true;
    return true;
  }
}

/** Reads the pages of `tools/list` until a tool was found; the port learns from each. */
class ToolListWalk implements ReplySink, CallHandle {
  private call: CallHandle | null = null;
  private pages = 0;
  private over = false;

  constructor(
    private readonly port: HttpPort,
    private readonly meta: string,
    private readonly tool: string,
    private readonly onDone: () => void,
  ) {}

  next(cursor: string | null): void {
    this.pages += 1;
    const meta = JSON.parse(`{${this.meta}}`) as JsonObject;
    const params = cursor === null ? {} : { cursor };
    const request = ownRequest('tools/list', params, { value: () => meta });
    this.call = this.port.send(request, this, LEARN_TIMEOUT_MS);
  }

  abandon(): void {
    this.over = true;
    this.call?.abandon(true);
  }

  onReply(message: Buffer): void {
    if (this.over) return;
    const result = readOutcome(parsed(message))?.result;
    const cursor = isJsonObject(result) ? result.nextCursor : null;
    const found = this.port.parts.params.has(this.tool);
    if (!found && typeof cursor === 'string' && this.pages < MAX_PAGES) this.next(cursor);
    else this.onDone();
  }

  onRelated(): void {}

  onFail(): void {
    if (!this.over) this.onDone();
  }
}

function errorOf(message: Buffer): RpcError | null {
  const error = readOutcome(parsed(message))?.error;
  return error === undefined ? null : new RpcError(error.code, error.message, error.data);
}

function parsed(message: Buffer): unknown {
  try {
    return JSON.parse(message.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** `answer` in place of `message`, whose id is in `[idStart, idEnd)`; they are the same object mostly. */
function replyWith(
  answer: Buffer,
  message: Buffer,
  idStart: number,
  idEnd: number,
  sink: ReplySink,
): void {
  const envelope = answer === message ? { idStart, idEnd } : scanEnvelope(answer);
  if (envelope === null) sink.onReply(message, idStart, idEnd);
  else sink.onReply(answer, envelope.idStart, envelope.idEnd);
}
