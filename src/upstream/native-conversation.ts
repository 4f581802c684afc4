// HOT PATH
import { scanEnvelope, spliceId } from '../protocol/envelope-scan.js';
import { memberSpan } from '../protocol/json-member.js';
import { skipSpace } from '../protocol/json-span.js';
import { subscriptionSpan, type ChannelPort } from './channel-port.js';
import { oneMessage, refusedCall } from './direct-conversation.js';
import { UpstreamError } from './upstream.errors.js';
import type {
  CallHandle,
  ConversationSink,
  MessageConversation,
  ReplySink,
  RequestSpans,
  ServerFacts,
} from './upstream.js';

const LISTEN = 'subscriptions/listen';
const RESULT = Buffer.from('result');

/** A stateless client's conversation with a child that speaks its protocol: only ids are exchanged. */
export class NativeConversation implements MessageConversation {
  readonly kind = 'messages';
  private over = false;

  constructor(
    readonly server: ServerFacts,
    private readonly port: ChannelPort,
    private readonly sink: ConversationSink,
    /** Runs once, when this side closes. */
    private readonly onClose: (conversation: NativeConversation) => void,
  ) {}

  request(body: Buffer, spans: RequestSpans, sink: ReplySink, timeoutMs: number): CallHandle {
    if (this.over) return refusedCall(sink);
    const method = spans.method ?? oneMessage(body)?.method;
    if (method !== LISTEN) return this.port.pass(body, spans, sink, timeoutMs);
    const clientId = body.toString('utf8', spans.idStart, spans.idEnd);
    return this.port.pass(body, spans, new ListenSink(sink, clientId), Infinity);
  }

  /** Of a client there is only the cancellation to be sent (2026-07-28, stdio); others are dropped. */
  send(body: Buffer): void {
    const read = this.over ? null : oneMessage(body);
    if (read?.method !== 'notifications/cancelled') return;
    this.port.cancel(read.body);
  }

  deliver(message: Buffer): void {
    if (!this.over) this.sink.onMessage(message);
  }

  close(): void {
    if (this.over) return;
    this.over = true;
    this.port.failAll(
      new UpstreamError('stopped', 'The conversation was closed', { mayHaveRun: true }),
    );
    this.onClose(this);
  }

  /** The upstream's end. */
  end(error: UpstreamError): void {
    if (this.over) return;
    this.over = true;
    this.port.failAll(error);
    this.sink.onEnd(error);
  }
}

/** Puts the client's own id in place of the one that the child knows its subscription by. */
class ListenSink implements ReplySink {
  constructor(
    private readonly sink: ReplySink,
    private readonly clientId: string,
  ) {}

  onRelated(message: Buffer): void {
    const params = scanEnvelope(message)?.paramsStart ?? 0;
    this.sink.onRelated(this.renamed(message, params));
  }

  onReply(message: Buffer, idStart: number, idEnd: number): void {
    const result = memberSpan(message, skipSpace(message, 0), RESULT);
    const renamed = result === null ? message : this.renamed(message, result.start);
    // The result may come before the id, or behind it.
    const shift = result !== null && result.end <= idStart ? renamed.length - message.length : 0;
    this.sink.onReply(renamed, idStart + shift, idEnd + shift);
  }

  onFail(error: UpstreamError): void {
    this.sink.onFail(error);
  }

  private renamed(message: Buffer, start: number): Buffer {
    const span = subscriptionSpan(message, start);
    return span === null ? message : spliceId(message, span.start, span.end, this.clientId);
  }
}
