// HOT PATH
import type { ServerResponse } from 'node:http';
import { rpcErrorMessage } from '../protocol/message.js';
import type { RpcError } from '../protocol/rpc-error.js';
import { Call, type Asked, type CallLedger } from './call.js';
import { EventStream, spliced, type StreamOwner } from './event-stream.js';
import type { Inbound } from './inbound.js';
import type { Link } from './link.js';
import type { Pulse, WaitingCall } from './pulse.js';
import { sendReply, sendRpcError } from './reply.js';
import type { StreamableSession } from './streamable-session.js';
import { toolDoorOf, withoutRefusedTools } from './tool-door.js';

/** A longer reply is neither copied for the client nor for its return. */
const COPY_LIMIT = 65_536;

/**
 * One POSTed request of a Streamable HTTP client. Nothing is written until the first message: a reply that comes first
 * is one JSON write, anything else makes the answer a stream. A client that disconnects cancels nothing (2025-11-25,
 * Streamable HTTP): what belongs to a stream it has seen is kept for its return.
 */
export class HttpCall extends Call implements StreamOwner, WaitingCall {
  /** 0 until the answer has become a stream. */
  streamNumber = 0;
  private readonly response: ServerResponse;
  private readonly requestId: string;
  private readonly acceptsJson: boolean;
  private readonly acceptsStream: boolean;
  private stream: EventStream | null = null;
  private readonly sessionSlot: number;
  /** -1 when the pulse need not know of it. */
  private waitingSlot: number;

  constructor(
    ledger: CallLedger,
    inbound: Inbound,
    private readonly session: StreamableSession,
    link: Link,
    asked: Asked,
    private readonly pulse: Pulse,
  ) {
    super(ledger, inbound.endpoint, link, asked);
    this.response = inbound.response;
    this.requestId = inbound.requestId;
    this.acceptsJson = inbound.acceptsJson;
    this.acceptsStream = inbound.acceptsStream;
    this.sessionSlot = session.addCall(this);
    this.waitingSlot = this.acceptsStream ? pulse.addWaiting(this) : -1;
  }

  /** Whether messages besides the reply can be sent on it, or kept for it. */
  get canStream(): boolean {
    return this.acceptsStream && (this.streamNumber > 0 || !this.response.destroyed);
  }

  override onRelated(message: Buffer): void {
    if (this.settled) return;
    this.keepWaiting();
    if (!this.canStream) {
      this.session.announce(message);
      return;
    }
    this.becomeStream();
    this.push(message);
  }

  becomeStream(): void {
    this.stopWaiting();
    if (this.streamNumber > 0 || this.settled || this.response.destroyed) return;
    this.streamNumber = this.session.nextStream();
    this.stream = new EventStream(this.response, this.requestId, this, this.pulse);
    if (this.session.version >= '2025-11-25') {
      this.stream.prime(this.session.primeId(this.streamNumber));
    } else {
      this.stream.keepAlive();
    }
  }

  /** The client came back for this stream with another connection. */
  attach(stream: EventStream): void {
    const before = this.stream;
    this.stream = stream;
    before?.end();
  }

  streamGone(stream: EventStream): void {
    if (this.stream === stream) this.stream = null;
  }

  protected override answer(message: Buffer, idStart: number, idEnd: number): void {
    this.leave();
    if (this.method === 'tools/list') {
      const door = toolDoorOf(this.endpoint);
      if (door !== null) {
        this.send(withoutRefusedTools(door, message, this.id), 0, 0);
        return;
      }
    }
    this.send(message, idStart, idEnd);
  }

  protected override refuse(error: RpcError): void {
    this.leave();
    if (this.streamNumber === 0 && this.acceptsJson) {
      sendRpcError(this.response, this.requestId, this.id, error);
    } else {
      this.send(rpcErrorMessage(this.id, error), 0, 0);
    }
  }

  private send(message: Buffer, idStart: number, idEnd: number): void {
    if (this.streamNumber > 0) {
      this.pushReply(message, idStart, idEnd);
      this.stream?.end();
    } else if (this.response.destroyed) {
      return;
    } else if (this.acceptsJson) {
      sendReply(this.response, this.requestId, message, idStart, idEnd, this.id);
    } else {
      const stream = new EventStream(this.response, this.requestId, this, this.pulse);
      stream.sendSpliced(message, idStart, idEnd, this.id);
      stream.end();
    }
  }

  private push(message: Buffer): void {
    const id = this.session.keep(this.streamNumber, message);
    this.stream?.send(message, id);
  }

  private pushReply(message: Buffer, idStart: number, idEnd: number): void {
    const { id } = this;
    if (idEnd === 0 || message.length < COPY_LIMIT) {
      this.push(spliced(message, idStart, idEnd, id));
      return;
    }
    const event = this.session.keep(this.streamNumber, message, { idStart, idEnd, id });
    this.stream?.sendSpliced(message, idStart, idEnd, id, event);
  }

  private leave(): void {
    this.session.dropCall(this.sessionSlot);
    this.stopWaiting();
  }

  private stopWaiting(): void {
    if (this.waitingSlot < 0) return;
    this.pulse.dropWaiting(this.waitingSlot);
    this.waitingSlot = -1;
  }
}
