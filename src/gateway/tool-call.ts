import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { rpcRequest, rpcNotification, readOutcome } from '../protocol/message.js';
import { endOfValue, MAX_DEPTH, skipSpace } from '../protocol/json-span.js';
import type { RpcError } from '../protocol/rpc-error.js';
import { scanEnvelope } from '../protocol/envelope-scan.js';
import { answerTo } from '../upstream/conversation-client.js';
import { GATEWAY_CLIENT } from '../upstream/upstream.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import { type Asked, Call, type CallLedger } from './call.js';
import type { Endpoint } from './endpoint.js';
import { gatewayProblems } from './gateway.errors.js';
import { parseBytes } from './json-bytes.js';
import { Link, type LinkOwner } from './link.js';
import type { OwnConversations } from './own-conversations.js';
import { problemOfUpstream } from './wire-error.js';

/** What a tool answered; its own error is an answer, too. */
export interface ToolOutcome {
  /** The MCP `CallToolResult`, verbatim. */
  readonly result: JsonObject;
  readonly is_error: boolean;
  readonly duration_ms: number;
}

interface ToolCallTerms {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

const FIRST_ID = Buffer.from('1');
const INITIALIZED = rpcNotification('notifications/initialized');

/** Nothing unsolicited is of use to a single call. */
const ALONE: LinkOwner = { deliver: () => undefined, linkEnded: () => undefined };

/** A conversation for one call, and the id it goes by there. */
interface CallLine {
  readonly link: Link;
  readonly id: Buffer;
}

/**
 * Calls the tool on the conversation that calls like this share, or where the upstream takes but one, on one that is
 * opened and closed for it. Rejects with a `ProblemError`. Never tries twice. The ledger counts it already; that count is
 * given back here.
 */
export async function callToolOnce(
  ledger: CallLedger,
  own: OwnConversations,
  endpoint: Endpoint,
  tool: string,
  args: JsonObject,
  terms: ToolCallTerms,
): Promise<ToolOutcome> {
  const terminated =
    terms.timeoutMs === undefined ? endpoint : withTimeout(endpoint, terms.timeoutMs);
  let line: CallLine | null = null;
  const startedMs = ledger.nowMs();
  try {
    let answer: Promise<Buffer>;
    try {
      line = await lineFor(own, terminated, terms.signal);
      answer = answerOf(ledger, line, terminated, tool, args, terms.signal);
    } catch (error) {
      if (error instanceof UpstreamError) ledger.failed(endpoint, 'initialize', error, startedMs);
      throw error;
    } finally {
      ledger.finish(endpoint);
    }
    return outcomeOf(await answer, endpoint, ledger.nowMs() - startedMs);
  } catch (error) {
    throw error instanceof UpstreamError ? problemOfUpstream(error, endpoint) : error;
  } finally {
    line?.link.retire();
  }
}

async function lineFor(
  own: OwnConversations,
  endpoint: Endpoint,
  signal: AbortSignal | undefined,
): Promise<CallLine> {
  const lease = await endpoint.source.acquire({ purpose: 'call', signal });
  if (!lease.upstream.multiplexed) {
    const link = await Link.openOn(ALONE, endpoint, lease, GATEWAY_CLIENT, signal);
    link.forward(INITIALIZED);
    return { link, id: FIRST_ID };
  }
  const kept = await own.borrow(lease).catch((error: unknown) => {
    lease.release();
    throw error;
  });
  const release = (): void => {
    kept.giveBack();
    lease.release();
  };
  return { link: Link.over(endpoint, { ...lease, release }, kept.conversation), id: kept.nextId() };
}

/** The same endpoint, its counters included, with a deadline of the caller's, which says nothing of the upstream. */
function withTimeout(endpoint: Endpoint, callTimeoutMs: number): Endpoint {
  return { ...endpoint, callTimeoutMs, flow: { ...endpoint.flow, circuitFailures: 0 } };
}

function answerOf(
  ledger: CallLedger,
  { link, id }: CallLine,
  endpoint: Endpoint,
  tool: string,
  args: JsonObject,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const call = new OwnToolCall(
      ledger,
      endpoint,
      link,
      { id, method: 'tools/call', tool },
      resolve,
      reject,
    );
    const body = rpcRequest(id, 'tools/call', { name: tool, arguments: args });
    const spans = scanEnvelope(body);
    if (spans === null) {
      call.onFail(new UpstreamError('not-json', 'The arguments are nested too deep'));
      return;
    }
    const onAbort = (): void => {
      call.handle?.abandon(true, 'The caller gave up');
      call.onFail(new UpstreamError('aborted', 'The call was cancelled', { mayHaveRun: true }));
    };
    if (signal?.aborted === true) {
      call.onFail(new UpstreamError('aborted', 'The call was cancelled', { mayHaveRun: false }));
      return;
    }
    signal?.addEventListener('abort', onAbort, { once: true });
    call.atEnd = () => {
      signal?.removeEventListener('abort', onAbort);
    };
    link.submit(call, body, spans);
  });
}

class OwnToolCall extends Call {
  atEnd: (() => void) | null = null;

  constructor(
    ledger: CallLedger,
    endpoint: Endpoint,
    link: Link,
    asked: Asked,
    private readonly resolve: (message: Buffer) => void,
    private readonly reject: (error: UpstreamError) => void,
  ) {
    super(ledger, endpoint, link, asked);
  }

  override onFail(error: UpstreamError): void {
    super.onFail(error);
    this.reject(error);
  }

  /** A request of the server that came on this call's own stream gets an answer: it would wait for it. */
  override onRelated(message: Buffer): void {
    if (scanEnvelope(message)?.kind !== 'request') return;
    const answer = answerTo(parseBytes(message));
    if (answer !== null) this.link.forward(answer);
  }

  protected override answer(message: Buffer): void {
    this.atEnd?.();
    this.resolve(message);
  }

  protected override refuse(_error: RpcError): void {
    this.atEnd?.();
  }
}

function outcomeOf(message: Buffer, endpoint: Endpoint, durationMs: number): ToolOutcome {
  // Deeper than what is accepted from clients: it could be parsed, but not be put into an answer of ours again.
  if (endOfValue(message, skipSpace(message, 0)) < 0) {
    const text = `The answer to the tool call is no JSON, or nested deeper than ${MAX_DEPTH} levels`;
    throw new UpstreamError('not-json', text, { mayHaveRun: true });
  }
  const outcome = readOutcome(parseBytes(message));
  if (outcome?.error !== undefined) {
    throw problemOfUpstream(
      new UpstreamError('rpc-error', outcome.error.message, { rpc: outcome.error }),
      endpoint,
    );
  }
  const result = outcome?.result;
  if (!isJsonObject(result)) {
    throw gatewayProblems['upstream-failed']('The answer to the tool call is no object');
  }
  return { result, is_error: result.isError === true, duration_ms: Math.round(durationMs) };
}
