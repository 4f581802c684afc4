import type { Endpoint } from '../gateway/endpoint.js';
import { ExchangeListener } from '../gateway/exchange-listener.js';
import type { Link } from '../gateway/link.js';
import { initialized } from '../gateway/own-conversations.js';
import { Session, type SessionEnd, type SessionOwner } from '../gateway/session.js';
import type { SessionMemory } from '../gateway/session-memory.js';
import type { Clock } from '../kernel/clock.js';
import type { JsonObject } from '../kernel/json.js';
import { Slots } from '../kernel/slots.js';
import { rpcNotification } from '../protocol/message.js';
import { ConversationClient } from '../upstream/conversation-client.js';
import type { ClientFacts } from '../upstream/upstream.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import { ListShelf } from './list-shelf.js';
import type { MemberCall } from './member-call.js';
import { listAll, LISTS } from './member-lists.js';

/** The conversation with the client, as its members see it. */
export interface MemberHost {
  readonly client: ClientFacts;
  /** Whether the client is certainly there: it keeps a standing stream. */
  readonly attended: boolean;
  /** A notification or a request of the member; `call` is the call it belongs to, where that is known. */
  heard(session: MemberSession, link: Link, message: Buffer, call: MemberCall | null): void;
  linkEnded(link: Link): void;
  memberEnded(session: MemberSession): void;
}

export interface MemberParts {
  readonly owner: SessionOwner;
  readonly clock: Clock;
  readonly host: MemberHost;
  /** What the client asked of this member for good; outlives the session. */
  readonly memory: SessionMemory;
}

const LIST_TTL_MS = 60_000;
const LIST_TIMEOUT_MS = 10_000;

/**
 * One client's session with one member, opened with its first call there. The session table moves and ends it as any
 * session; no client knows its id. Owned by the conversation of the aggregate.
 */
export class MemberSession extends Session {
  override readonly transport = 'streamable_http';
  readonly client: ClientFacts;
  readonly calls = new Slots<MemberCall>();
  /** What the member lists to this very client. */
  readonly shelf: ListShelf;
  private requester: ConversationClient | null = null;
  private greeting: Promise<void> | null = null;
  private listener: ExchangeListener | null = null;
  private lastId = 0;

  constructor(
    endpoint: Endpoint,
    principalId: string,
    private readonly parts: MemberParts,
  ) {
    super(endpoint, principalId, parts.owner, parts.clock.monotonicMs());
    this.client = parts.host.client;
    this.shelf = new ListShelf(
      parts.clock,
      (kind) => {
        const { requester } = this;
        if (requester === null) throw new UpstreamError('stopped', 'The member is not connected');
        return listAll(requester, kind, LIST_TIMEOUT_MS);
      },
      LIST_TTL_MS,
      (kind, late) => {
        // Who asks for a list that changed has it in hand.
        if (late) this.announce(rpcNotification(LISTS[kind].changed));
      },
    );
  }

  /** The link for a call at `endpoint` when it can be used at once. */
  ready(endpoint: Endpoint): Link | null {
    return this.greeting === null ? this.readyLink(endpoint) : null;
  }

  /** Opens the link or moves it where needed. Rejects with an `UpstreamError`. */
  async line(endpoint: Endpoint, hops: number): Promise<Link> {
    const link = this.readyLink(endpoint) ?? (await this.connect(endpoint, this.client, hops));
    if (this.greeting !== null) await this.greeting;
    return link;
  }

  /** An id that no request on an HTTP conversation of this session had before. */
  nextId(): Buffer {
    this.lastId += 1;
    return Buffer.from(`"switchyard-${this.lastId}"`);
  }

  /** The call that began last, or `null`. */
  get newestCall(): MemberCall | null {
    let newest: MemberCall | null = null;
    this.calls.forEach((call) => {
      if (newest === null || call.startedMs >= newest.startedMs) newest = call;
    });
    return newest;
  }

  touch(): void {
    this.lastUsedMs = this.parts.clock.monotonicMs();
  }

  /** Something that belongs to a call. */
  heard(call: MemberCall, message: Buffer): void {
    this.parts.host.heard(this, call.link, message, call);
  }

  /** Asks something whose answer nobody waits for. */
  ask(method: string, params: JsonObject): void {
    const asked = this.requester?.request(method, params, { timeoutMs: LIST_TIMEOUT_MS });
    asked?.catch(() => undefined);
  }

  override deliver(message: Buffer): void {
    const link = this.link ?? this.newestCall?.link ?? null;
    if (link !== null) this.parts.host.heard(this, link, message, null);
  }

  override announce(message: Buffer): void {
    this.deliver(message);
  }

  /** The client has sessions of its own to be told of; those of members would be counted twice. */
  override tell(): void {}

  override get streaming(): boolean {
    return this.link !== null && this.parts.host.attended;
  }

  override end(reason: SessionEnd): void {
    if (this.ended) return;
    super.end(reason);
    this.parts.host.memberEnded(this);
  }

  override linkEnded(link: Link, error: UpstreamError): void {
    super.linkEnded(link, error);
    this.parts.host.linkEnded(link);
  }

  protected override closeStreams(): void {
    this.listener?.close();
    this.listener = null;
  }

  protected override linkGained(link: Link): void {
    this.requester = new ConversationClient(link.conversation);
    this.shelf.age(['tools', 'prompts', 'resources', 'templates']);
    const greeting = this.greet(link).finally(() => {
      if (this.greeting === greeting) this.greeting = null;
    });
    this.greeting = greeting;
  }

  protected override linkLost(): void {
    this.requester = null;
    this.closeStreams();
  }

  private async greet(link: Link): Promise<void> {
    await initialized(link.conversation);
    if (this.link !== link) return;
    const { conversation } = link;
    if (conversation.kind === 'exchange') {
      this.listener = new ExchangeListener(conversation, this.parts.clock, (message) => {
        if (this.link === link) this.parts.host.heard(this, link, message, null);
      });
    }
    this.parts.memory.retell(link);
  }
}
