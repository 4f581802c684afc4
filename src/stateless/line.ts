// HOT PATH
import type { Endpoint } from '../gateway/endpoint.js';
import { BOTH_KINDS, ExchangeCall } from '../gateway/exchange-call.js';
import { ExchangeListener } from '../gateway/exchange-listener.js';
import { Link } from '../gateway/link.js';
import { cancelledId } from '../gateway/post-body.js';
import type { Clock } from '../kernel/clock.js';
import { Slots } from '../kernel/slots.js';
import { scanEnvelope, type Envelope } from '../protocol/envelope-scan.js';
import { LOG_LEVELS } from '../protocol/log-level.js';
import { methodNotFound, rpcNotification, rpcRequest, rpcResult } from '../protocol/message.js';
import type { Lease } from '../upstream/instance-source.js';
import { Subscriptions } from '../upstream/subscriptions.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import type {
  ClientFacts,
  Conversation,
  ConversationSink,
  ReplySink,
} from '../upstream/upstream.js';
import { readAsk, type ServerAsk } from './server-ask.js';

/** A call under way on a line. */
export interface LineCall {
  /** Whether a request of the upstream may be handed to its client. */
  readonly askable: boolean;
  /** A request of the upstream, for which this call is the only one it can be about. */
  ask(ask: ServerAsk): void;
  /** The upstream takes back what it asked; `id` is its id as JSON. */
  withdraw(id: string): void;
  /** A notification, for which this call is the only one it can be about. */
  hear(message: Buffer, envelope: Envelope): void;
}

/** Whoever keeps lines. */
export interface LineOwner {
  /** A list changed, or a resource that was subscribed to. */
  changed(line: Line, message: Buffer, method: string): void;
  /** It takes no more calls; `lost`: as its upstream ended. Called once. */
  lineOver(line: Line, lost: boolean): void;
}

/** What a line is opened for. */
export interface LineTerms {
  readonly endpoint: Endpoint;
  /** Whether calls that can be asked take the line for themselves. */
  readonly exclusive: boolean;
  readonly client: ClientFacts;
  /** Gateways that the caller's request came through. */
  readonly hops: number;
}

const INITIALIZED = rpcNotification('notifications/initialized');
const ASIDE_MS = 10_000;
const MAX_ORPHANS = 4;

const DEAF: ReplySink = { onReply() {}, onRelated() {}, onFail() {} };

/**
 * A conversation of an upstream that stands in for the session a stateless client never opens. Kept by the line table for
 * one principal and one set of client facts, so that a server's state (a browser, a working directory) outlives a call.
 * Invariant: holds its lease from `open` to its end; `users` counts all that keep it open.
 */
export class Line implements ConversationSink {
  users = 0;
  /** Whether a call has the line to itself, so that each request of the upstream is known to be about that call. */
  taken = false;
  lastUsedMs: number;
  /** Whether every message is one of the stateless protocol. */
  native = false;
  /** Requests of the upstream that came while no call could be asked; the next one is. */
  readonly orphans: ServerAsk[] = [];
  readonly subscriptions = new Subscriptions((uri) => {
    this.aside('resources/unsubscribe', { uri }, DEAF);
  });
  private link_: Link | null = null;
  private facts: Buffer | null = null;
  private readonly calls = new Slots<LineCall>();
  private listener: ExchangeListener | null = null;
  private level = -1;
  private lastId = 0;
  private retired = false;
  private over = false;

  private constructor(
    readonly endpoint: Endpoint,
    readonly exclusive: boolean,
    private readonly lease: Lease,
    private readonly owner: LineOwner,
    private readonly clock: Clock,
  ) {
    this.lastUsedMs = clock.monotonicMs();
  }

  /** On a lease that is the line's from now on. Rejects with an `UpstreamError`; holds no lease then. */
  static async open(
    owner: LineOwner,
    clock: Clock,
    lease: Lease,
    { endpoint, exclusive, client, hops }: LineTerms,
  ): Promise<Line> {
    const line = new Line(endpoint, exclusive, lease, owner, clock);
    try {
      const native = await lease.upstream.openStateless(line, undefined, hops);
      line.native = native !== null;
      const conversation = native ?? (await lease.upstream.open(client, line, undefined, hops));
      line.link_ = Link.over(endpoint, lease, conversation);
      if (native === null) await line.initialized();
    } catch (error) {
      line.over = true;
      line.link_?.conversation.close();
      lease.release();
      throw error;
    }
    if (line.over) throw new UpstreamError('exited', 'The upstream ended while it was opened');
    if (!line.native) {
      // Known only now: the next line needs no translation.
      lease.upstream.onStateless(() => {
        line.retire();
      });
    }
    return line;
  }

  get link(): Link {
    if (this.link_ === null) throw new Error('a line is used before it is open');
    return this.link_;
  }

  get conversation(): Conversation {
    return this.link.conversation;
  }

  /** What the server says of itself, as JSON; `null` when it says nothing. */
  get serverInfo(): Buffer | null {
    this.facts ??= Buffer.from(JSON.stringify(this.conversation.server.serverInfo));
    return this.facts.length > 2 ? this.facts : null;
  }

  /** Whether it takes calls. */
  get usable(): boolean {
    return !this.over && !this.retired;
  }

  get multiplexed(): boolean {
    return this.lease.upstream.multiplexed;
  }

  enter(takes: boolean): void {
    this.users += 1;
    if (takes) this.taken = true;
  }

  leave(took: boolean): void {
    this.users -= 1;
    if (took) this.taken = false;
    this.lastUsedMs = this.clock.monotonicMs();
    if (this.users === 0 && this.retired) this.close();
  }

  addCall(call: LineCall): number {
    return this.calls.add(call);
  }

  dropCall(slot: number): void {
    this.calls.remove(slot);
  }

  /** An id that no request on this line had before. */
  nextId(): Buffer {
    this.lastId += 1;
    return Buffer.from(String(this.lastId));
  }

  /** A notification, or the answer to a request of the upstream. */
  send(body: Buffer): void {
    if (!this.over) this.link.forward(body);
  }

  /** A request of ours beside the calls. */
  aside(method: string, params: Record<string, string>, sink: ReplySink): void {
    if (this.over) return;
    const { conversation } = this;
    const id = this.nextId();
    const body = rpcRequest(id, method, params);
    const spans = scanEnvelope(body);
    if (spans === null) return;
    if (conversation.kind === 'messages') conversation.request(body, spans, sink, ASIDE_MS);
    else new ExchangeCall(conversation, body, sink, id, ASIDE_MS);
  }

  /**
   * Has the upstream send log messages from `level` on; each call leaves out what it did not ask for. Answers `true` when
   * the call may go at once; otherwise `then` is called when the upstream has heard it, which over HTTP takes a request.
   */
  wantsLog(level: number, then: () => void): boolean {
    const quieter = this.level >= 0 && level > this.level && this.calls.size > 1;
    if (level < 0 || level === this.level || quieter) return true;
    if (this.conversation.server.capabilities.logging === undefined) return true;
    this.level = level;
    const waits = this.conversation.kind === 'exchange';
    const sink = waits ? { onReply: then, onRelated() {}, onFail: then } : DEAF;
    this.aside('logging/setLevel', { level: LOG_LEVELS[level] ?? 'info' }, sink);
    return !waits;
  }

  /** Hears what an HTTP upstream says outside of answers, from now to the line's end. */
  listen(): void {
    const { conversation } = this;
    if (conversation.kind !== 'exchange' || this.native) return;
    this.listener ??= new ExchangeListener(conversation, this.clock, (message) => {
      this.onMessage(message);
    });
  }

  countListener(change: 1 | -1): void {
    this.lease.upstream.countListener(change);
  }

  /** Takes no more calls, and closes with the last that uses it. */
  retire(): void {
    if (!this.usable) return;
    this.retired = true;
    this.owner.lineOver(this, false);
    if (this.users === 0) this.close();
  }

  close(): void {
    if (this.over) return;
    this.end(false);
    this.conversation.close();
  }

  onMessage(message: Buffer): void {
    const envelope = this.over ? null : scanEnvelope(message);
    if (envelope === null) return;
    if (envelope.kind === 'request') this.askedBy(this.onlyAskable(), message, envelope);
    else if (envelope.kind === 'notification') this.heard(message, envelope);
  }

  onEnd(_error: UpstreamError): void {
    if (!this.over) this.end(true);
  }

  /** What an HTTP upstream sends along with an answer and what is about no call. */
  heard(message: Buffer, envelope: Envelope): void {
    switch (envelope.method) {
      case 'notifications/tools/list_changed':
      case 'notifications/prompts/list_changed':
      case 'notifications/resources/list_changed':
      case 'notifications/resources/updated':
        this.owner.changed(this, message, envelope.method);
        return;
      case 'notifications/cancelled':
        this.withdraw(cancelledId(message) ?? '');
        return;
      case 'notifications/elicitation/complete':
      case 'notifications/tasks/status':
        // Of features that the stateless protocol does not have.
        return;
      default:
        if (this.calls.size !== 1) return;
        // A child that several share may speak about anybody's call, unless there is but one.
        if (sharesChild(this.endpoint) && this.endpoint.load.inFlight !== 1) return;
        this.calls.forEach((call) => {
          call.hear(message, envelope);
        });
    }
  }

  private withdraw(id: string): void {
    const at = this.orphans.findIndex((ask) => ask.id?.toString('utf8') === id);
    if (at >= 0) this.orphans.splice(at, 1);
    this.calls.forEach((call) => {
      call.withdraw(id);
    });
  }

  /** Tells the upstream that nobody will answer. */
  refuse(id: Buffer | null, why: string): void {
    if (id !== null) this.send(methodNotFound(id, why));
  }

  /** A request of the upstream; `call` is what it is about, where that is known. */
  askedBy(call: LineCall | null, message: Buffer, envelope: Envelope): void {
    const id = message.subarray(envelope.idStart, envelope.idEnd);
    if (envelope.method === 'ping') {
      this.send(rpcResult(id, '{}'));
      return;
    }
    const ask = this.native ? null : readAsk(message, envelope);
    if (ask !== null && call !== null) call.ask(ask);
    else if (ask === null || !this.keepOrphan(ask))
      this.refuse(id, `${envelope.method} is not supported by the client of a call under way`);
  }

  /** Servers ask for roots as soon as they are initialised; nothing else is of use later. */
  keepOrphan(ask: ServerAsk): boolean {
    const fits = ask.method === 'roots/list' && this.exclusive && this.usable;
    if (!fits || this.orphans.length >= MAX_ORPHANS) return false;
    this.orphans.push(ask);
    return true;
  }

  private onlyAskable(): LineCall | null {
    let found: LineCall | null = null;
    let several = false;
    this.calls.forEach((call) => {
      if (!call.askable) return;
      several = found !== null;
      found = call;
    });
    return several ? null : found;
  }

  /** Over HTTP a later request could overtake the notification: it is waited for, whatever becomes of it. */
  private async initialized(): Promise<void> {
    const { conversation } = this;
    if (conversation.kind === 'messages') {
      conversation.send(INITIALIZED);
      return;
    }
    await new Promise<void>((resolve) => {
      const done = (): void => {
        resolve();
      };
      const sink = { onHead: () => undefined, onChunk: () => true, onEnd: done, onFail: done };
      conversation.post(INITIALIZED, BOTH_KINDS, sink, ASIDE_MS);
    });
    if (this.exclusive) this.listen();
  }

  private end(lost: boolean): void {
    const wasUsable = this.usable;
    this.over = true;
    this.listener?.close();
    this.link_?.close();
    if (wasUsable && this.link_ !== null) this.owner.lineOver(this, lost);
  }
}

/** Whether one child serves many clients at once, whose calls it cannot tell apart. */
export function sharesChild(endpoint: Endpoint): boolean {
  const { transport, isolation, aggregate } = endpoint;
  // A conversation with an aggregate is its client's own, whatever its members share.
  return transport === 'stdio' && isolation === 'shared' && aggregate !== true;
}
