// HOT PATH
import type { Principal } from '../auth/principal.js';
import type { ClientFacts } from '../upstream/upstream.js';
import type { Lease } from '../upstream/instance-source.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import { sessionChannel, type SessionMessage } from './channels.js';
import type { Endpoint } from './endpoint.js';
import { Link, type LinkOwner } from './link.js';
import { initialized } from './own-conversations.js';
import type { ReplayBudget } from './replay-budget.js';
import { SessionMemory } from './session-memory.js';

export type SessionEnd =
  | 'deleted'
  | 'idle'
  | 'evicted'
  | 'disconnected'
  | 'upstream-ended'
  | 'service-removed'
  | 'not-opened'
  | 'shutdown';

/** The table that a session gets its leases from and reports its end to. */
export interface SessionOwner {
  /** Rejects with an `UpstreamError`. */
  lease(endpoint: Endpoint): Promise<Lease>;
  sessionEnded(session: Session, reason: SessionEnd): void;
  /** What all sessions may hold for clients that come back. */
  readonly replays: ReplayBudget;
}

/**
 * A client's session. Owned by the session table. It holds at most one link that takes calls; links that were moved away
 * from live on until their calls are done.
 * Invariant: `link` is null or not ended; a session with an upstream of its own ends with it.
 */
export abstract class Session implements LinkOwner {
  abstract readonly transport: 'streamable_http' | 'sse';
  readonly serviceId: string;
  readonly serviceName: string;
  /** Given by the table once the session is open; `''` until then. */
  id = '';
  /** Whom the upstream believes it talks to; `null` until that is known. */
  abstract readonly client: ClientFacts | null;
  link: Link | null = null;
  /** Whether the client has sent `notifications/initialized`. */
  initialized = false;
  lastUsedMs: number;
  private opening: Promise<Link> | null = null;
  private memory: SessionMemory | null = null;
  private over = false;

  constructor(
    endpoint: Endpoint,
    readonly principalId: string,
    protected readonly owner: SessionOwner,
    nowMs: number,
  ) {
    this.serviceId = endpoint.serviceId;
    this.serviceName = endpoint.serviceName;
    this.lastUsedMs = nowMs;
  }

  get ended(): boolean {
    return this.over;
  }

  /** Whether nothing goes on in it: no call, no stream, nothing being opened. */
  get idle(): boolean {
    return this.opening === null && this.link?.busy !== true && !this.streaming;
  }

  /** Whether its client closed the standing stream it had, as it does when it leaves. */
  get clientLeft(): boolean {
    return false;
  }

  /** Whether it ends for good when it is dropped here; otherwise its sealed id brings it back. */
  get pinned(): boolean {
    return this.link?.pinned === true;
  }

  isOf(serviceId: string, principal: Principal): boolean {
    return this.serviceId === serviceId && this.principalId === principal.id;
  }

  /** The link for a call at `endpoint`, or `null` when one has to be opened first. */
  readyLink(endpoint: Endpoint): Link | null {
    const { link } = this;
    if (link === null || link.endpoint.source === endpoint.source || link.pinned) return link;
    return null;
  }

  /** Opens the link, or moves to `endpoint`. Callers at the same time share one opening. */
  connect(endpoint: Endpoint, client: ClientFacts, hops: number): Promise<Link> {
    this.opening ??= this.openLink(endpoint, client, hops).finally(() => {
      this.opening = null;
    });
    return this.opening;
  }

  /**
   * The routes have replaced the link's source: a session that streams moves at once, another one lets go and moves with
   * its next call. Calls under way finish where they are.
   */
  follow(endpoint: Endpoint, client: ClientFacts): void {
    const { link } = this;
    if (link === null || this.readyLink(endpoint) !== null) return;
    if (this.streaming && endpoint.unavailable === null) {
      // A failure shows with the next call, which tries again.
      this.connect(endpoint, client, 0).catch(() => undefined);
      return;
    }
    this.linkLost(link);
    this.link = null;
    link.retire();
  }

  /** Passes a notification or an answer of the client on, and learns from it. */
  forward(link: Link, body: Buffer, method: string): void {
    if (method === 'notifications/initialized') this.initialized = true;
    link.forward(body);
  }

  /** Keeps what has to be told again to another upstream: log level and subscriptions. */
  remember(method: string, body: Buffer): void {
    if (!SessionMemory.concerns(method)) return;
    this.memory ??= new SessionMemory();
    this.memory.learn(method, body);
  }

  end(reason: SessionEnd): void {
    if (this.over) return;
    this.over = true;
    this.closeStreams();
    const { link } = this;
    this.link = null;
    link?.close();
    // One that never came to be open was not told of, either.
    if (this.id !== '') this.tell('closed', reason);
    this.owner.sessionEnded(this, reason);
  }

  linkEnded(link: Link, error: UpstreamError): void {
    if (this.link !== link) return;
    this.linkLost(link);
    this.link = null;
    if (link.pinned) this.end('upstream-ended');
    else this.upstreamLost(error);
  }

  tell(event: SessionMessage['event'], reason: string | null = null): void {
    if (!sessionChannel.hasSubscribers) return;
    const message: SessionMessage = {
      service_id: this.serviceId,
      service: this.serviceName,
      event,
      client: this.transport,
      reason,
    };
    sessionChannel.publish(message);
  }

  /** A message of the upstream that belongs to no call. */
  abstract deliver(message: Buffer): void;
  /** A notification of ours. */
  abstract announce(message: Buffer): void;
  /** Whether the client keeps a standing stream. */
  abstract get streaming(): boolean;
  protected abstract closeStreams(): void;
  /** The link now in `this.link` replaced another one or the void; `streaming` may be true. */
  protected abstract linkGained(link: Link): void;
  /** `link` no longer is this session's. */
  protected abstract linkLost(link: Link): void;
  protected upstreamLost(_error: UpstreamError): void {}

  private async openLink(endpoint: Endpoint, client: ClientFacts, hops: number): Promise<Link> {
    const lease = await this.owner.lease(endpoint);
    const link = await Link.openOn(this, endpoint, lease, client, undefined, hops);
    // What is told and asked on this link must not overtake it.
    if (this.initialized) await initialized(link.conversation);
    if (this.over) {
      link.close();
      throw new UpstreamError('stopped', 'The session ended while its upstream was opened');
    }
    if (link.ended) throw new UpstreamError('exited', 'The upstream ended while it was opened');
    const before = this.link;
    if (before !== null) {
      this.linkLost(before);
      before.retire();
      this.tell('moved');
    }
    this.link = link;
    this.linkGained(link);
    if (this.initialized) this.memory?.retell(link);
    return link;
  }
}
