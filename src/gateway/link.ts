// HOT PATH
import type { RequestSpans } from '../upstream/upstream.js';
import type { ClientFacts, Conversation, ConversationSink } from '../upstream/upstream.js';
import type { Lease } from '../upstream/instance-source.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import type { Call } from './call.js';
import type { Endpoint } from './endpoint.js';
import { ExchangeCall, sendQuietly } from './exchange-call.js';

/** Whoever opened a link and hears what belongs to no call. */
export interface LinkOwner {
  deliver(message: Buffer): void;
  /** The upstream ended the conversation; its calls have been failed already. */
  linkEnded(link: Link, error: UpstreamError): void;
}

const NOBODY: LinkOwner = { deliver: () => undefined, linkEnded: () => undefined };

/** Whether a client's session has an upstream of its own, whose state cannot be moved. */
export function keepsClientState(endpoint: Endpoint): boolean {
  return endpoint.transport === 'stdio' && endpoint.isolation === 'session';
}

/**
 * One conversation with the lease it lives on. Owned by a session or by a single call of ours. Once retired it takes no
 * more calls and closes with its last one; closing releases the lease, once.
 */
export class Link implements ConversationSink {
  private opened: Conversation | null = null;
  private calls = 0;
  private retired = false;
  private gone = false;
  private borrowed = false;

  private constructor(
    private readonly owner: LinkOwner,
    readonly endpoint: Endpoint,
    readonly lease: Lease,
  ) {}

  /** On a lease that is the link's from now on. Rejects with an `UpstreamError`; holds no lease then. */
  static async openOn(
    owner: LinkOwner,
    endpoint: Endpoint,
    lease: Lease,
    client: ClientFacts,
    signal?: AbortSignal,
    /** Gateways that the caller's request came through. */
    hops = 0,
  ): Promise<Link> {
    const link = new Link(owner, endpoint, lease);
    try {
      link.opened = await lease.upstream.open(client, link, signal, hops);
    } catch (error) {
      link.gone = true;
      lease.release();
      throw error;
    }
    if (link.gone) throw new UpstreamError('exited', 'The upstream ended while it was opened');
    return link;
  }

  /** A link over a conversation that others use as well: `lease.release` ends this use of it and no more. */
  static over(endpoint: Endpoint, lease: Lease, conversation: Conversation): Link {
    const link = new Link(NOBODY, endpoint, lease);
    link.opened = conversation;
    link.borrowed = true;
    return link;
  }

  get conversation(): Conversation {
    if (this.opened === null) throw new Error('a link is used before it is open');
    return this.opened;
  }

  get ended(): boolean {
    return this.gone;
  }

  get busy(): boolean {
    return this.calls > 0;
  }

  /** Whether this link stays although the routes name another source. */
  get pinned(): boolean {
    return keepsClientState(this.endpoint);
  }

  begin(): void {
    this.calls += 1;
  }

  finish(): void {
    this.calls -= 1;
    if (this.calls === 0 && this.retired) this.close();
  }

  /**
   * Sends a request whose answer goes to `call` as one message, over either kind of conversation. Throws only for a fault
   * of ours; the call has ended then.
   */
  submit(call: Call, body: Buffer, spans: RequestSpans): void {
    const conversation = this.conversation;
    const timeoutMs = call.endpoint.callTimeoutMs;
    try {
      call.handle =
        conversation.kind === 'messages'
          ? conversation.request(body, spans, call, timeoutMs)
          : new ExchangeCall(conversation, body, call, call.id, timeoutMs);
    } catch (error) {
      call.fault();
      throw error;
    }
  }

  /** Sends a notification, or an answer to the upstream's request. */
  forward(body: Buffer): void {
    if (this.gone) return;
    const conversation = this.conversation;
    if (conversation.kind === 'messages') conversation.send(body);
    else sendQuietly(conversation, body, this.endpoint.callTimeoutMs);
  }

  retire(): void {
    this.retired = true;
    if (this.calls === 0) this.close();
  }

  close(): void {
    if (this.gone) return;
    this.gone = true;
    if (!this.borrowed) this.opened?.close();
    this.lease.release();
  }

  onMessage(message: Buffer): void {
    if (!this.gone) this.owner.deliver(message);
  }

  onEnd(error: UpstreamError): void {
    if (this.gone) return;
    this.gone = true;
    this.lease.release();
    if (this.opened !== null) this.owner.linkEnded(this, error);
  }
}
