// HOT PATH
import type { Clock } from '../kernel/clock.js';
import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { Slots } from '../kernel/slots.js';
import { readEnvelope, scanEnvelope, type Envelope } from '../protocol/envelope-scan.js';
import { LOG_LEVELS } from '../protocol/log-level.js';
import { BUILT_ID_START, rpcErrorMessage, rpcResult } from '../protocol/message.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';
import { refusedCall } from './direct-conversation.js';
import { legacyFacts } from './discovery.js';
import type { AskIds } from './input-round.js';
import { ListenStream } from './listen-stream.js';
import { RequestMeta } from './request-meta.js';
import type { StatelessPort } from './stateless-port.js';
import { type CallHost, TranslatedCall } from './translated-call.js';
import { UpstreamError } from './upstream.errors.js';
import type {
  CallHandle,
  ClientFacts,
  ConversationSink,
  MessageConversation,
  ReplySink,
  RequestSpans,
  ServerFacts,
} from './upstream.js';

const EMPTY_RESULT = rpcResult(0, '{}');

export interface TranslatedParts {
  readonly port: StatelessPort;
  readonly clock: Clock;
  readonly client: ClientFacts;
  /** The server's answer to `server/discover`. */
  readonly discovery: JsonObject;
  readonly sink: ConversationSink;
  /** Runs once, when this side closes. */
  readonly onClose: (conversation: TranslatedConversation) => void;
}

/**
 * A legacy client's conversation with a server that speaks only the stateless protocol. What such a server has no method
 * for is answered here in its stead; what it says in another way is said in the old one.
 */
export class TranslatedConversation implements MessageConversation, CallHost, AskIds {
  readonly kind = 'messages';
  readonly translated = true;
  readonly server: ServerFacts;
  readonly port: StatelessPort;
  readonly meta: RequestMeta;
  readonly clock: Clock;
  readonly capabilities: JsonObject;
  readonly askIds: AskIds = this;
  private readonly calls = new Slots<TranslatedCall>();
  /** Calls that wait for their client, by the id of the question. */
  private readonly asking = new Map<string, TranslatedCall>();
  private readonly sink: ConversationSink;
  private readonly onClose: TranslatedParts['onClose'];
  private readonly stream: ListenStream;
  private lastAskId = 0;
  private over = false;

  constructor({ port, clock, client, discovery, sink, onClose }: TranslatedParts) {
    this.server = legacyFacts(discovery, client);
    this.port = port;
    this.clock = clock;
    this.capabilities = client.capabilities;
    this.meta = new RequestMeta(client);
    this.sink = sink;
    this.onClose = onClose;
    const onMessage = (message: Buffer): void => {
      this.deliver(message);
    };
    const { meta } = this;
    const { capabilities } = this.server;
    this.stream = new ListenStream({ port, meta, clock, capabilities, onMessage });
  }

  request(body: Buffer, _spans: RequestSpans, sink: ReplySink, timeoutMs: number): CallHandle {
    const read = this.over ? null : readOne(body);
    if (read === null) return refusedCall(sink);
    switch (read.envelope.method) {
      case 'ping':
        return new OwnAnswer(sink).give(EMPTY_RESULT);
      case 'logging/setLevel':
        return this.setLevel(read.body, sink);
      case 'resources/subscribe':
        return this.subscribe(read.body, sink);
      case 'resources/unsubscribe':
        return this.unsubscribe(read.body, sink);
      default: {
        const call = new TranslatedCall(this, read.body, read.envelope, sink, timeoutMs);
        call.slot = this.calls.add(call);
        call.send();
        return call;
      }
    }
  }

  send(body: Buffer): void {
    const read = this.over ? null : readOne(body);
    if (read === null) return;
    if (read.envelope.kind === 'response') this.takeAnswer(read.body, read.envelope);
    else if (read.envelope.method === 'notifications/cancelled') this.cancel(read.body);
    else if (read.envelope.method === 'notifications/initialized') {
      if (this.sink.hearsNotifications !== false) this.stream.open();
    }
    // The protocol has no other notifications of clients; a server would refuse them.
  }

  /** A message of the upstream that belongs to no call. */
  deliver(message: Buffer): void {
    if (!this.over) this.sink.onMessage(message);
  }

  close(): void {
    if (this.over) return;
    this.finish(new UpstreamError('stopped', 'The conversation was closed', { mayHaveRun: true }));
    this.onClose(this);
  }

  /** The upstream's end. */
  end(error: UpstreamError): void {
    if (this.over) return;
    this.finish(error);
    this.sink.onEnd(error);
  }

  farewell(error: UpstreamError): void {
    this.end(error);
  }

  next(): string {
    this.lastAskId += 1;
    return `ask-${this.lastAskId}`;
  }

  await(ids: readonly string[], call: TranslatedCall): void {
    for (const id of ids) this.asking.set(id, call);
  }

  ended(call: TranslatedCall): void {
    if (call.slot < 0) return;
    this.calls.remove(call.slot);
    call.slot = -1;
    if (this.asking.size === 0) return;
    for (const [id, asking] of this.asking) if (asking === call) this.asking.delete(id);
  }

  private finish(error: UpstreamError): void {
    this.over = true;
    this.stream.close(error);
    this.calls.forEach((call) => {
      call.onFail(error);
    });
    this.port.failAll(error);
  }

  private setLevel(body: Buffer, sink: ReplySink): CallHandle {
    const answer = new OwnAnswer(sink);
    const level = paramOf(body, 'level');
    if (level === null || !LOG_LEVELS.includes(level)) {
      return answer.refuse(new RpcError(RPC.invalidParams, 'The level is no log level'));
    }
    this.meta.setLevel(level);
    return answer.give(EMPTY_RESULT);
  }

  private subscribe(body: Buffer, sink: ReplySink): CallHandle {
    const answer = new OwnAnswer(sink);
    const uri = paramOf(body, 'uri');
    if (uri === null) return answer.refuse(new RpcError(RPC.invalidParams, 'The uri is missing'));
    this.stream.subscribe(uri, (error) => {
      if (error === null) answer.give(EMPTY_RESULT);
      else answer.refuse(error);
    });
    return answer;
  }

  private unsubscribe(body: Buffer, sink: ReplySink): CallHandle {
    const uri = paramOf(body, 'uri');
    if (uri !== null) this.stream.unsubscribe(uri);
    return new OwnAnswer(sink).give(EMPTY_RESULT);
  }

  private takeAnswer(body: Buffer, envelope: Envelope): void {
    const id = idOf(body, envelope);
    const call = this.asking.get(id);
    if (call === undefined) return;
    this.asking.delete(id);
    call.take(id, body, envelope);
  }

  /** What names no call under way is dropped (2025-11-25, cancellation). */
  private cancel(body: Buffer): void {
    const params = paramsOf(body);
    const wanted = params?.requestId;
    if (typeof wanted !== 'string' && typeof wanted !== 'number') return;
    const raw = JSON.stringify(wanted);
    let found: TranslatedCall | null = null;
    this.calls.forEach((call) => {
      if (call.clientId === raw || JSON.parse(call.clientId) === wanted) found ??= call;
    });
    const reason = params?.reason;
    (found as TranslatedCall | null)?.cancel(typeof reason === 'string' ? reason : undefined);
  }
}

/** An answer of ours in the upstream's stead; soon, as the caller does not hold the handle yet. */
class OwnAnswer implements CallHandle {
  private wanted = true;

  constructor(private readonly sink: ReplySink) {}

  abandon(): void {
    this.wanted = false;
  }

  give(message: Buffer): this {
    setImmediate(() => {
      if (!this.wanted) return;
      this.wanted = false;
      this.sink.onReply(Buffer.from(message), BUILT_ID_START, BUILT_ID_START + 1);
    });
    return this;
  }

  refuse(error: RpcError | UpstreamError): this {
    if (error instanceof RpcError) return this.give(rpcErrorMessage(0, error));
    if (this.wanted) this.sink.onFail(error);
    this.wanted = false;
    return this;
  }
}

function readOne(body: Buffer): { body: Buffer; envelope: Envelope } | null {
  const envelope = scanEnvelope(body);
  if (envelope !== null) return { body, envelope };
  const read = readEnvelope(body);
  return read instanceof RpcError || 'batch' in read ? null : read;
}

/** The text of a string id; of a number, which no id of ours is, its digits. */
function idOf(body: Buffer, { idStart, idEnd }: Envelope): string {
  return String(JSON.parse(body.toString('utf8', idStart, idEnd)));
}

function paramsOf(body: Buffer): JsonObject | null {
  try {
    const { params } = JSON.parse(body.toString('utf8')) as { params?: unknown };
    return isJsonObject(params) ? params : null;
  } catch {
    return null;
  }
}

function paramOf(body: Buffer, name: string): string | null {
  const value = paramsOf(body)?.[name];
  return typeof value === 'string' ? value : null;
}
