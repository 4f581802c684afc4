import { BUILT_ID_START, rpcErrorMessage, rpcResult } from '../protocol/message.js';
import type { RpcError } from '../protocol/rpc-error.js';
import type { CallHandle, ReplySink } from '../upstream/upstream.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import type { MemberCall } from './member-call.js';

/**
 * A request of the client on its way through the aggregate. Invariant: its sink hears one end, and nothing after it or
 * after it was abandoned. The sink hears nothing before the handle was handed out.
 */
export class ClientCall implements CallHandle {
  /** Set while a member works on it. */
  member: MemberCall | null = null;
  /** Hears the member's answer before the client does. */
  onAnswer: ((message: Buffer) => void) | null = null;
  /** Made when somebody asks for the signal. */
  private abort: AbortController | null = null;
  private done = false;

  constructor(
    /** Raw JSON: the id its client knows it by. */
    readonly id: string,
    private readonly sink: ReplySink,
    private readonly onEnd: (call: ClientCall) => void,
  ) {}

  get over(): boolean {
    return this.done;
  }

  /** Aborted when nobody waits for the answer any more. */
  get signal(): AbortSignal {
    this.abort ??= new AbortController();
    if (this.done) this.abort.abort();
    return this.abort.signal;
  }

  /** Answers with a result, which is JSON already. */
  result(json: Buffer | string): void {
    this.soon(rpcResult(0, json));
  }

  refuse(error: RpcError): void {
    this.soon(rpcErrorMessage(0, error));
  }

  /** The member's answer; its id lies at `[idStart, idEnd)`. */
  reply(message: Buffer, idStart: number, idEnd: number): void {
    if (!this.finish()) return;
    this.onAnswer?.(message);
    this.sink.onReply(message, idStart, idEnd);
  }

  related(message: Buffer): void {
    if (!this.done) this.sink.onRelated(message);
  }

  fail(error: UpstreamError): void {
    if (!this.finish()) return;
    this.abort?.abort();
    this.sink.onFail(error);
  }

  /** The client said that it wants no answer (2025-11-25, cancellation). */
  cancel(reason: string | undefined): void {
    const { member } = this;
    const error = new UpstreamError('aborted', 'The client cancelled the call', {
      mayHaveRun: member !== null,
    });
    member?.giveUp(true, reason);
    this.fail(error);
  }

  abandon(tellUpstream: boolean, reason?: string): void {
    if (!this.finish()) return;
    this.member?.giveUp(tellUpstream, reason);
    this.abort?.abort();
  }

  /** What we answer ourselves may be known at once, when the caller does not hold the handle yet. */
  private soon(message: Buffer): void {
    queueMicrotask(() => {
      this.reply(message, BUILT_ID_START, BUILT_ID_START + 1);
    });
  }

  private finish(): boolean {
    if (this.done) return false;
    this.done = true;
    this.onEnd(this);
    return true;
  }
}
