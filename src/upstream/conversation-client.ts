import { isJsonObject, type JsonObject } from '../kernel/json.js';
import {
  methodNotFound,
  readOutcome,
  rpcNotification,
  rpcRequest,
  rpcResult,
} from '../protocol/message.js';
import { encodeScanned, ExchangeCall } from './exchange-call.js';
import { aborted } from './handshake.js';
import { UpstreamError } from './upstream.errors.js';
import {
  type CallHandle,
  type ClientFacts,
  type Conversation,
  type ConversationSink,
  GATEWAY_CLIENT,
  type ReplySink,
  type ServerFacts,
  type Upstream,
} from './upstream.js';

export interface RequestOptions {
  /** Until the answer; reset by progress. Default 60 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Hears what belongs to this call, parsed; with it, progress is asked for. */
  readonly onNotification?: (message: JsonObject) => void;
}

export interface OpenOptions {
  readonly signal?: AbortSignal;
  /** Default: the gateway itself. */
  readonly client?: ClientFacts;
  /** Hears notifications that belong to no call, parsed. */
  readonly onNotification?: (message: JsonObject) => void;
}

const DEFAULT_TIMEOUT_MS = 60_000;
const MAX_PAGES = 100;

/**
 * A client of our own over either kind of conversation: probes, REST calls, listings. Requests of the server are
 * answered: `ping` with `{}`, anything else with "method not found", as we declare no capabilities.
 */
export class ConversationClient {
  private lastId = 0;

  constructor(private readonly conversation: Conversation) {}

  /** Opens a conversation and completes its handshake. */
  static async open(upstream: Upstream, options: OpenOptions = {}): Promise<ConversationClient> {
    const { onNotification } = options;
    const sink = new ClientSink(onNotification ?? (() => {}), onNotification !== undefined);
    const facts = options.client ?? GATEWAY_CLIENT;
    const conversation = await upstream.open(facts, sink, options.signal);
    const client = new ConversationClient(conversation);
    sink.client = client;
    await client.initialized();
    return client;
  }

  get server(): ServerFacts {
    return this.conversation.server;
  }

  /** Whether the server speaks only the stateless protocol, so that `ping` and the like are answered in its stead. */
  get isTranslated(): boolean {
    return this.conversation.kind === 'messages' && this.conversation.translated === true;
  }

  /**
   * Answers the `result`. Rejects with `rpc-error` (`facts.rpc` is the server's error), `call-timeout`, `aborted` or the
   * reason why the upstream did not answer.
   */
  request(method: string, params?: JsonObject, options: RequestOptions = {}): Promise<unknown> {
    const { timeoutMs = DEFAULT_TIMEOUT_MS, signal, onNotification } = options;
    if (signal?.aborted === true) return Promise.reject(aborted());
    this.lastId += 1;
    const id = this.lastId;
    const sent = onNotification === undefined ? params : withToken(params, id);
    const message = encodeScanned(rpcRequest(id, method, sent));
    return new Promise((resolve, reject) => {
      const sink = new CallSink(resolve, reject, onNotification ?? (() => {}));
      const { conversation } = this;
      const call =
        conversation.kind === 'messages'
          ? conversation.request(message.body, message.envelope, sink, timeoutMs)
          : new ExchangeCall(conversation, id, message.body, sink, timeoutMs);
      sink.watch(signal, call);
    });
  }

  notify(method: string, params?: JsonObject): void {
    this.send(rpcNotification(method, params));
  }

  /** Every tool, page by page. Rejects with `not-mcp` when the pages do not end. */
  async listAllTools(options: RequestOptions = {}): Promise<JsonObject[]> {
    if (this.server.capabilities.tools === undefined) return [];
    const tools: JsonObject[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const result = await this.toolPage(cursor, options);
      if (!isJsonObject(result) || !Array.isArray(result.tools)) {
        throw new UpstreamError('not-mcp', 'The answer to tools/list has no tools');
      }
      tools.push(...result.tools.filter(isJsonObject));
      const next = result.nextCursor;
      if (typeof next !== 'string') return tools;
      if (next === cursor) break;
      cursor = next;
    }
    throw new UpstreamError(
      'not-mcp',
      `The pages of tools/list do not end (${tools.length} tools)`,
    );
  }

  /** A list that breaks off after its first page is one that clients have seen a part of: not merely late or refused. */
  private async toolPage(cursor: string | undefined, options: RequestOptions): Promise<unknown> {
    if (cursor === undefined) return this.request('tools/list', {}, options);
    try {
      return await this.request('tools/list', { cursor }, options);
    } catch (error) {
      const isPartial =
        error instanceof UpstreamError &&
        (error.code === 'call-timeout' || error.code === 'rpc-error');
      if (!isPartial) throw error;
      throw new UpstreamError('not-mcp', `A page of tools/list failed: ${error.message}`);
    }
  }

  close(): void {
    this.conversation.close();
  }

  /** Sends a notification or a response. */
  send(message: Buffer): void {
    const { conversation } = this;
    if (conversation.kind === 'messages') conversation.send(message);
    else conversation.post(message, {}, IGNORED, DEFAULT_TIMEOUT_MS);
  }

  /** Resolves when the server has heard it: over HTTP a later request may otherwise overtake it. */
  private async initialized(): Promise<void> {
    const message = rpcNotification('notifications/initialized');
    const { conversation } = this;
    if (conversation.kind === 'messages') {
      conversation.send(message);
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const sink = { ...IGNORED, onEnd: resolve, onFail: reject };
      conversation.post(message, {}, sink, DEFAULT_TIMEOUT_MS);
    });
  }
}

const IGNORED = { onHead() {}, onChunk: () => true, onEnd() {}, onFail() {} };

function withToken(params: JsonObject | undefined, token: number): JsonObject {
  const meta = isJsonObject(params?._meta) ? params._meta : {};
  return { ...params, _meta: { ...meta, progressToken: token } };
}

/** The answer to a request of the server, or `null` when `message` is none. */
export function answerTo(message: unknown): Buffer | null {
  if (!isJsonObject(message) || typeof message.method !== 'string') return null;
  if (typeof message.id !== 'string' && typeof message.id !== 'number') return null;
  const id = JSON.stringify(message.id);
  if (message.method === 'ping') return rpcResult(id, '{}');
  return methodNotFound(id, `${message.method} is not supported by this client`);
}

function parseMessage(message: Buffer): unknown {
  try {
    return JSON.parse(message.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** One call: its answer becomes the end of a promise. */
class CallSink implements ReplySink {
  private unwatch: () => void = () => {};

  constructor(
    private readonly resolve: (result: unknown) => void,
    private readonly reject: (error: UpstreamError) => void,
    private readonly onNotification: (message: JsonObject) => void,
  ) {}

  watch(signal: AbortSignal | undefined, call: CallHandle): void {
    if (signal === undefined) return;
    const onAbort = (): void => {
      call.abandon(true, 'The caller gave up');
      this.reject(aborted());
    };
    signal.addEventListener('abort', onAbort, { once: true });
    this.unwatch = () => {
      signal.removeEventListener('abort', onAbort);
    };
  }

  onReply(message: Buffer): void {
    this.unwatch();
    const outcome = readOutcome(parseMessage(message));
    if (outcome === null) this.reject(new UpstreamError('not-json', 'The answer is no JSON'));
    else if (outcome.error === undefined) this.resolve(outcome.result);
    else {
      const { code, message: text } = outcome.error;
      const facts = { rpc: outcome.error, mayHaveRun: true };
      this.reject(new UpstreamError('rpc-error', `${text} (${code})`, facts));
    }
  }

  onRelated(message: Buffer): void {
    const parsed = parseMessage(message);
    if (isJsonObject(parsed)) this.onNotification(parsed);
  }

  onFail(error: UpstreamError): void {
    this.unwatch();
    this.reject(error);
  }
}

/** What belongs to no call. */
class ClientSink implements ConversationSink {
  client: ConversationClient | null = null;

  constructor(
    private readonly onNotification: (message: JsonObject) => void,
    readonly hearsNotifications: boolean,
  ) {}

  onMessage(message: Buffer): void {
    const parsed = parseMessage(message);
    const answer = answerTo(parsed);
    if (answer !== null) this.client?.send(answer);
    else if (isJsonObject(parsed)) this.onNotification(parsed);
  }

  onEnd(): void {}
}
