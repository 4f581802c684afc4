// HOT PATH
import type { ExchangeConversation, ExchangeSink } from '../upstream/upstream.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import { AnswerPipe, credentialsRefused, isAboutOurCredentials } from './answer-pipe.js';
import { CallRecord, type CallFacts, type CallLedger } from './call.js';
import { callChannel } from './channels.js';
import { noteSuccess } from './circuit.js';
import type { Inbound } from './inbound.js';
import type { Link } from './link.js';
import { ReplyWatch } from './reply-watch.js';
import { internalFault, isAnswer, outcomeOfError, rpcErrorOf } from './wire-error.js';

/** In each message, and in no comment and no event without content that only keeps a connection alive. */
const MESSAGE = Buffer.from('"jsonrpc"');
/** A piece of something larger on its way. */
const PIECE_BYTES = 1_024;

export interface Passed extends CallFacts {
  /** The request's id as JSON; `null` for what is no request and gets no JSON-RPC answer. */
  readonly id: Buffer | null;
}

/**
 * One POSTed message of a Streamable HTTP client, passed through to an HTTP upstream with its answer. When the client
 * goes, so does our connection to the upstream: to it that is the same disconnect, which cancels nothing by itself.
 */
export class CallRelay extends CallRecord implements ExchangeSink {
  private readonly id: Buffer | null;
  private readonly pipe: AnswerPipe;
  /** While an event stream is passed; made for requests only. */
  private watch: ReplyWatch | null = null;

  constructor(
    ledger: CallLedger,
    inbound: Inbound,
    private readonly session: { lastUsedMs: number },
    link: Link,
    passed: Passed,
  ) {
    super(ledger, inbound.endpoint, link, passed);
    this.id = passed.id;
    this.pipe = new AnswerPipe(inbound);
    inbound.response.on('close', () => {
      this.clientGone();
    });
  }

  /** Sends it. Throws only for a fault of ours; the call has ended then. */
  post(
    conversation: ExchangeConversation,
    body: Buffer,
    headers: Readonly<Record<string, string>>,
  ): void {
    try {
      const { callTimeoutMs } = this.endpoint;
      this.pipe.exchange = conversation.post(body, headers, this, callTimeoutMs);
    } catch (error) {
      if (this.settle('failed', 'internal')) this.pipe.fail(this.id, internalFault());
      throw error;
    }
  }

  onHead(status: number, headers: Readonly<Record<string, string>>): void {
    if (!isAboutOurCredentials(status)) {
      this.pipe.head(status, headers);
      if (this.id !== null && this.pipe.streaming) this.watch = new ReplyWatch(this.id);
      return;
    }
    if (!this.settle('failed', 'unauthorized')) return;
    this.ledger.gaveUp(this.endpoint);
    this.pipe.exchange?.abort();
    this.pipe.fail(this.id, credentialsRefused(this.endpoint.serviceName));
  }

  onChunk(chunk: Buffer): boolean {
    if (this.settled) return true;
    if (this.watch !== null) {
      this.watch.push(chunk);
      const { streamTimeoutMs } = this.endpoint.flow;
      if (streamTimeoutMs !== null && isAtWork(chunk)) this.pipe.exchange?.allow?.(streamTimeoutMs);
    }
    return this.pipe.chunk(chunk);
  }

  onEnd(): void {
    if (this.watch?.outstanding === true) {
      const text = 'The upstream ended its answer without a reply';
      this.onFail(new UpstreamError('disconnected', text, { mayHaveRun: true }));
      return;
    }
    const outcome = callChannel.hasSubscribers ? this.pipe.outcome() : 'ok';
    if (!this.settle(outcome, outcome === 'rpc_error' ? this.pipe.errorCode() : null)) return;
    if (this.endpoint.load.failures > 0 || !isAnswer(this.pipe.status)) this.judge();
    this.session.lastUsedMs = this.ledger.nowMs();
    this.pipe.end();
  }

  onFail(error: UpstreamError): void {
    if (!this.settle(outcomeOfError(error.code), error.code)) return;
    this.ledger.failed(this.endpoint, this.method, error, this.startedMs);
    this.pipe.fail(this.id, rpcErrorOf(error, this.endpoint));
  }

  protected override get reported(): boolean {
    return this.id !== null;
  }

  private clientGone(): void {
    if (!this.settle('cancelled', 'disconnected')) return;
    this.ledger.gaveUp(this.endpoint);
    this.pipe.exchange?.abort();
  }

  /** What a complete answer says of the upstream. One to no request says little: it only took something. */
  private judge(): void {
    const { status } = this.pipe;
    if (!isAnswer(status)) {
      const error = new UpstreamError('http-status', `HTTP ${status}`, { httpStatus: status });
      this.ledger.failed(this.endpoint, this.method, error, this.startedMs);
    } else if (this.id !== null) {
      noteSuccess(this.endpoint, this.method);
    }
  }
}

/** Whether a chunk of an event stream says something about the call, rather than that the connection lives. */
function isAtWork(chunk: Buffer): boolean {
  return chunk.length >= PIECE_BYTES || chunk.includes(MESSAGE);
}
