// HOT PATH
import type { ServerResponse } from 'node:http';
import type { Clock } from '../kernel/clock.js';
import { rpcErrorMessage } from '../protocol/message.js';
import type { RpcError } from '../protocol/rpc-error.js';
import type { ClientFacts } from '../upstream/upstream.js';
import { Call, type Asked, type CallLedger } from './call.js';
import type { Endpoint } from './endpoint.js';
import { EventStream, type StreamOwner } from './event-stream.js';
import { ExchangeListener } from './exchange-listener.js';
import type { Link } from './link.js';
import type { Pulse } from './pulse.js';
import { Session, type SessionOwner } from './session.js';
import { Slots } from '../kernel/slots.js';
import { toolDoorOf, withoutRefusedTools } from './tool-door.js';

/** A session of a legacy HTTP+SSE client (2024-11-05). Its one stream carries everything; it ends with that stream. */
export class LegacySession extends Session implements StreamOwner {
  override readonly transport = 'sse';
  /** Known from the `initialize` request on. */
  client: ClientFacts | null = null;
  private stream: EventStream | null = null;
  private listener: ExchangeListener | null = null;
  private readonly calls = new Slots<LegacyCall>();

  constructor(
    endpoint: Endpoint,
    principalId: string,
    owner: SessionOwner,
    private readonly pulse: Pulse,
    private readonly clock: Clock,
  ) {
    super(endpoint, principalId, owner, pulse.nowMs());
  }

  /** Begins the stream and tells where to POST (2024-11-05, HTTP with SSE). */
  open(response: ServerResponse, requestId: string, messagePath: string): void {
    this.stream = new EventStream(response, requestId, this, this.pulse);
    this.stream.sendEvent('endpoint', messagePath);
  }

  /** Writes a whole message. */
  say(message: Buffer): void {
    this.stream?.send(message);
  }

  sayReply(message: Buffer, idStart: number, idEnd: number, id: Buffer): void {
    this.stream?.sendSpliced(message, idStart, idEnd, id);
  }

  /** Answers the slot to drop it by, once. */
  addCall(call: LegacyCall): number {
    return this.calls.add(call);
  }

  dropCall(slot: number): void {
    this.calls.remove(slot);
  }

  callById(id: string): LegacyCall | null {
    let found: LegacyCall | null = null;
    this.calls.forEach((call) => {
      if (call.id.toString('utf8') === id) found = call;
    });
    return found;
  }

  override deliver(message: Buffer): void {
    this.say(message);
  }

  override announce(message: Buffer): void {
    this.say(message);
  }

  /** To be called once the client has said that it is initialized: an HTTP upstream may be listened to now. */
  listen(): void {
    const conversation = this.link?.conversation;
    if (conversation?.kind !== 'exchange' || this.listener !== null) return;
    this.listener = new ExchangeListener(conversation, this.clock, (message) => {
      this.say(message);
    });
  }

  streamGone(stream: EventStream): void {
    if (this.stream !== stream) return;
    this.stream = null;
    this.link?.lease.upstream.countListener(-1);
    this.end('disconnected');
  }

  override get streaming(): boolean {
    return this.stream !== null;
  }

  protected override closeStreams(): void {
    this.listener?.close();
    this.listener = null;
    const { stream } = this;
    this.stream = null;
    if (stream === null) return;
    this.link?.lease.upstream.countListener(-1);
    stream.end();
  }

  protected override linkGained(link: Link): void {
    if (this.stream !== null) link.lease.upstream.countListener(1);
    if (this.initialized) this.listen();
  }

  protected override linkLost(link: Link): void {
    if (this.stream !== null) link.lease.upstream.countListener(-1);
    this.listener?.close();
    this.listener = null;
  }
}

/** One request of a legacy client; everything that belongs to it goes to the session's stream. */
export class LegacyCall extends Call {
  private readonly slot: number;

  constructor(
    ledger: CallLedger,
    endpoint: Endpoint,
    private readonly session: LegacySession,
    link: Link,
    asked: Asked,
  ) {
    super(ledger, endpoint, link, asked);
    this.slot = session.addCall(this);
  }

  override onRelated(message: Buffer): void {
    this.keepWaiting();
    this.session.say(message);
  }

  protected override answer(message: Buffer, idStart: number, idEnd: number): void {
    this.session.dropCall(this.slot);
    const door = this.method === 'tools/list' ? toolDoorOf(this.endpoint) : null;
    if (door === null) this.session.sayReply(message, idStart, idEnd, this.id);
    else this.session.say(withoutRefusedTools(door, message, this.id));
  }

  protected override refuse(error: RpcError): void {
    this.session.dropCall(this.slot);
    this.session.say(rpcErrorMessage(this.id, error));
  }
}
