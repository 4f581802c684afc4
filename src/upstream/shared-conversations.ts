// HOT PATH
import type { Envelope } from '../protocol/envelope-scan.js';
import { BUILT_ID_START, methodNotFound, rpcRequest, rpcResult } from '../protocol/message.js';
import { translateCancellation } from './cancellation.js';
import { oneMessage, refusedCall } from './direct-conversation.js';
import { ZERO_ID_SPANS } from './handshake.js';
import type { MessageChannel } from './message-channel.js';
import { Subscriptions } from './subscriptions.js';
import { UpstreamError } from './upstream.errors.js';
import type {
  CallHandle,
  ConversationSink,
  MessageConversation,
  ReplySink,
  RequestSpans,
  ServerFacts,
} from './upstream.js';

/** The upstream itself was initialised once, by us; and nothing of ours could answer a request of it. */
const SWALLOWED = new Set(['notifications/initialized', 'notifications/roots/list_changed', '']);

/** Many conversations over one child. Ids and progress tokens are kept apart by the channel. */
export class SharedConversations {
  private readonly open = new Set<SharedConversation>();
  readonly subscriptions: Subscriptions;

  constructor(
    private readonly server: ServerFacts,
    readonly channel: MessageChannel,
  ) {
    this.subscriptions = new Subscriptions((uri) => {
      this.unsubscribe(uri);
    });
  }

  add(sink: ConversationSink): SharedConversation {
    const conversation = new SharedConversation(this.server, this, sink);
    this.open.add(conversation);
    return conversation;
  }

  remove(conversation: SharedConversation): void {
    this.open.delete(conversation);
    this.channel.table.tasks.forget(conversation);
    this.subscriptions.dropAll(conversation);
  }

  /** A message of the child that belongs to no call. */
  deliver(message: Buffer, envelope: Envelope): void {
    if (envelope.kind === 'request') this.answer(message, envelope);
    else if (envelope.method === 'notifications/resources/updated') this.tellSubscribers(message);
    else if (envelope.method === 'notifications/tasks/status') this.tellTaskOwner(message);
    else if (envelope.method !== 'notifications/cancelled') {
      for (const conversation of this.open) conversation.deliver(message);
    }
  }

  /** To one conversation of these. */
  deliverTo(owner: object, message: Buffer): void {
    if (owner instanceof SharedConversation) owner.deliver(message);
  }

  endAll(error: UpstreamError): void {
    for (const conversation of [...this.open]) conversation.end(error);
    this.open.clear();
  }

  private answer(message: Buffer, { method, idStart, idEnd }: Envelope): void {
    const id = message.subarray(idStart, idEnd);
    this.channel.send(
      method === 'ping'
        ? rpcResult(id, '{}')
        : methodNotFound(
            id,
            `${method} cannot reach a client: this server is shared by several. Set runtime.isolation to "session"`,
          ),
    );
  }

  private tellSubscribers(message: Buffer): void {
    const uri = paramOf(message, 'uri');
    if (uri === null) return;
    for (const owner of this.subscriptions.of(uri)) this.deliverTo(owner, message);
  }

  private tellTaskOwner(message: Buffer): void {
    const task = this.channel.table.tasks.ofTask(paramOf(message, 'taskId') ?? '');
    if (task !== undefined) this.deliverTo(task.owner, message);
  }

  private unsubscribe(uri: string): void {
    const body = rpcRequest(0, 'resources/unsubscribe', { uri });
    this.channel.request(this, body, ZERO_ID_SPANS, DEAF, UNSUBSCRIBE_TIMEOUT_MS);
  }
}

const UNSUBSCRIBE_TIMEOUT_MS = 10_000;

const DEAF: ReplySink = { onReply() {}, onRelated() {}, onFail() {} };

class SharedConversation implements MessageConversation {
  readonly kind = 'messages';
  private over = false;

  constructor(
    readonly server: ServerFacts,
    private readonly all: SharedConversations,
    private readonly sink: ConversationSink,
  ) {}

  request(body: Buffer, spans: RequestSpans, sink: ReplySink, timeoutMs: number): CallHandle {
    if (this.over) return refusedCall(sink);
    const method = spans.method ?? oneMessage(body)?.method;
    if (method === 'resources/subscribe') return this.subscribe(body, spans, sink, timeoutMs);
    if (method === 'resources/unsubscribe') return this.unsubscribe(body, spans, sink, timeoutMs);
    return this.all.channel.request(this, body, spans, sink, timeoutMs);
  }

  send(body: Buffer): void {
    if (this.over) return;
    const message = oneMessage(body);
    if (message === null || SWALLOWED.has(message.method)) return;
    const { channel } = this.all;
    if (message.method !== 'notifications/cancelled') channel.send(message.body);
    else {
      const translated = translateCancellation(channel.table, this, message.body);
      if (translated !== null) channel.send(translated);
    }
  }

  deliver(message: Buffer): void {
    if (!this.over) this.sink.onMessage(message);
  }

  end(error: UpstreamError): void {
    if (this.over) return;
    this.over = true;
    this.all.channel.table.failAll(this, error);
    this.sink.onEnd(error);
  }

  close(): void {
    if (this.over) return;
    this.over = true;
    const error = new UpstreamError('stopped', 'The conversation was closed', { mayHaveRun: true });
    this.all.channel.table.failAll(this, error);
    this.all.remove(this);
  }

  private subscribe(
    body: Buffer,
    spans: RequestSpans,
    sink: ReplySink,
    timeoutMs: number,
  ): CallHandle {
    const { subscriptions, channel } = this.all;
    const uri = paramOf(body, 'uri');
    if (uri === null) return channel.request(this, body, spans, sink, timeoutMs);
    if (subscriptions.of(uri).size > 0) {
      subscriptions.add(uri, this);
      return emptyReply(sink);
    }
    const heard = new SubscribeSink(sink, () => {
      if (!this.over) subscriptions.add(uri, this);
    });
    return channel.request(this, body, spans, heard, timeoutMs);
  }

  private unsubscribe(
    body: Buffer,
    spans: RequestSpans,
    sink: ReplySink,
    timeoutMs: number,
  ): CallHandle {
    const { subscriptions, channel } = this.all;
    const uri = paramOf(body, 'uri');
    if (uri === null) return channel.request(this, body, spans, sink, timeoutMs);
    if (!subscriptions.of(uri).has(this)) return emptyReply(sink);
    subscriptions.drop(uri, this);
    if (subscriptions.of(uri).size > 0) return emptyReply(sink);
    return channel.request(this, body, spans, sink, timeoutMs);
  }
}

/** Passes on what it hears, and tells when the subscription was accepted. */
class SubscribeSink implements ReplySink {
  constructor(
    private readonly sink: ReplySink,
    private readonly onAccepted: () => void,
  ) {}

  onReply(message: Buffer, idStart: number, idEnd: number): void {
    if (isAcceptance(message)) this.onAccepted();
    this.sink.onReply(message, idStart, idEnd);
  }

  onRelated(message: Buffer): void {
    this.sink.onRelated(message);
  }

  onFail(error: UpstreamError): void {
    this.sink.onFail(error);
  }
}

const EMPTY_REPLY = rpcResult(0, '{}');

/** Answers `{}` in the upstream's stead; soon, as the caller does not hold the handle yet. */
function emptyReply(sink: ReplySink): CallHandle {
  let wanted = true;
  setImmediate(() => {
    if (wanted) sink.onReply(Buffer.from(EMPTY_REPLY), BUILT_ID_START, BUILT_ID_START + 1);
  });
  return {
    abandon() {
      wanted = false;
    },
  };
}

/** What an upstream answers may be no JSON. */
function isAcceptance(message: Buffer): boolean {
  try {
    const reply = JSON.parse(message.toString('utf8')) as { result?: unknown };
    return reply.result !== undefined;
  } catch {
    return false;
  }
}

/** A string member of the params of a message that is rare enough to be parsed. */
function paramOf(message: Buffer, name: string): string | null {
  try {
    const { params } = JSON.parse(message.toString('utf8')) as { params?: Record<string, unknown> };
    const value = params?.[name];
    return typeof value === 'string' ? value : null;
  } catch {
    return null;
  }
}
