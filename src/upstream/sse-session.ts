import type { Clock } from '../kernel/clock.js';
import type { Activity } from './activity.js';
import { DirectConversation } from './direct-conversation.js';
import { aborted, handshakeOver } from './handshake.js';
import type { HttpClient } from './http-client.js';
import { MessageChannel } from './message-channel.js';
import type { Scrub } from './scrub.js';
import { SseLink } from './sse-link.js';
import { UpstreamError } from './upstream.errors.js';
import type { ClientFacts, ConversationSink } from './upstream.js';

export interface SseSessionOptions {
  readonly hops: number;
  readonly maxBytes: number;
  readonly sink: ConversationSink;
  /** Hears once that nothing of the session is left. */
  readonly onOver: (session: SseSession) => void;
}

/** Messages kept from before the opener knows its conversation. */
const MAX_EARLY = 100;

/** One session with a legacy HTTP+SSE server: its stream, its calls and its conversation. */
export class SseSession {
  private readonly link: SseLink;
  private readonly channel: MessageChannel;
  private conversation: DirectConversation | null = null;
  private early: Buffer[] | null = [];
  private over = false;

  constructor(
    clock: Clock,
    activity: Activity,
    client: HttpClient,
    private readonly options: SseSessionOptions,
  ) {
    this.link = new SseLink(client, options.hops, options.maxBytes, {
      onLine: (line) => {
        this.channel.receive(line);
      },
      onEnd: (error) => {
        this.end(error);
      },
    });
    this.channel = new MessageChannel(clock, activity, this.link, {
      onMessage: (message) => {
        this.deliver(message);
      },
      onTaskProgress: (_owner, message) => {
        this.deliver(message);
      },
      onNoise() {},
    });
    this.link.table = this.channel.table;
  }

  async open(
    client: ClientFacts,
    limits: { readonly timeoutMs: number; readonly signal?: AbortSignal; readonly scrub: Scrub },
  ): Promise<DirectConversation> {
    const giveUp = (): void => {
      this.end(aborted());
    };
    limits.signal?.addEventListener('abort', giveUp, { once: true });
    try {
      if (limits.signal?.aborted === true) throw aborted();
      await this.link.open(limits.timeoutMs);
      const server = await handshakeOver(this.channel, client, limits);
      this.conversation = new DirectConversation(server, this.channel, this.options.sink, () => {
        this.end(new UpstreamError('stopped', 'The conversation was closed'));
      });
      setImmediate(this.deliverEarly);
      return this.conversation;
    } catch (error) {
      this.end(error instanceof UpstreamError ? error : aborted());
      throw error;
    } finally {
      limits.signal?.removeEventListener('abort', giveUp);
    }
  }

  /** Ends everything of it. Idempotent. */
  end(error: UpstreamError): void {
    if (this.over) return;
    this.over = true;
    this.options.onOver(this);
    this.conversation?.end(error);
    this.channel.table.failAll(null, error);
    this.link.close(error);
  }

  private deliver(message: Buffer): void {
    if (this.early === null) this.conversation?.deliver(message);
    else if (this.early.length < MAX_EARLY) this.early.push(message);
  }

  private readonly deliverEarly = (): void => {
    const early = this.early ?? [];
    this.early = null;
    for (const message of early) this.conversation?.deliver(message);
  };
}
