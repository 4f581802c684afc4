// HOT PATH
import type { Clock } from '../kernel/clock.js';
import type { RpcError } from '../protocol/rpc-error.js';
import type { CallHandle, ReplySink } from '../upstream/upstream.js';
import type { UpstreamError } from '../upstream/upstream.errors.js';
import { errorCodeOf, outcomeOf } from './call-outcome.js';
import { callChannel, type CallMessage, type CallOutcome } from './channels.js';
import { noteFailure, noteNothing, noteSuccess } from './circuit.js';
import type { Endpoint } from './endpoint.js';
import type { Link } from './link.js';
import { internalFault, outcomeOfError, rpcErrorOf } from './wire-error.js';

/** What a caller asks for, as far as counting it goes. */
export interface CallFacts {
  readonly method: string;
  /** The tool that is called, where one is. */
  readonly tool: string | null;
  /** Of the HTTP request that brought it, where it is known. */
  readonly request_id?: string;
}

export interface Asked extends CallFacts {
  /** The caller's id as JSON, in memory of its own. */
  readonly id: Buffer;
}

/** One caller's request on its way: what has to be counted and told about it, whoever answers. */
export class CallRecord {
  readonly method: string;
  readonly tool: string | null;
  readonly startedMs: number;
  private done = false;

  constructor(
    readonly ledger: CallLedger,
    readonly endpoint: Endpoint,
    readonly link: Link,
    { method, tool }: CallFacts,
  ) {
    this.method = method;
    this.tool = tool;
    this.startedMs = ledger.nowMs();
    ledger.begin(endpoint);
    link.begin();
  }

  get settled(): boolean {
    return this.done;
  }

  /** Whether it is told on the channel; notifications that pass through are not. */
  protected get reported(): boolean {
    return true;
  }

  /** Ends the accounting. `false` when it ended before: then the caller has its answer already. */
  protected settle(outcome: CallOutcome, reason: string | null): boolean {
    if (this.done) return false;
    this.done = true;
    this.ledger.finish(this.endpoint);
    this.link.finish();
    if (callChannel.hasSubscribers && this.reported) {
      const { instanceId } = this.link.lease;
      this.ledger.publish(this.endpoint, this, outcome, reason, this.startedMs, instanceId);
    }
    return true;
  }
}

/** A call whose answer arrives as one message. Subclasses say where answers go. */
export abstract class Call extends CallRecord implements ReplySink {
  handle: CallHandle | null = null;

  readonly id: Buffer;

  constructor(ledger: CallLedger, endpoint: Endpoint, link: Link, asked: Asked) {
    super(ledger, endpoint, link, asked);
    this.id = asked.id;
  }

  onReply(message: Buffer, idStart: number, idEnd: number): void {
    const outcome = callChannel.hasSubscribers ? outcomeOf(message, message) : 'ok';
    const code = outcome === 'rpc_error' ? errorCodeOf(message, message) : null;
    if (!this.settle(outcome, code)) return;
    if (this.endpoint.load.failures > 0) noteSuccess(this.endpoint, this.method);
    this.answer(message, idStart, idEnd);
  }

  onFail(error: UpstreamError): void {
    if (!this.settle(outcomeOfError(error.code), error.code)) return;
    this.ledger.failed(this.endpoint, this.method, error, this.startedMs);
    this.refuse(rpcErrorOf(error, this.endpoint));
  }

  /** The caller gave it up: the upstream was told already. */
  cancel(error: RpcError): void {
    if (!this.settle('cancelled', 'cancelled')) return;
    this.ledger.gaveUp(this.endpoint);
    this.handle?.abandon(false);
    this.refuse(error);
  }

  /** It could not be sent, for a fault of ours. The caller is told no more than that. */
  fault(): void {
    if (this.settle('failed', 'internal')) this.refuse(internalFault());
  }

  /** To be called for each message that belongs to the call: the upstream is at work. */
  protected keepWaiting(): void {
    const { streamTimeoutMs } = this.endpoint.flow;
    if (streamTimeoutMs !== null) this.handle?.allow?.(streamTimeoutMs);
  }

  abstract onRelated(message: Buffer): void;
  /** `message[idStart, idEnd)` is to be replaced by `id`; both 0 when the message carries it already. */
  protected abstract answer(message: Buffer, idStart: number, idEnd: number): void;
  protected abstract refuse(error: RpcError): void;
}

/** Counts calls under way, over all endpoints and per endpoint, and reports finished ones. */
export class CallLedger {
  private underWay = 0;
  private idle: (() => void) | null = null;

  private circuitOpened: ((endpoint: Endpoint) => void) | null = null;

  constructor(readonly clock: Clock) {}

  get total(): number {
    return this.underWay;
  }

  nowMs(): number {
    return this.clock.monotonicMs();
  }

  begin(endpoint: Endpoint): void {
    this.underWay += 1;
    endpoint.load.inFlight += 1;
  }

  finish(endpoint: Endpoint): void {
    this.underWay -= 1;
    const { load } = endpoint;
    load.inFlight -= 1;
    if (load.waiting > 0) load.queue?.wake();
    if (this.underWay === 0 && this.idle !== null) this.idle();
  }

  /** A call, or the opening of a conversation, came to nothing. */
  failed(endpoint: Endpoint, method: string, error: UpstreamError, startedMs: number): void {
    if (endpoint.aggregate === true) return;
    if (noteFailure(endpoint, method, error, startedMs, this.nowMs()))
      this.circuitOpened?.(endpoint);
  }

  /** A caller did not wait for the end of its call, or did not make the one that it was let in for. */
  gaveUp(endpoint: Endpoint): void {
    if (endpoint.load.trial) noteNothing(endpoint, this.nowMs());
  }

  /** For the one who keeps the queues. */
  onCircuitOpened(listener: (endpoint: Endpoint) => void): void {
    this.circuitOpened = listener;
  }

  /** Calls `listener` once nothing is under way; at once when that is so now. One listener at a time. */
  whenIdle(listener: () => void): void {
    this.idle = () => {
      this.idle = null;
      listener();
    };
    if (this.underWay === 0) this.idle();
  }

  publish(
    endpoint: Endpoint,
    { method, tool }: CallFacts,
    outcome: CallOutcome,
    reason: string | null,
    startedMs: number,
    instanceId: string | null = null,
  ): void {
    if (endpoint.aggregate === true) return;
    const message: CallMessage = {
      service_id: endpoint.serviceId,
      service: endpoint.serviceName,
      revision: endpoint.revision,
      instance_id: instanceId,
      method,
      tool,
      outcome,
      reason,
      duration_ms: this.clock.monotonicMs() - startedMs,
    };
    callChannel.publish(message);
  }
}
