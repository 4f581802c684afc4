// HOT PATH
import type { Clock } from '../kernel/clock.js';
import type { Envelope } from '../protocol/envelope-scan.js';
import { spliceId } from '../protocol/envelope-scan.js';
import { rpcNotification } from '../protocol/message.js';
import type { Activity } from './activity.js';
import { CallRing } from './call-ring.js';
import { DeadlineSweep, type Expiring } from './deadline-sweep.js';
import { TaskLedger } from './task-ledger.js';
import { UpstreamError } from './upstream.errors.js';
import type { CallHandle, ReplySink, RequestSpans } from './upstream.js';

/** A request on its way. Invariant: its sink hears exactly one end, unless it was abandoned, which it then knows. */
export class PendingCall implements CallHandle, Expiring {
  deadlineMs = 0;
  timeoutMs = 0;
  /** Raw JSON: the id its client knows it by. */
  clientId = '';
  /** Raw JSON: the client's progress token, or `null`. */
  clientToken: string | null = null;
  /** A handshake must not be cancelled (2025-11-25, cancellation). */
  cancellable = true;
  /** `false`: a standing stream, which drain does not wait for. */
  counted = true;
  /** Whether it asked for log messages (2026-07-28, logging). */
  wantsLogs = false;

  constructor(
    private readonly table: MessageTable,
    readonly id: number,
    /** The conversation it belongs to. */
    readonly owner: object,
    readonly sink: ReplySink,
  ) {}

  abandon(tellUpstream: boolean, reason?: string): void {
    if (this.table.remove(this) && tellUpstream) this.table.tellCancelled(this, reason);
  }

  allow(ms: number): void {
    this.timeoutMs = ms;
    this.deadlineMs = this.table.nowMs() + ms;
  }

  expire(): void {
    this.table.expire(this);
  }
}

export interface TableOutlet {
  /** Sends a message of ours to the upstream. */
  tell(message: Buffer): void;
  onTaskProgress(owner: object, message: Buffer): void;
}

/**
 * The requests under way at one message-oriented upstream, by the integer id it knows them by. That id stands in for the
 * client's progress token as well, so that clients who choose equal ids or tokens do not hear one another.
 */
export class MessageTable {
  private readonly calls = new CallRing<PendingCall>();
  private readonly sweep: DeadlineSweep;
  /** Tasks outlive the calls that made them. */
  readonly tasks = new TaskLedger();
  private lastId = 0;

  constructor(
    private readonly clock: Clock,
    private readonly activity: Activity,
    private readonly outlet: TableOutlet,
  ) {
    this.sweep = new DeadlineSweep(clock, this.calls);
  }

  add(
    owner: object,
    body: Buffer,
    spans: RequestSpans,
    sink: ReplySink,
    timeoutMs: number,
    cancellable = true,
  ): PendingCall {
    this.lastId += 1;
    const call = new PendingCall(this, this.lastId, owner, sink);
    call.clientId = body.toString('utf8', spans.idStart, spans.idEnd);
    if (spans.tokenEnd !== 0) {
      call.clientToken = body.toString('utf8', spans.tokenStart, spans.tokenEnd);
    }
    call.timeoutMs = timeoutMs;
    call.cancellable = cancellable;
    call.deadlineMs = this.activity.callStarted() + timeoutMs;
    this.calls.add(call);
    this.sweep.arm();
    return call;
  }

  nowMs(): number {
    return this.clock.monotonicMs();
  }

  get(id: number): PendingCall | undefined {
    return this.calls.get(id);
  }

  /** The call of `owner` that its client knows by `clientId`, which is raw JSON. */
  find(owner: object, clientId: string): PendingCall | undefined {
    const wanted: unknown = JSON.parse(clientId);
    for (const call of this.calls.values()) {
      if (call.owner !== owner) continue;
      if (call.clientId === clientId || JSON.parse(call.clientId) === wanted) return call;
    }
    return undefined;
  }

  /** Answers whether it was still under way. */
  remove(call: PendingCall): boolean {
    if (!this.calls.delete(call.id)) return false;
    if (call.counted) this.activity.callEnded();
    return true;
  }

  /** From now on `call`, just added, counts as no call under way. */
  exempt(call: PendingCall): void {
    call.counted = false;
    this.activity.callEnded();
  }

  /** In no particular order. */
  all(): Iterable<PendingCall> {
    return this.calls.values();
  }

  of(owner: object): PendingCall[] {
    return [...this.calls.values()].filter((call) => call.owner === owner);
  }

  settle(call: PendingCall, message: Buffer, idStart: number, idEnd: number): void {
    this.tasks.note(call, message);
    if (this.remove(call)) call.sink.onReply(message, idStart, idEnd);
  }

  fail(call: PendingCall, error: UpstreamError): void {
    if (this.remove(call)) call.sink.onFail(error);
  }

  /** Fails the calls of `owner`, or all for `null`. */
  failAll(owner: object | null, error: UpstreamError): void {
    for (const call of [...this.calls.values()]) {
      if (owner === null || call.owner === owner) this.fail(call, error);
    }
  }

  expire(call: PendingCall): void {
    if (!this.remove(call)) return;
    const message = `No answer within ${call.timeoutMs} ms`;
    this.tellCancelled(call, message);
    call.sink.onFail(new UpstreamError('call-timeout', message, { mayHaveRun: true }));
  }

  tellCancelled(call: PendingCall, reason?: string): void {
    if (!call.cancellable) return;
    const params = reason === undefined ? { requestId: call.id } : { requestId: call.id, reason };
    this.outlet.tell(rpcNotification('notifications/cancelled', params));
  }

  /** Gives a progress notification to the call it is about, under the client's own token. `false`: it is about none. */
  progress(line: Buffer, { progressStart, progressEnd }: Envelope): boolean {
    const id = Number(line.toString('latin1', progressStart, progressEnd));
    const call = this.calls.get(id);
    if (call === undefined) return this.taskProgress(id, line, progressStart, progressEnd);
    if (call.clientToken === null) return false;
    call.deadlineMs = this.clock.monotonicMs() + call.timeoutMs;
    call.sink.onRelated(spliceId(line, progressStart, progressEnd, call.clientToken));
    return true;
  }

  private taskProgress(id: number, line: Buffer, start: number, end: number): boolean {
    const task = this.tasks.ofToken(id);
    if (task === undefined) return false;
    this.outlet.onTaskProgress(task.owner, spliceId(line, start, end, task.clientToken));
    return true;
  }
}
