// HOT PATH
import type { ServerResponse } from 'node:http';
import { CallRecord, type Asked, type CallLedger } from '../gateway/call.js';
import { errorCodeOf } from '../gateway/call-outcome.js';
import type { CallOutcome } from '../gateway/channels.js';
import { noteSuccess } from '../gateway/circuit.js';
import { EventStream, type StreamOwner } from '../gateway/event-stream.js';
import type { Inbound } from '../gateway/inbound.js';
import type { Link } from '../gateway/link.js';
import type { Pulse, WaitingCall } from '../gateway/pulse.js';
import { sendReply, sendRpcError } from '../gateway/reply.js';
import { outcomeOfError, rpcErrorOf } from '../gateway/wire-error.js';
import { rpcErrorMessage } from '../protocol/message.js';
import type { RpcError } from '../protocol/rpc-error.js';
import type { UpstreamError } from '../upstream/upstream.errors.js';

/** Whoever answers a round. */
export interface RoundOwner {
  /** The client closed the response before it was answered, which cancels the request. Called at most once. */
  roundGone(round: Round): void;
  /** The client left before all of what `ask` wrote was with it. Called at most once. */
  askLost?(round: Round): void;
}

/**
 * One POSTed request of a stateless client, until its response is written: with a call that asks for input, one of
 * several. A reply that comes first is one JSON write; anything before it, or 200 ms of silence, makes it a stream.
 */
export class Round extends CallRecord implements StreamOwner, WaitingCall {
  readonly id: Buffer;
  /** Set right after it was made. */
  owner: RoundOwner | null = null;
  private readonly response: ServerResponse;
  private readonly requestId: string;
  private readonly acceptsJson: boolean;
  private readonly acceptsStream: boolean;
  private stream: EventStream | null = null;
  /** -1 when the pulse need not know of it. */
  private waitingSlot: number;

  constructor(
    ledger: CallLedger,
    inbound: Inbound,
    link: Link,
    asked: Asked,
    private readonly pulse: Pulse,
  ) {
    super(ledger, inbound.endpoint, link, asked);
    this.id = asked.id;
    this.response = inbound.response;
    this.requestId = inbound.requestId;
    this.acceptsJson = inbound.acceptsJson;
    this.acceptsStream = inbound.acceptsStream;
    this.waitingSlot = this.acceptsStream ? pulse.addWaiting(this) : -1;
    this.response.on('close', () => {
      this.gone();
    });
  }

  /** A notification that belongs to the request; left out for a client that reads no stream. */
  notify(message: Buffer): void {
    if (this.settled || !this.acceptsStream) return;
    this.becomeStream();
    this.stream?.send(message);
  }

  /** `message` is the whole response, under the client's id. */
  answer(message: Buffer, outcome: CallOutcome): void {
    const code = outcome === 'rpc_error' ? errorCodeOf(message, message) : null;
    if (!this.settle(outcome, code)) return;
    this.stopWaiting();
    if (this.endpoint.load.failures > 0) noteSuccess(this.endpoint, this.method);
    if (this.stream !== null || !this.acceptsJson) {
      this.send(message);
    } else if (!this.response.destroyed) {
      sendReply(this.response, this.requestId, message, 0, 0, this.id);
    }
  }

  /** As `answer`, with what the client is to come back for: the owner hears when it cannot know of it. */
  ask(message: Buffer): void {
    const { response } = this;
    const { socket } = response;
    let written = false;
    // Why not `writableFinished`: what a lost connection swallowed counts as written there.
    response.once('finish', () => {
      written = socket?.destroyed === false;
    });
    response.once('close', () => {
      if (!written) this.owner?.askLost?.(this);
    });
    this.answer(message, 'ok');
  }

  /** The upstream did not answer. */
  fail(error: UpstreamError): void {
    if (!this.settled) this.ledger.failed(this.endpoint, this.method, error, this.startedMs);
    this.refuse(rpcErrorOf(error, this.endpoint), outcomeOfError(error.code), error.code);
  }

  refuse(error: RpcError, outcome: CallOutcome, reason: string | null): void {
    if (!this.settle(outcome, reason)) return;
    this.stopWaiting();
    if (this.stream !== null) this.send(rpcErrorMessage(this.id, error));
    else sendRpcError(this.response, this.requestId, this.id, error);
  }

  becomeStream(): void {
    this.stopWaiting();
    if (this.stream !== null || this.settled || this.response.destroyed) return;
    this.stream = new EventStream(this.response, this.requestId, this, this.pulse);
    this.stream.keepAlive();
  }

  streamGone(): void {
    this.gone();
  }

  private send(message: Buffer): void {
    if (this.response.destroyed) return;
    this.stream ??= new EventStream(this.response, this.requestId, this, this.pulse);
    this.stream.sendSpliced(message, 0, 0, this.id);
    this.stream.end();
  }

  private gone(): void {
    this.stopWaiting();
    if (!this.settle('cancelled', 'disconnected')) return;
    this.ledger.gaveUp(this.endpoint);
    this.owner?.roundGone(this);
  }

  private stopWaiting(): void {
    if (this.waitingSlot < 0) return;
    this.pulse.dropWaiting(this.waitingSlot);
    this.waitingSlot = -1;
  }
}
