// HOT PATH
import type { ServerResponse } from 'node:http';
import type { ClientFacts } from '../upstream/upstream.js';
import type { ListenRelay } from './listen-relay.js';
import type { Endpoint } from './endpoint.js';
import { EventStream, type StreamOwner } from './event-stream.js';
import {
  eventId,
  EventStore,
  readEventId,
  type EventPosition,
  type IdSplice,
} from './event-store.js';
import { eachMessage } from './exchange-call.js';
import type { HttpCall } from './http-call.js';
import type { Link } from './link.js';
import type { Pulse } from './pulse.js';
import { Session, type SessionOwner } from './session.js';
import { Slots } from '../kernel/slots.js';

/** The standing stream's number in event ids. */
const STANDING = 0;

/** A session of a Streamable HTTP client. Its event store is made with its first event. */
export class StreamableSession extends Session implements StreamOwner {
  override readonly transport = 'streamable_http';
  /** The protocol version that was agreed on; the one asked for until then. */
  version: string;
  /** Open calls; those of an HTTP upstream pass by. Made with the first one. */
  private calls: Slots<HttpCall> | null = null;
  private events: EventStore | null = null;
  private streams = 0;
  private stream: EventStream | null = null;
  private relay: ListenRelay | null = null;
  private streamClosed = false;
  /** Last event of the standing stream that was written to a client. */
  private sentSeq = 0;

  constructor(
    endpoint: Endpoint,
    principalId: string,
    readonly client: ClientFacts,
    /** Tells event ids of this life of the session from those of an earlier one. */
    readonly epoch: string,
    owner: SessionOwner,
    private readonly pulse: Pulse,
  ) {
    super(endpoint, principalId, owner, pulse.nowMs());
    this.version = client.protocolVersion;
  }

  /** Answers the slot to drop it by, once. */
  addCall(call: HttpCall): number {
    this.calls ??= new Slots();
    return this.calls.add(call);
  }

  dropCall(slot: number): void {
    this.calls?.remove(slot);
    this.lastUsedMs = this.pulse.nowMs();
  }

  callById(id: string): HttpCall | null {
    return this.newestCall((call) => call.id.toString('utf8') === id);
  }

  /** A number for a call's own stream. */
  nextStream(): number {
    this.streams += 1;
    return this.streams;
  }

  /** Keeps an event of a call's stream and answers its id. */
  keep(stream: number, message: Buffer, splice: IdSplice | null = null): string {
    this.events ??= new EventStore(this.owner.replays);
    const seq = this.events.append(stream, message, this.pulse.nowMs(), splice);
    return eventId(this.epoch, stream, seq);
  }

  primeId(stream: number): string {
    this.events ??= new EventStore(this.owner.replays);
    return eventId(this.epoch, stream, this.events.prime());
  }

  /**
   * To the newest call's stream when it is a request or nobody listens, else to the standing stream or the buffer. What
   * an upstream of our own says while it works on a single call is about that call, and stays in order with its answer.
   */
  override deliver(message: Buffer): void {
    const alone = this.calls?.size === 1 && this.pinned;
    if (alone || this.stream === null || isRequest(message)) {
      const call = this.newestCall((candidate) => candidate.canStream);
      if (call !== null) {
        call.onRelated(message);
        return;
      }
    }
    this.sendStanding(message);
  }

  /** A notification of ours, written where the client listens; kept for the standing stream when it does not. */
  announce(message: Buffer): void {
    if (this.relay !== null) this.relay.inject(message);
    else if (this.stream !== null || this.link?.conversation.kind === 'messages') {
      this.deliver(message);
    }
  }

  /** Makes `response` the standing stream, in place of an older one, and brings it up to date. */
  listen(response: ServerResponse, requestId: string, lastEventId: string | null): void {
    const position = lastEventId === null ? null : readEventId(this.epoch, lastEventId);
    if (position !== null && position.stream !== STANDING) {
      this.resume(response, requestId, position);
      return;
    }
    this.endStanding();
    const stream = new EventStream(response, requestId, this, this.pulse);
    this.stream = stream;
    this.link?.lease.upstream.countListener(1);
    const from = position?.seq ?? this.sentSeq;
    for (const event of this.events?.after(STANDING, from) ?? []) {
      stream.send(event.message, eventId(this.epoch, STANDING, event.seq));
      this.sentSeq = Math.max(this.sentSeq, event.seq);
    }
    if (this.version >= '2025-11-25') stream.prime(this.primeId(STANDING));
    else stream.keepAlive();
  }

  /** The standing stream of an HTTP upstream, passed through; replaces an older one. */
  adopt(relay: ListenRelay): void {
    const before = this.relay;
    this.relay = relay;
    before?.cut();
  }

  relayGone(relay: ListenRelay): void {
    if (this.relay === relay) this.relay = null;
  }

  streamGone(stream: EventStream): void {
    if (this.stream !== stream) return;
    this.stream = null;
    this.streamClosed = true;
    this.lastUsedMs = this.pulse.nowMs();
    this.link?.lease.upstream.countListener(-1);
  }

  override get clientLeft(): boolean {
    return this.streamClosed && !this.streaming;
  }

  /** Ends what would keep a shutdown waiting. Calls under way go on. */
  endStanding(): void {
    const { stream, relay } = this;
    if (stream !== null) {
      this.streamGone(stream);
      stream.end();
    }
    this.relay = null;
    relay?.cut();
  }

  override get streaming(): boolean {
    return this.stream !== null || this.relay !== null;
  }

  protected override closeStreams(): void {
    this.endStanding();
    this.events?.drop();
  }

  protected override linkGained(link: Link): void {
    if (this.stream !== null) link.lease.upstream.countListener(1);
  }

  protected override linkLost(link: Link): void {
    if (this.stream !== null) link.lease.upstream.countListener(-1);
    // The relayed stream belongs to the conversation that goes: the client opens it anew, on the next one.
    const { relay } = this;
    this.relay = null;
    relay?.cut();
  }

  private resume(response: ServerResponse, requestId: string, position: EventPosition): void {
    const stream = position.stream;
    const running = this.newestCall((call) => call.streamNumber === stream);
    const owner = running ?? this;
    const target = new EventStream(response, requestId, owner, this.pulse);
    for (const { message, seq, splice } of this.events?.after(stream, position.seq) ?? []) {
      const id = eventId(this.epoch, stream, seq);
      if (splice === null) target.send(message, id);
      else target.sendSpliced(message, splice.idStart, splice.idEnd, splice.id, id);
    }
    if (running === null) target.end();
    else running.attach(target);
  }

  private sendStanding(message: Buffer): void {
    this.events ??= new EventStore(this.owner.replays);
    const seq = this.events.append(STANDING, message, this.pulse.nowMs());
    if (this.stream?.send(message, eventId(this.epoch, STANDING, seq)) === true) this.sentSeq = seq;
  }

  private newestCall(fits: (call: HttpCall) => boolean): HttpCall | null {
    let newest: HttpCall | null = null;
    this.calls?.forEach((call) => {
      if (fits(call) && (newest === null || call.startedMs >= newest.startedMs)) newest = call;
    });
    return newest;
  }
}

function isRequest(message: Buffer): boolean {
  let request = false;
  eachMessage(message, (_part, kind) => {
    request = kind === 'request';
  });
  return request;
}
