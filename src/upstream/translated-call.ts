// HOT PATH
import type { CancelTimer, Clock } from '../kernel/clock.js';
import { isJsonObject, type JsonObject } from '../kernel/json.js';
import type { Envelope } from '../protocol/envelope-scan.js';
import { memberSpan } from '../protocol/json-member.js';
import { skipSpace } from '../protocol/json-span.js';
import { BUILT_ID_START, readOutcome, rpcErrorMessage } from '../protocol/message.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';
import { InputRound, type AskIds } from './input-round.js';
import type { RequestMeta } from './request-meta.js';
import type { StatelessPort } from './stateless-port.js';
import { statelessRequest } from './stateless-request.js';
import { UpstreamError } from './upstream.errors.js';
import type { CallHandle, ReplySink } from './upstream.js';

/** How long a client may think about what it is asked. */
export const THINK_MS = 600_000;
/** How often one call may want input. */
export const MAX_ROUNDS = 32;
/** Errors are small; what is larger is not looked through for one. */
const MAX_ERROR_BYTES = 16_384;

const RESULT = Buffer.from('result');
const RESULT_TYPE = Buffer.from('resultType');
const INPUT_REQUIRED = Buffer.from('"input_required"');
const UNSUPPORTED = Buffer.from(String(RPC.unsupportedVersion));
/** The only requests that may want input (2026-07-28, multi round-trip requests, supported requests). */
const MAY_ASK = new Set(['tools/call', 'prompts/get', 'resources/read']);

/** The conversation that calls belong to. */
export interface CallHost {
  readonly port: StatelessPort;
  readonly meta: RequestMeta;
  readonly clock: Clock;
  readonly capabilities: JsonObject;
  readonly askIds: AskIds;
  /** The call waits for answers of the client under these ids. */
  await(ids: readonly string[], call: TranslatedCall): void;
  ended(call: TranslatedCall): void;
}

/**
 * A legacy client's request at a stateless server: sent, and as often as its result wants input, the client is asked and
 * the request sent again. Invariant: its sink hears exactly one end, unless it was abandoned.
 */
export class TranslatedCall implements ReplySink, CallHandle {
  /** Where the conversation keeps it. */
  slot = -1;
  /** Raw JSON: the id its client knows it by. */
  readonly clientId: string;
  private handle: CallHandle | null = null;
  private round: InputRound | null = null;
  private rounds = 0;
  private stopThinking: CancelTimer | null = null;
  private done = false;

  constructor(
    private readonly host: CallHost,
    private readonly body: Buffer,
    private readonly envelope: Envelope,
    private readonly sink: ReplySink,
    private timeoutMs: number,
  ) {
    this.clientId = body.toString('utf8', envelope.idStart, envelope.idEnd);
  }

  send(inputs = ''): void {
    const { host, body, envelope, timeoutMs } = this;
    const request = statelessRequest(body, envelope, host.meta.text, inputs);
    this.handle = host.port.send(request, this, timeoutMs);
  }

  abandon(tellUpstream: boolean, reason?: string): void {
    const { handle } = this;
    if (this.finish()) handle?.abandon(tellUpstream, reason);
  }

  /** What a client thinks about stays as long as it was. */
  allow(ms: number): void {
    this.timeoutMs = ms;
    this.handle?.allow?.(ms);
  }

  /** Its client takes it back. */
  cancel(reason: string | undefined): void {
    const { handle } = this;
    if (!this.finish()) return;
    handle?.abandon(true, reason);
    const error = new UpstreamError('aborted', 'The client cancelled the call', {
      mayHaveRun: true,
    });
    this.sink.onFail(error);
  }

  /** The client's answer to one of its requests. */
  take(id: string, body: Buffer, envelope: Envelope): void {
    const { round } = this;
    if (round === null) return;
    const error = round.take(id, body, envelope);
    if (error !== null) this.refuse(error, 'Another answer was an error');
    else if (round.complete) this.retry(round);
  }

  onReply(message: Buffer, idStart: number, idEnd: number): void {
    if (this.done) return;
    this.handle = null;
    const start = this.inputRequiredAt(message);
    if (start >= 0) this.require(message);
    else if (isVersionRefusal(message)) this.onFail(versionRefused(message));
    else if (this.finish()) this.sink.onReply(message, idStart, idEnd);
  }

  onRelated(message: Buffer): void {
    if (!this.done) this.sink.onRelated(message);
  }

  onFail(error: UpstreamError): void {
    if (this.done) return;
    this.withdraw(error.message);
    if (this.finish()) this.sink.onFail(error);
  }

  /** Where the result begins that wants input; below 0: this is another answer. */
  private inputRequiredAt(message: Buffer): number {
    if (!MAY_ASK.has(this.envelope.method) || !message.includes(INPUT_REQUIRED)) return -1;
    const result = memberSpan(message, skipSpace(message, 0), RESULT);
    if (result === null) return -1;
    const type = memberSpan(message, result.start, RESULT_TYPE);
    if (type === null || INPUT_REQUIRED.compare(message, type.start, type.end) !== 0) return -1;
    return result.start;
  }

  private require(message: Buffer): void {
    const { host } = this;
    const result = readOutcome(parsed(message))?.result;
    const round = InputRound.of(isJsonObject(result) ? result : {}, host.capabilities, host.askIds);
    this.rounds += 1;
    if (round instanceof RpcError) this.refuse(round);
    else if (this.rounds > MAX_ROUNDS) {
      const text = `The server still wants input after ${MAX_ROUNDS} rounds`;
      this.refuse(new RpcError(RPC.internalError, text));
    } else if (round.complete) this.send(round.inputs());
    else this.ask(round);
  }

  private ask(round: InputRound): void {
    const { host, sink } = this;
    this.round = round;
    // Invariant: a call that waits for its client counts as one under way, so that its upstream is not stopped.
    host.port.activity.callStarted();
    this.stopThinking = host.clock.schedule(THINK_MS, this.expire);
    host.await(round.ids(), this);
    for (const message of round.messages()) if (this.round === round) sink.onRelated(message);
  }

  private retry(round: InputRound): void {
    this.stopAsking();
    this.send(round.inputs());
  }

  private readonly expire = (): void => {
    const text = `The client did not answer within ${THINK_MS} ms`;
    this.onFail(new UpstreamError('call-timeout', text, { mayHaveRun: true }));
  };

  /** Answers the call with an error of ours or of its client. */
  private refuse(error: RpcError, reason = error.message): void {
    this.withdraw(reason);
    if (!this.finish()) return;
    this.sink.onReply(rpcErrorMessage(0, error), BUILT_ID_START, BUILT_ID_START + 1);
  }

  private withdraw(reason: string): void {
    for (const message of this.round?.withdrawals(reason) ?? []) this.sink.onRelated(message);
  }

  private stopAsking(): void {
    if (this.round === null) return;
    this.round = null;
    this.stopThinking?.();
    this.stopThinking = null;
    this.host.port.activity.callEnded();
  }

  private finish(): boolean {
    if (this.done) return false;
    this.done = true;
    this.handle = null;
    this.stopAsking();
    this.host.ended(this);
    return true;
  }
}

function isVersionRefusal(message: Buffer): boolean {
  if (message.length > MAX_ERROR_BYTES || !message.includes(UNSUPPORTED)) return false;
  return readOutcome(parsed(message))?.error?.code === RPC.unsupportedVersion;
}

function versionRefused(message: Buffer): UpstreamError {
  const rpc = readOutcome(parsed(message))?.error;
  const text = 'The server no longer speaks protocol version 2026-07-28';
  return new UpstreamError('protocol-version', text, { rpc, mayHaveRun: false });
}

function parsed(message: Buffer): unknown {
  try {
    return JSON.parse(message.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
