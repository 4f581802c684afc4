import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { rpcRequest, rpcNotification, readOutcome } from '../protocol/message.js';
import type { RpcError } from '../protocol/rpc-error.js';
import { scanEnvelope } from '../protocol/envelope-scan.js';
import { GATEWAY_CLIENT } from '../upstream/upstream.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import { Call, type CallLedger } from './call.js';
import type { Endpoint } from './endpoint.js';
import { gatewayProblems } from './gateway.errors.js';
import { parseBytes } from './json-bytes.js';
import { Link, type LinkOwner } from './link.js';
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

const OWN_ID = Buffer.from('1');
const INITIALIZED = rpcNotification('notifications/initialized');

/** Nothing unsolicited is of use to a single call, and requests of the upstream cannot be answered. */
const ALONE: LinkOwner = { deliver: () => undefined, linkEnded: () => undefined };

/** Opens a conversation, calls the tool and closes. Rejects with a `ProblemError`. Never tries twice. */
export async function callToolOnce(
  ledger: CallLedger,
  endpoint: Endpoint,
  tool: string,
  args: JsonObject,
  terms: ToolCallTerms,
): Promise<ToolOutcome> {
  const terminated =
    terms.timeoutMs === undefined ? endpoint : withTimeout(endpoint, terms.timeoutMs);
  let link: Link | null = null;
  const startedMs = ledger.nowMs();
  try {
    link = await Link.open(ALONE, terminated, GATEWAY_CLIENT, {
      purpose: 'call',
      signal: terms.signal,
    });
    link.forward(INITIALIZED);
    const message = await answerOf(ledger, link, terminated, tool, args, terms.signal);
    return outcomeOf(message, endpoint, ledger.nowMs() - startedMs);
  } catch (error) {
    throw error instanceof UpstreamError ? problemOfUpstream(error, endpoint) : error;
  } finally {
    link?.retire();
  }
}

/** The same endpoint, its counters included, with another deadline. */
function withTimeout(endpoint: Endpoint, callTimeoutMs: number): Endpoint {
  return { ...endpoint, callTimeoutMs };
}

function answerOf(
  ledger: CallLedger,
  link: Link,
  endpoint: Endpoint,
  tool: string,
  args: JsonObject,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const call = new OwnToolCall(ledger, endpoint, link, tool, resolve, reject);
    const body = rpcRequest(OWN_ID, 'tools/call', { name: tool, arguments: args });
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
    tool: string,
    private readonly resolve: (message: Buffer) => void,
    private readonly reject: (error: UpstreamError) => void,
  ) {
    super(ledger, endpoint, link, { id: OWN_ID, method: 'tools/call', tool });
  }

  override onFail(error: UpstreamError): void {
    super.onFail(error);
    this.reject(error);
  }

  override onRelated(): void {}

  protected override answer(message: Buffer): void {
    this.atEnd?.();
    this.resolve(message);
  }

  protected override refuse(_error: RpcError): void {
    this.atEnd?.();
  }
}

function outcomeOf(message: Buffer, endpoint: Endpoint, durationMs: number): ToolOutcome {
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
