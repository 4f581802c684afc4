// HOT PATH
import { readEnvelope, scanEnvelope } from '../protocol/envelope-scan.js';
import { RpcError } from '../protocol/rpc-error.js';
import { translateCancellation } from './cancellation.js';
import type { MessageChannel } from './message-channel.js';
import { UpstreamError } from './upstream.errors.js';
import type {
  CallHandle,
  ConversationSink,
  MessageConversation,
  ReplySink,
  RequestSpans,
  ServerFacts,
} from './upstream.js';

/** A conversation that has its upstream session to itself: all that is no call of it passes through. */
export class DirectConversation implements MessageConversation {
  readonly kind = 'messages';
  private over = false;

  constructor(
    readonly server: ServerFacts,
    private readonly channel: MessageChannel,
    private readonly sink: ConversationSink,
    /** Runs once, when this side closes. */
    private readonly onClose: () => void,
  ) {}

  request(body: Buffer, spans: RequestSpans, sink: ReplySink, timeoutMs: number): CallHandle {
    if (this.over) return refusedCall(sink);
    return this.channel.request(this, body, spans, sink, timeoutMs);
  }

  send(body: Buffer): void {
    if (this.over) return;
    const message = oneMessage(body);
    if (message === null) return;
    if (message.method !== 'notifications/cancelled') this.channel.send(message.body);
    else {
      const translated = translateCancellation(this.channel.table, this, message.body);
      if (translated !== null) this.channel.send(translated);
    }
  }

  /** A message of the upstream that belongs to no call. */
  deliver(message: Buffer): void {
    if (!this.over) this.sink.onMessage(message);
  }

  /** The upstream's end. */
  end(error: UpstreamError): void {
    if (this.over) return;
    this.over = true;
    this.channel.table.failAll(this, error);
    this.sink.onEnd(error);
  }

  close(): void {
    if (this.over) return;
    this.over = true;
    const error = new UpstreamError('stopped', 'The conversation was closed', { mayHaveRun: true });
    this.channel.table.failAll(this, error);
    this.onClose();
  }
}

/** The one message in `body`, or `null` when it is none, which the caller has refused already. */
export function oneMessage(body: Buffer): { body: Buffer; method: string } | null {
  const envelope = scanEnvelope(body);
  if (envelope !== null) return { body, method: envelope.method };
  const read = readEnvelope(body);
  if (read instanceof RpcError || 'batch' in read) return null;
  return { body: read.body, method: read.envelope.method };
}

/** Fails `sink` soon: not at once, as the caller does not hold the handle yet. */
export function refusedCall(sink: ReplySink): CallHandle {
  let wanted = true;
  setImmediate(() => {
    if (wanted) sink.onFail(new UpstreamError('stopped', 'The conversation is over'));
  });
  return {
    abandon() {
      wanted = false;
    },
  };
}
