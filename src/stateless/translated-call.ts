// HOT PATH
import type { Asked } from '../gateway/call.js';
import { outcomeOf } from '../gateway/call-outcome.js';
import { callChannel, type CallOutcome } from '../gateway/channels.js';
import { spliced } from '../gateway/event-stream.js';
import { ExchangeCall } from '../gateway/exchange-call.js';
import type { Link } from '../gateway/link.js';
import { toolDoorOf, withoutRefusedTools } from '../gateway/tool-door.js';
import { internalFault } from '../gateway/wire-error.js';
import type { CancelTimer } from '../kernel/clock.js';
import type { JsonObject } from '../kernel/json.js';
import { scanEnvelope, type Envelope } from '../protocol/envelope-scan.js';
import { rpcResult } from '../protocol/message.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import type { CallHandle, ReplySink } from '../upstream/upstream.js';
import type { HeldCalls } from './held-calls.js';
import { lackingCapability } from './legacy-client.js';
import type { Line, LineCall } from './line.js';
import { takesLine } from './line-table.js';
import { levelOf } from './log-level.js';
import { translateReply } from './reply-translation.js';
import { requestDigest } from './request-state.js';
import { blankReservedMeta } from './reserved-meta.js';
import { PendingAsks } from './pending-asks.js';
import type { Caller, Incoming } from './request-parts.js';
import type { Round, RoundOwner } from './round.js';
import { inputRequired, readUrlAsks, type ServerAsk } from './server-ask.js';
import type { Asker } from './stateless-request.js';

/** What the upstream asks for within this time goes out together. */
const GATHER_MS = 5;
/** For the upstream's own deadline where ours, which stands still while the client is asked, is the one that counts. */
const UNBOUNDED_MS = 86_400_000;

/**
 * One request at an upstream with sessions, over all the rounds its client needs for it. When the upstream asks for
 * something, the round is answered with `input_required` and the call is held until the client's retry brings the answers.
 * Invariant: at most one round at a time; the line is left exactly once.
 */
export class TranslatedCall implements ReplySink, LineCall, RoundOwner {
  readonly principalId: string;
  readonly askable: boolean;
  private readonly asker: Asker;
  private round: Round | null = null;
  private handle: CallHandle | null = null;
  private readonly asks: PendingAsks;
  private rounds = 0;
  private heldId: string | null = null;
  /** The round that was answered with what the upstream waits for; `null` once its client is back. */
  private told: Round | null = null;
  /** Whether the request has gone to the upstream. */
  private sent = false;
  /** The upstream is done with it. */
  private over = false;
  /** What it was answered while no round was there to take it. */
  private kept: { message: Buffer; idStart: number; idEnd: number } | UpstreamError | null = null;
  private gather: CancelTimer | null = null;
  /** Of the round: the deadline; between rounds: the end of the wait. */
  private timer: CancelTimer | null = null;
  private readonly slot: number;

  constructor(
    private readonly line: Line,
    private readonly held: HeldCalls,
    private readonly asked: Asked,
    caller: Caller,
    private readonly incoming: Incoming,
  ) {
    this.asker = caller.asker;
    this.principalId = caller.principalId;
    this.askable = caller.askable;
    this.asks = new PendingAsks(line);
    this.slot = line.addCall(this);
  }

  /** The line has been entered for it. Throws only for a fault of ours. */
  start(round: Round): void {
    this.attach(round);
    if (this.askable && this.line.orphans.length > 0) {
      // Asked before any call was there: the upstream gets its answer first, as it would from a client with a session.
      for (const ask of this.line.orphans.splice(0)) this.asks.put(ask);
      this.hold();
      return;
    }
    this.send();
  }

  get serviceId(): string {
    return this.line.endpoint.serviceId;
  }

  get link(): Link {
    return this.line.link;
  }

  /** Whether the client was last told this round's state, and has not answered it. */
  awaits(round: number): boolean {
    return this.round === null && this.rounds === round;
  }

  /** The client is back with `responses` to what it was asked for; others are left out. */
  resume(round: Round, responses: JsonObject): void {
    this.stopTimer();
    this.attach(round);
    if (!this.asks.answer(responses)) {
      this.round = null;
      this.end('The client declined');
      round.refuse(declined(), 'rpc_error', null);
      return;
    }
    if (this.kept instanceof UpstreamError) this.fail(this.kept);
    else if (this.kept !== null)
      this.deliver(this.kept.message, this.kept.idStart, this.kept.idEnd);
    else if (this.asks.size > 0) this.hold();
    else if (!this.sent) this.send();
    else this.watch();
  }

  /** A fault of ours, which the caller logs. */
  fault(): void {
    const { round } = this;
    this.round = null;
    this.end('The gateway failed');
    round?.refuse(internalFault(), 'failed', 'internal');
  }

  /** Nobody came back in time. */
  expire(): void {
    this.end('The client did not answer');
  }

  /** Nobody has the state that the call is continued with. */
  askLost(round: Round): void {
    if (this.told === round) this.end('The client closed the response');
  }

  roundGone(): void {
    this.round = null;
    this.end('The client closed the response');
  }

  onReply(message: Buffer, idStart: number, idEnd: number): void {
    if (this.round !== null && this.asksForUrls(message)) return;
    this.leave();
    if (this.round === null) this.kept = { message, idStart, idEnd };
    else this.deliver(message, idStart, idEnd);
  }

  onFail(error: UpstreamError): void {
    this.leave();
    if (this.round === null) this.kept = error;
    else this.fail(error);
  }

  onRelated(message: Buffer): void {
    const envelope = scanEnvelope(message);
    if (envelope === null || this.over) return;
    this.keepWaiting();
    if (envelope.kind === 'request') this.line.askedBy(this, message, envelope);
    else if (envelope.method === 'notifications/progress') this.progress(message);
    else if (envelope.method === 'notifications/message') this.hear(message, envelope);
    else this.line.heard(message, envelope);
  }

  hear(message: Buffer, envelope: Envelope): void {
    if (envelope.method === 'notifications/message') {
      const { logLevel } = this.asker;
      if (logLevel < 0 || levelOf(message) < logLevel) return;
    }
    this.round?.notify(message);
  }

  ask(ask: ServerAsk): void {
    const lacking = lackingCapability(ask.method, ask.params, this.asker.capabilities);
    if (lacking !== null || !this.askable) {
      const what = lacking === null ? 'during this request' : 'by this client';
      this.line.refuse(ask.id, `${ask.method} is not supported ${what}`);
      return;
    }
    this.asks.put(ask);
    if (this.round === null || this.gather !== null) return;
    this.gather = this.held.clock.schedule(GATHER_MS, () => {
      this.gather = null;
      this.hold();
    });
  }

  withdraw(id: string): void {
    this.asks.withdraw(id);
  }

  private attach(round: Round): void {
    this.round = round;
    this.told = null;
    round.owner = this;
  }

  private send(): void {
    const { body, metaStart } = this.incoming;
    blankReservedMeta(body, metaStart);
    const { logLevel } = this.asker;
    if (logLevel < 0 || this.line.wantsLog(logLevel, () => this.transmit())) this.transmit();
  }

  private transmit(): void {
    if (this.over || this.sent) return;
    this.sent = true;
    const { body, envelope } = this.incoming;
    const { conversation, endpoint } = this.line;
    const timeoutMs = this.askable ? UNBOUNDED_MS : endpoint.callTimeoutMs;
    if (conversation.kind === 'messages') {
      this.handle = conversation.request(body, envelope, this, timeoutMs);
    } else {
      const id = this.line.nextId();
      const own = spliced(body, envelope.idStart, envelope.idEnd, id);
      this.handle = new ExchangeCall(conversation, own, this, id, timeoutMs);
    }
    if (this.askable) this.watch();
  }

  private progress(message: Buffer): void {
    if (this.incoming.envelope.tokenEnd !== 0) this.round?.notify(message);
  }

  /** Whether the answer is but a wish for the client to visit pages first; then the request is sent anew after that. */
  private asksForUrls(message: Buffer): boolean {
    if (!this.askable || outcomeOf(message, message) !== 'rpc_error') return false;
    const asks = readUrlAsks(message, this.asker.capabilities);
    if (asks === null) return false;
    this.sent = false;
    for (const ask of asks) this.asks.put(ask);
    this.hold();
    return true;
  }

  /** The upstream is at work: it has longer from now. */
  private keepWaiting(): void {
    const { streamTimeoutMs } = this.line.endpoint.flow;
    if (!this.askable) {
      if (streamTimeoutMs !== null) this.handle?.allow?.(streamTimeoutMs);
    } else if (this.round !== null) {
      this.watch(streamTimeoutMs ?? undefined);
    }
  }

  /** The round's deadline begins anew. */
  private watch(timeoutMs = this.line.endpoint.callTimeoutMs): void {
    this.stopTimer();
    this.timer = this.held.clock.schedule(timeoutMs, () => {
      const message = `No answer within ${timeoutMs} ms`;
      this.handle?.abandon(true, message);
      this.onFail(new UpstreamError('call-timeout', message, { mayHaveRun: true }));
    });
  }

  /** Answers the round with what the upstream waits for, and waits for the client. */
  private hold(): void {
    const { round, line } = this;
    if (round === null || this.asks.size === 0 || this.kept !== null) return;
    const { serviceId, serviceName } = line.endpoint;
    const callId = this.heldId ?? this.held.add(this, serviceName);
    if (callId instanceof RpcError) {
      this.round = null;
      this.end('Too many calls wait for their clients');
      round.refuse(callId, 'refused', 'held-calls');
      return;
    }
    this.heldId = callId;
    this.rounds += 1;
    const { principalId, incoming, asked } = this;
    const state = this.held.stateOf({
      callId,
      round: this.rounds,
      principalId,
      serviceId,
      digest: requestDigest(asked.method, incoming.body),
    });
    this.round = null;
    this.told = round;
    this.stopTimer();
    this.timer = this.held.clock.schedule(this.held.holdMs, () => {
      this.expire();
    });
    round.ask(rpcResult(round.id, inputRequired(this.asks.byKey, state)));
  }

  private deliver(message: Buffer, idStart: number, idEnd: number): void {
    const { round, line, asked } = this;
    this.forget();
    if (round === null) return;
    this.round = null;
    const door = asked.method === 'tools/list' ? toolDoorOf(line.endpoint) : null;
    const whole = door === null;
    const own = whole ? message : withoutRefusedTools(door, message, round.id);
    const start = whole ? idStart : 0;
    const end = whole ? idEnd : 0;
    const answer = translateReply(own, start, end, round.id, asked.method, line.serverInfo);
    if (answer instanceof RpcError) round.refuse(answer, 'rpc_error', String(answer.code));
    else round.answer(answer, outcomeFor(message));
  }

  private fail(error: UpstreamError): void {
    const { round } = this;
    this.forget();
    this.round = null;
    round?.fail(error);
  }

  /** Nobody waits for it any more. */
  private end(reason: string): void {
    if (!this.over) this.handle?.abandon(true, reason);
    this.asks.release(!this.sent, reason);
    this.leave();
    this.forget();
  }

  private leave(): void {
    this.gather?.();
    this.gather = null;
    if (this.over) return;
    this.over = true;
    // Roots that were asked for as the call ended are of use to the next one.
    this.asks.release(true, 'The call has ended');
    if (this.round !== null) this.stopTimer();
    this.line.dropCall(this.slot);
    this.line.leave(takesLine(this.line, this.askable));
  }

  private forget(): void {
    this.told = null;
    this.stopTimer();
    if (this.heldId !== null) this.held.remove(this.heldId);
    this.heldId = null;
  }

  private stopTimer(): void {
    this.timer?.();
    this.timer = null;
  }
}

function declined(): RpcError {
  return new RpcError(RPC.upstreamFailed, 'The client declined what the server asks for first');
}

function outcomeFor(message: Buffer): CallOutcome {
  return callChannel.hasSubscribers ? outcomeOf(message, message) : 'ok';
}
