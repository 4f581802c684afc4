import { readEnvelope, scanEnvelope, type Envelope } from '../protocol/envelope-scan.js';
import { rpcErrorMessage } from '../protocol/message.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';
import { Call, type Asked } from './call.js';
import type { TurnListener } from './call-queue.js';
import type { Dispatcher } from './dispatcher.js';
import type { Endpoint } from './endpoint.js';
import { spliced } from './event-stream.js';
import type { Inbound } from './inbound.js';
import type { Link } from './link.js';
import { idOf, toolOf } from './post-body.js';
import { sendEmpty, sendReply, sendRpcError } from './reply.js';
import type { StreamableSession } from './streamable-session.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import { rpcErrorOf } from './wire-error.js';

const MAX_PARTS = 100;
const NO_ID = Buffer.alloc(0);

/**
 * A JSON-RPC batch (2025-03-26 only; JSON-RPC 2.0, section 6). Each part goes through the door by itself; the answer is
 * one JSON array once every request in it is answered, and 202 when there is no request in it. Messages that belong to
 * a part go where unsolicited ones go.
 */
export function submitBatch(
  dispatcher: Dispatcher,
  inbound: Inbound,
  session: StreamableSession,
  link: Link,
  parts: readonly Buffer[],
): void {
  if (parts.length > MAX_PARTS) {
    const error = new RpcError(
      RPC.invalidRequest,
      `More than ${MAX_PARTS} messages`,
      undefined,
      400,
    );
    sendRpcError(inbound.response, inbound.requestId, null, error);
    return;
  }
  const answer = new BatchAnswer(inbound);
  for (const part of parts) submitPart(dispatcher, inbound, session, link, part, answer);
  answer.close();
}

function submitPart(
  dispatcher: Dispatcher,
  inbound: Inbound,
  session: StreamableSession,
  link: Link,
  part: Buffer,
  answer: BatchAnswer,
): void {
  const read = messageOf(part);
  if (read instanceof RpcError) {
    answer.add(rpcErrorMessage(null, read));
    return;
  }
  const { body, envelope } = read;
  const { method } = envelope;
  const id = idOf(body, envelope);
  if (envelope.kind !== 'request' || id === null) {
    session.forward(link, body, method);
    return;
  }
  if (method === 'initialize') {
    const refusal = new RpcError(RPC.invalidRequest, 'initialize in a batch');
    answer.add(rpcErrorMessage(id, refusal));
    return;
  }
  const asked = { id, method, tool: toolOf(body, envelope), request_id: inbound.requestId };
  answer.expect();
  const go: TurnListener = (refusal, endpoint) => {
    if (refusal !== null || link.ended) {
      if (refusal === null) dispatcher.ledger.gaveUp(endpoint);
      answer.arrive(rpcErrorMessage(id, refusal ?? lostLink(endpoint)));
      return;
    }
    session.remember(method, body);
    const at = inbound.at(endpoint);
    link.submit(new BatchCall(dispatcher, at, session, link, asked, answer), body, envelope);
  };
  const { endpoint, principal, response } = inbound;
  dispatcher.whenAdmitted(endpoint, principal, asked, go, { response, owner: session, id });
}

/** While the part waited the session's conversation ended; the client has to ask again. */
function lostLink(endpoint: Endpoint): RpcError {
  const text = 'The conversation ended before the call could be sent';
  return rpcErrorOf(new UpstreamError('disconnected', text, { mayHaveRun: false }), endpoint);
}

function messageOf(part: Buffer): { body: Buffer; envelope: Envelope } | RpcError {
  const envelope = scanEnvelope(part);
  if (envelope !== null) return { body: part, envelope };
  const read = readEnvelope(part);
  if (read instanceof RpcError || !('batch' in read)) return read;
  return new RpcError(RPC.invalidRequest, 'A batch in a batch');
}

/** Collects the answers of one batch and writes them once none is missing. */
class BatchAnswer {
  private readonly answers: Buffer[] = [];
  private awaited = 0;
  private closed = false;

  constructor(private readonly inbound: Inbound) {}

  expect(): void {
    this.awaited += 1;
  }

  arrive(answer: Buffer): void {
    this.awaited -= 1;
    this.add(answer);
    this.finish();
  }

  add(answer: Buffer): void {
    this.answers.push(answer);
  }

  /** All parts are submitted. */
  close(): void {
    this.closed = true;
    this.finish();
  }

  private finish(): void {
    const { response, requestId } = this.inbound;
    if (!this.closed || this.awaited > 0 || response.destroyed) return;
    if (this.answers.length === 0) {
      sendEmpty(response, requestId, 202);
      return;
    }
    const parts = this.answers.flatMap((answer, i) => [Buffer.from(i === 0 ? '[' : ','), answer]);
    sendReply(response, requestId, Buffer.concat([...parts, Buffer.from(']')]), 0, 0, NO_ID);
  }
}

class BatchCall extends Call {
  constructor(
    private readonly dispatcher: Dispatcher,
    inbound: Inbound,
    private readonly session: StreamableSession,
    link: Link,
    asked: Asked,
    private readonly batch: BatchAnswer,
  ) {
    super(dispatcher.ledger, inbound.endpoint, link, asked);
  }

  override onRelated(message: Buffer): void {
    this.keepWaiting();
    this.session.deliver(message);
  }

  protected override answer(message: Buffer, idStart: number, idEnd: number): void {
    const whole = spliced(message, idStart, idEnd, this.id);
    this.batch.arrive(
      this.method === 'tools/list'
        ? this.dispatcher.filterTools(this.endpoint, whole, this.id)
        : whole,
    );
  }

  protected override refuse(error: RpcError): void {
    this.batch.arrive(rpcErrorMessage(this.id, error));
  }
}
