// HOT PATH
import { spliced } from '../gateway/event-stream.js';
import { ExchangeCall } from '../gateway/exchange-call.js';
import { outcomeOf } from '../gateway/call-outcome.js';
import { CallRelay } from '../gateway/call-relay.js';
import type { Asked, CallLedger } from '../gateway/call.js';
import type { CallOutcome } from '../gateway/channels.js';
import type { Inbound } from '../gateway/inbound.js';
import { parseBytes } from '../gateway/json-bytes.js';
import { toolDoorOf, withoutRefusedTools } from '../gateway/tool-door.js';
import type { Envelope } from '../protocol/envelope-scan.js';
import { readOutcome } from '../protocol/message.js';
import { RpcError } from '../protocol/rpc-error.js';
import type { UpstreamError } from '../upstream/upstream.errors.js';
import type {
  CallHandle,
  ExchangeConversation,
  ExchangeHandle,
  ExchangeSink,
  ReplySink,
} from '../upstream/upstream.js';
import type { Line } from './line.js';
import { statusOf } from './reply-translation.js';
import type { Round, RoundOwner } from './round.js';

/** One request at an upstream of the same era, whose answer is read as messages: over pipes, and where it is filtered. */
export class NativeCall implements ReplySink, RoundOwner {
  private handle: CallHandle | null = null;
  private over = false;

  /** The line has been entered for it. */
  constructor(
    private readonly line: Line,
    private readonly round: Round,
  ) {
    round.owner = this;
  }

  send(body: Buffer, envelope: Envelope, headers: Readonly<Record<string, string>>): void {
    const { conversation, endpoint } = this.line;
    const { callTimeoutMs } = endpoint;
    this.handle =
      conversation.kind === 'messages'
        ? conversation.request(body, envelope, this, callTimeoutMs)
        : new ExchangeCall(
            withHeaders(conversation, headers),
            body,
            this,
            this.round.id,
            callTimeoutMs,
          );
  }

  onReply(message: Buffer, idStart: number, idEnd: number): void {
    this.leave();
    const { round, line } = this;
    const own = spliced(message, idStart, idEnd, round.id);
    const outcome = outcomeOf(own, own);
    const error = outcome === 'rpc_error' ? errorOf(own) : null;
    if (error !== null) {
      round.refuse(error, outcome, String(error.code));
      return;
    }
    const door = round.method === 'tools/list' ? toolDoorOf(line.endpoint) : null;
    round.answer(door === null ? own : withoutRefusedTools(door, own, round.id), outcome);
  }

  onRelated(message: Buffer): void {
    const { streamTimeoutMs } = this.line.endpoint.flow;
    if (streamTimeoutMs !== null) this.handle?.allow?.(streamTimeoutMs);
    this.round.notify(message);
  }

  onFail(error: UpstreamError): void {
    this.leave();
    this.round.fail(error);
  }

  roundGone(): void {
    this.handle?.abandon(true, 'The client closed the response');
    this.leave();
  }

  private leave(): void {
    if (this.over) return;
    this.over = true;
    this.line.leave(false);
  }
}

/** One request at an HTTP upstream of the same era, its answer passed as bytes. A client that leaves cancels it. */
export class NativeRelay extends CallRelay {
  constructor(
    ledger: CallLedger,
    inbound: Inbound,
    private readonly line: Line,
    asked: Asked,
  ) {
    super(ledger, inbound, line, line.link, asked);
  }

  protected override settle(outcome: CallOutcome, reason: string | null): boolean {
    const first = super.settle(outcome, reason);
    if (first) this.line.leave(false);
    return first;
  }
}

/** The error with the HTTP status it has to be sent with, or `null` when the message is none. */
function errorOf(message: Buffer): RpcError | null {
  const error = readOutcome(parseBytes(message))?.error;
  if (error === undefined) return null;
  return new RpcError(error.code, error.message, error.data, statusOf(error.code));
}

/** The same conversation, for requests that carry these headers besides. */
export function withHeaders(
  conversation: ExchangeConversation,
  headers: Readonly<Record<string, string>>,
): ExchangeConversation {
  return {
    kind: 'exchange',
    server: conversation.server,
    post(
      body: Buffer,
      given: Readonly<Record<string, string>>,
      sink: ExchangeSink,
      timeoutMs: number,
    ): ExchangeHandle {
      return conversation.post(body, { ...headers, ...given }, sink, timeoutMs);
    },
    listen: (given, sink) => conversation.listen(given, sink),
    close() {},
  };
}
