// HOT PATH
import type { Dispatcher } from '../gateway/dispatcher.js';
import { WAIT } from '../gateway/dispatcher.js';
import type { Endpoint } from '../gateway/endpoint.js';
import type { Inbound } from '../gateway/inbound.js';
import { idOf, toolOf } from '../gateway/post-body.js';
import type { Pulse } from '../gateway/pulse.js';
import { sendEmpty, sendRpcError } from '../gateway/reply.js';
import type { StatelessFront } from '../gateway/stateless-front.js';
import { internalFault, rpcErrorOf } from '../gateway/wire-error.js';
import { isJsonObject } from '../kernel/json.js';
import type { Logger } from '../kernel/logger.js';
import type { Envelope } from '../protocol/envelope-scan.js';
import { rpcResult } from '../protocol/message.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import { discoverResult } from './discover-result.js';
import type { HeldCalls } from './held-calls.js';
import type { Line } from './line.js';
import { takesLine, type LineTable } from './line-table.js';
import type { ListenTable } from './listen-table.js';
import { NativeCall, NativeRelay } from './native-call.js';
import { badState, requestDigest } from './request-state.js';
import { Round } from './round.js';
import {
  claimOf,
  isAskable,
  mirroredHeaders,
  mirrorFaultOf,
  responsesOf,
  stateOf,
  type StatelessJob,
} from './stateless-job.js';
import { readStatelessRequest } from './stateless-request.js';
import { toolDoorOf } from '../gateway/tool-door.js';
import { TranslatedCall } from './translated-call.js';

export interface FrontParts {
  readonly dispatcher: Dispatcher;
  readonly lines: LineTable;
  readonly held: HeldCalls;
  readonly listens: ListenTable;
  readonly pulse: Pulse;
  readonly logger: Logger;
}

const LISTEN = 'subscriptions/listen';

/** Streamable HTTP of the stateless protocol (2026-07-28) in front of any upstream. */
export class ModernFront implements StatelessFront {
  constructor(private readonly parts: FrontParts) {}

  serve(inbound: Inbound, body: Buffer, envelope: Envelope): void {
    const { response, requestId, endpoint, principal } = inbound;
    const id = envelope.kind === 'request' ? idOf(body, envelope) : null;
    if (id === null) {
      refuseOrAccept(inbound, envelope);
      return;
    }
    const request = readStatelessRequest(body, envelope, inbound.request.headers);
    if (request instanceof RpcError) {
      sendRpcError(response, requestId, id, request);
      return;
    }
    const { method } = envelope;
    const asked = { id, method, tool: toolOf(body, envelope) };
    const askable = isAskable(method, request);
    const job: StatelessJob = { inbound, body, envelope, request, asked, askable };
    if (method === LISTEN) {
      this.parts.listens.open(job);
      return;
    }
    const fault = mirrorFaultOf(job);
    const verdict =
      fault ?? this.parts.dispatcher.admit(endpoint, principal, method, asked.tool, requestId);
    if (verdict === null) this.go(job);
    else if (verdict === WAIT) this.wait(job);
    else sendRpcError(response, requestId, id, verdict);
  }

  private wait(job: StatelessJob): void {
    const { inbound, asked } = job;
    const { endpoint, principal, response, requestId } = inbound;
    const goOn = (refusal: RpcError | null, target: Endpoint): void => {
      if (refusal !== null) {
        sendRpcError(response, requestId, asked.id, refusal);
        return;
      }
      try {
        this.go({ ...job, inbound: inbound.at(target) });
      } catch (error) {
        this.fail(job, error);
      }
    };
    this.parts.dispatcher.wait(endpoint, principal, asked, goOn, { response });
  }

  /** Counts the call before it returns, be it as a round or as an opening. */
  private go(job: StatelessJob): void {
    const state = stateOf(job);
    if (state !== null && this.resumes(job, state)) return;
    const { lines, dispatcher } = this.parts;
    const claim = claimOf(job);
    const group = lines.groupOf(claim);
    const ready = lines.ready(group, job.askable);
    if (ready !== null) {
      this.submit(job, ready, state !== null);
      return;
    }
    const { endpoint, response } = job.inbound;
    const { ledger } = dispatcher;
    const startedMs = ledger.nowMs();
    ledger.begin(endpoint);
    lines
      .connect(group, claim)
      .then((line) => {
        if (response.destroyed) line.leave(takesLine(line, job.askable));
        else this.submit(job, line, state !== null);
      })
      .catch((error: unknown) => {
        if (error instanceof UpstreamError) {
          ledger.failed(endpoint, 'initialize', error, startedMs);
        }
        this.fail(job, error);
      })
      .finally(() => {
        ledger.finish(endpoint);
      });
  }

  /** Whether `state` is one of ours: then the request is served, or refused. */
  private resumes(job: StatelessJob, state: string): boolean {
    const { inbound, asked, body } = job;
    const { endpoint, principal, response, requestId } = inbound;
    const { held, dispatcher, pulse } = this.parts;
    const digest = (): string => requestDigest(asked.method, body);
    const call = held.find(state, principal.id, endpoint.serviceId, digest);
    if (call === null) return false;
    const responses = responsesOf(job);
    const fault = call instanceof RpcError ? call : isJsonObject(responses) ? null : badResponses();
    if (fault !== null || call instanceof RpcError || !isJsonObject(responses)) {
      sendRpcError(response, requestId, asked.id, fault ?? badResponses());
      return true;
    }
    call.resume(new Round(dispatcher.ledger, inbound, call.link, asked, pulse), responses);
    return true;
  }

  /** `line` has been entered for the job. */
  private submit(job: StatelessJob, line: Line, stateGiven: boolean): void {
    if (line.native) this.submitNative(job, line);
    else this.submitTranslated(job, line, stateGiven);
  }

  private submitTranslated(job: StatelessJob, line: Line, stateGiven: boolean): void {
    const { inbound, body, envelope, asked, request, askable } = job;
    const { dispatcher, pulse, held } = this.parts;
    const fault = stateGiven
      ? badState('was changed, or is not one of this gateway')
      : isJsonObject(responsesOf(job))
        ? null
        : badResponses();
    if (fault !== null) {
      line.leave(takesLine(line, askable));
      sendRpcError(inbound.response, inbound.requestId, asked.id, fault);
      return;
    }
    const round = new Round(dispatcher.ledger, inbound, line.link, asked, pulse);
    if (asked.method === 'server/discover') {
      line.leave(false);
      round.answer(rpcResult(asked.id, discoverResult(line.conversation.server, false)), 'ok');
      return;
    }
    const caller = { principalId: inbound.principal.id, asker: request.asker, askable };
    const incoming = { body, envelope, metaStart: request.spans.metaStart };
    const call = new TranslatedCall(line, held, asked, caller, incoming);
    try {
      call.start(round);
    } catch (error) {
      call.fault();
      this.tell(job, error);
    }
  }

  private submitNative(job: StatelessJob, line: Line): void {
    const { inbound, body, envelope, asked } = job;
    const { dispatcher, pulse } = this.parts;
    const { ledger } = dispatcher;
    const { conversation } = line;
    const filtered = asked.method === 'tools/list' && toolDoorOf(inbound.endpoint) !== null;
    const headers = mirroredHeaders(inbound);
    if (asked.method === 'server/discover') {
      const round = new Round(ledger, inbound, line.link, asked, pulse);
      line.leave(false);
      round.answer(rpcResult(asked.id, discoverResult(conversation.server, true)), 'ok');
    } else if (conversation.kind === 'exchange' && !filtered) {
      new NativeRelay(ledger, inbound, line, asked).post(conversation, body, headers);
    } else {
      const round = new Round(ledger, inbound, line.link, asked, pulse);
      new NativeCall(line, round).send(body, envelope, headers);
    }
  }

  private fail(job: StatelessJob, error: unknown): void {
    const { inbound, asked } = job;
    const { response, requestId, endpoint } = inbound;
    if (error instanceof UpstreamError) {
      sendRpcError(response, requestId, asked.id, rpcErrorOf(error, endpoint));
      return;
    }
    this.tell(job, error);
    sendRpcError(response, requestId, asked.id, internalFault());
  }

  private tell({ inbound }: StatelessJob, error: unknown): void {
    this.parts.logger.error({ err: error, request_id: inbound.requestId }, 'a message failed');
  }
}

/** Notifications are taken and have no effect: over HTTP this revision defines none. Responses have no place here. */
function refuseOrAccept({ response, requestId }: Inbound, { kind }: Envelope): void {
  if (kind === 'notification') {
    sendEmpty(response, requestId, 202);
    return;
  }
  const text = 'Clients send requests and notifications only';
  sendRpcError(response, requestId, null, new RpcError(RPC.invalidRequest, text, undefined, 400));
}

function badResponses(): RpcError {
  return new RpcError(RPC.invalidParams, 'params.inputResponses is no object', undefined, 400);
}
