import type { Clock } from '../kernel/clock.js';
import type { JsonObject } from '../kernel/json.js';
import type { Envelope } from '../protocol/envelope-scan.js';
import type { Activity } from './activity.js';
import { ChannelPort, ChannelRouter } from './channel-port.js';
import { statelessFacts } from './discovery.js';
import type { MessageChannel } from './message-channel.js';
import { NativeConversation } from './native-conversation.js';
import { TranslatedConversation } from './translated-conversation.js';
import type { UpstreamError } from './upstream.errors.js';
import type { ClientFacts, ConversationSink } from './upstream.js';

/** The conversations with a child that speaks the stateless protocol; the child itself knows of none. */
export class StatelessChild {
  private readonly open = new Set<TranslatedConversation | NativeConversation>();
  private readonly router: ChannelRouter;

  /** `onClosed` hears that a conversation was closed by its own side. */
  constructor(
    private readonly channel: MessageChannel,
    private readonly activity: Activity,
    private readonly clock: Clock,
    private readonly discovery: JsonObject,
    private readonly onClosed: () => void,
  ) {
    this.router = new ChannelRouter(channel, (message) => {
      for (const conversation of this.open) conversation.deliver(message);
    });
  }

  /** For a client of the earlier protocol. */
  translate(client: ClientFacts, sink: ConversationSink): TranslatedConversation {
    const { clock, discovery } = this;
    const port = new ChannelPort(this.channel, this.activity);
    const onClose = (closed: TranslatedConversation): void => {
      this.close(closed);
    };
    const made = new TranslatedConversation({ port, clock, client, discovery, sink, onClose });
    this.open.add(made);
    return made;
  }

  /** For a client of the stateless protocol. */
  pass(sink: ConversationSink): NativeConversation {
    const port = new ChannelPort(this.channel, this.activity);
    const made = new NativeConversation(statelessFacts(this.discovery), port, sink, (closed) => {
      this.close(closed);
    });
    this.open.add(made);
    return made;
  }

  /** A message of the child that is no answer. */
  deliver(message: Buffer, envelope: Envelope): void {
    this.router.deliver(message, envelope);
  }

  /** The child's end, or ours. */
  endAll(error: UpstreamError): void {
    for (const conversation of [...this.open]) conversation.end(error);
    this.open.clear();
  }

  private close(conversation: TranslatedConversation | NativeConversation): void {
    this.open.delete(conversation);
    this.onClosed();
  }
}
