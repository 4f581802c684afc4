// HOT PATH
import type { Logger } from '../kernel/logger.js';
import type { Envelope } from '../protocol/envelope-scan.js';
import { rpcResult } from '../protocol/message.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import { submitBatch } from './batch.js';
import type { Asked } from './call.js';
import { CallRelay } from './call-relay.js';
import { WAIT, type Dispatcher } from './dispatcher.js';
import type { Endpoint } from './endpoint.js';
import { isOwnEventId } from './event-store.js';
import { BOTH_KINDS } from './exchange-call.js';
import { HttpCall } from './http-call.js';
import type { Inbound } from './inbound.js';
import { agreedVersion, clientFactsOf, initializeResult } from './initialize.js';
import type { Link } from './link.js';
import { ListenRelay } from './listen-relay.js';
import {
  cancelledError,
  cancelledId,
  idOf,
  readMessages,
  toolOf,
  type MessageTaker,
} from './post-body.js';
import { refuseAccept, refuseMethod, sessionFault } from './refusals.js';
import { sendEmpty, sendRpcError } from './reply.js';
import type { SessionTable } from './session-table.js';
import type { StatelessFront } from './stateless-front.js';
import type { StreamableSession } from './streamable-session.js';
import { toolDoorOf } from './tool-door.js';
import { internalFault, rpcErrorOf, unknownSession } from './wire-error.js';

const NO_BODY = Buffer.alloc(0);

/** Streamable HTTP (2025-03-26 to 2025-11-25) in front of any upstream. */
export class StreamableHttp implements MessageTaker {
  /** Set once, before the first request. */
  stateless: StatelessFront | null = null;

  constructor(
    private readonly sessions: SessionTable,
    private readonly dispatcher: Dispatcher,
    private readonly logger: Logger,
  ) {}

  serve(inbound: Inbound): void {
    switch (inbound.request.method) {
      case 'POST':
        if (inbound.acceptsJson || inbound.acceptsStream) readMessages(inbound, this, this.logger);
        else refuseAccept(inbound);
        break;
      case 'GET':
        this.listen(inbound);
        break;
      case 'DELETE':
        this.close(inbound);
        break;
      default:
        refuseMethod(inbound, 'GET, POST, DELETE');
    }
  }

  takeMessage(inbound: Inbound, body: Buffer, envelope: Envelope): void {
    if (this.stateless !== null && (envelope.stateless || inbound.stateless)) {
      this.stateless.serve(inbound, body, envelope);
      return;
    }
    if (envelope.method === 'initialize' && envelope.kind === 'request') {
      this.initialize(inbound, body, envelope);
      return;
    }
    const id = envelope.kind === 'response' ? null : idOf(body, envelope);
    const session = this.sessionOf(inbound, id);
    if (session === null) return;
    if (id !== null) this.request(inbound, session, id, body, envelope);
    else this.forward(inbound, session, body, envelope);
  }

  takeBatch(inbound: Inbound, parts: readonly Buffer[]): void {
    const session = this.sessionOf(inbound, null);
    if (session === null) return;
    // JSON-RPC batches came with 2025-03-26 and went with 2025-06-18.
    if (session.version !== '2025-03-26') {
      const message = 'Batches are not part of the agreed protocol version';
      const error = new RpcError(RPC.invalidRequest, message, undefined, 400);
      sendRpcError(inbound.response, inbound.requestId, null, error);
      return;
    }
    this.onLink(inbound, session, null, (link) => {
      submitBatch(this.dispatcher, inbound, session, link, parts);
    });
  }

  private request(
    inbound: Inbound,
    session: StreamableSession,
    id: Buffer,
    body: Buffer,
    envelope: Envelope,
  ): void {
    const { endpoint, principal } = inbound;
    const asked = { id, method: envelope.method, tool: toolOf(body, envelope) };
    const { method, tool } = asked;
    const verdict = this.dispatcher.admit(endpoint, principal, method, tool, inbound.requestId);
    if (verdict === null) this.go(inbound, session, asked, body, envelope);
    else if (verdict === WAIT) this.wait(inbound, session, asked, body, envelope);
    else sendRpcError(inbound.response, inbound.requestId, id, verdict);
  }

  private wait(
    inbound: Inbound,
    session: StreamableSession,
    asked: Asked,
    body: Buffer,
    envelope: Envelope,
  ): void {
    const { endpoint, principal, response, requestId } = inbound;
    const { id } = asked;
    const goOn = (refusal: RpcError | null, target: Endpoint): void => {
      if (refusal !== null || session.ended) {
        if (refusal === null) this.dispatcher.ledger.gaveUp(target);
        sendRpcError(response, requestId, id, refusal ?? unknownSession());
        return;
      }
      try {
        this.go(inbound.at(target), session, asked, body, envelope);
      } catch (error) {
        this.fail(inbound, id, error);
      }
    };
    this.dispatcher.wait(endpoint, principal, asked, goOn, { response, owner: session, id });
  }

  private go(
    inbound: Inbound,
    session: StreamableSession,
    asked: Asked,
    body: Buffer,
    envelope: Envelope,
  ): void {
    const link = session.readyLink(inbound.endpoint);
    if (link !== null) {
      this.submit(inbound, session, link, asked, body, envelope);
      return;
    }
    this.onLink(inbound, session, asked.id, (opened) => {
      this.submit(inbound, session, opened, asked, body, envelope);
    });
  }

  private submit(
    inbound: Inbound,
    session: StreamableSession,
    link: Link,
    asked: Asked,
    body: Buffer,
    envelope: Envelope,
  ): void {
    const { conversation } = link;
    const { ledger } = this.dispatcher;
    session.remember(asked.method, body);
    if (conversation.kind === 'exchange') {
      const filtered = asked.method === 'tools/list' && toolDoorOf(inbound.endpoint) !== null;
      if (!filtered) {
        const relay = new CallRelay(ledger, inbound, session, link, asked);
        relay.post(conversation, body, headersFor(inbound));
        return;
      }
    }
    const { pulse } = this.sessions;
    link.submit(new HttpCall(ledger, inbound, session, link, asked, pulse), body, envelope);
  }

  private forward(
    inbound: Inbound,
    session: StreamableSession,
    body: Buffer,
    envelope: Envelope,
  ): void {
    // A cancelled call gets an answer, as its response would stay open for as long as the upstream keeps silent.
    const cancelled = envelope.method === 'notifications/cancelled' ? cancelledId(body) : null;
    if (cancelled !== null && this.dispatcher.cancelWaiting(inbound.endpoint, session, cancelled)) {
      sendEmpty(inbound.response, inbound.requestId, 202);
      return;
    }
    this.onLink(inbound, session, null, (link) => {
      const { conversation } = link;
      session.lastUsedMs = this.sessions.pulse.nowMs();
      if (conversation.kind === 'exchange') {
        if (envelope.method === 'notifications/initialized') session.initialized = true;
        const passed = { id: null, method: envelope.method, tool: null };
        const { ledger } = this.dispatcher;
        const relay = new CallRelay(ledger, inbound, session, link, passed);
        relay.post(conversation, body, headersFor(inbound));
        return;
      }
      session.forward(link, body, envelope.method);
      if (cancelled !== null) session.callById(cancelled)?.cancel(cancelledError());
      sendEmpty(inbound.response, inbound.requestId, 202);
    });
  }

  private initialize(inbound: Inbound, body: Buffer, envelope: Envelope): void {
    const { endpoint, principal, response, requestId } = inbound;
    const id = idOf(body, envelope) ?? NO_BODY;
    const refusal = this.dispatcher.admitCall(endpoint, principal, 'initialize', null);
    const client = refusal ?? clientFactsOf(body);
    const session =
      client instanceof RpcError ? client : this.sessions.begin(endpoint, principal, client);
    if (session instanceof RpcError) {
      if (refusal === null) this.dispatcher.ledger.gaveUp(endpoint);
      sendRpcError(response, requestId, id, session);
      return;
    }
    this.onLink(inbound, session, id, (link) => {
      if (response.destroyed) {
        session.end('not-opened');
        return;
      }
      this.sessions.confirm(session, agreedVersion(link, session.client));
      response.setHeader('mcp-session-id', session.id);
      const message = rpcResult(id, initializeResult(link, session.version));
      const { ledger } = this.dispatcher;
      const { pulse } = this.sessions;
      const asked = { id, method: 'initialize', tool: null };
      const call = new HttpCall(ledger, inbound, session, link, asked, pulse);
      call.onReply(message, 0, 0);
    });
  }

  private listen(inbound: Inbound): void {
    const { response, requestId, lastEventId } = inbound;
    if (!inbound.acceptsStream) {
      refuseAccept(inbound);
      return;
    }
    const session = this.sessionOf(inbound, null);
    if (session === null) return;
    this.onLink(inbound, session, null, (link) => {
      const { conversation } = link;
      if (response.destroyed) return;
      const ours = lastEventId !== null && isOwnEventId(lastEventId);
      if (conversation.kind === 'messages' || ours) {
        session.listen(response, requestId, lastEventId);
        return;
      }
      const relay = new ListenRelay(inbound, session, link);
      session.adopt(relay);
      const accept = { accept: 'text/event-stream' };
      const headers = lastEventId === null ? accept : { ...accept, 'last-event-id': lastEventId };
      relay.start(conversation.listen(headers, relay));
    });
  }

  private close(inbound: Inbound): void {
    const session = this.sessionOf(inbound, null);
    if (session === null) return;
    session.end('deleted');
    sendEmpty(inbound.response, inbound.requestId, 200);
  }

  /** The request's session; `null` when it was refused and answered. */
  private sessionOf(inbound: Inbound, id: Buffer | null): StreamableSession | null {
    const { sessionId, response, requestId } = inbound;
    const session =
      sessionId === undefined
        ? null
        : this.sessions.find(sessionId, inbound.endpoint, inbound.principal);
    const fault = this.unavailable(inbound, session, id) ?? sessionFault(inbound, session);
    if (fault === null) return session;
    sendRpcError(response, requestId, id, fault);
    return null;
  }

  /**
   * Comes before all that is wrong with the session, as a service that does not serve knows none. Notifications and
   * answers of a session it does know belong to calls that are still under way; a client may always close one.
   */
  private unavailable(
    { request, endpoint, principal }: Inbound,
    session: StreamableSession | null,
    id: Buffer | null,
  ): RpcError | null {
    if (endpoint.unavailable === null || request.method === 'DELETE') return null;
    if (session !== null && id === null && request.method === 'POST') return null;
    return this.dispatcher.admitCall(endpoint, principal, '', null);
  }

  /** Goes on with a link of the session, opening or moving it first where needed. */
  private onLink(
    inbound: Inbound,
    session: StreamableSession,
    id: Buffer | null,
    goOn: (link: Link) => void,
  ): void {
    const { endpoint, response, requestId } = inbound;
    const ready = session.readyLink(endpoint);
    if (ready !== null) {
      goOn(ready);
      return;
    }
    if (endpoint.unavailable !== null || this.dispatcher.isDraining) {
      const refusal = this.dispatcher.admitCall(endpoint, inbound.principal, '', null);
      sendRpcError(response, requestId, id, refusal ?? unknownSession());
      return;
    }
    const { ledger } = this.dispatcher;
    const startedMs = ledger.nowMs();
    ledger.begin(endpoint);
    // Counted until the call has counted itself, so that no other takes its place in between.
    session
      .connect(endpoint, session.client, inbound.hops)
      .then(goOn)
      .catch((error: unknown) => {
        if (session.id === '') session.end('not-opened');
        if (!(error instanceof UpstreamError)) {
          this.fail(inbound, id, error);
          return;
        }
        ledger.failed(endpoint, 'initialize', error, startedMs);
        sendRpcError(response, requestId, id, rpcErrorOf(error, endpoint));
      })
      .finally(() => {
        ledger.finish(endpoint);
      });
  }

  private fail({ response, requestId }: Inbound, id: Buffer | null, error: unknown): void {
    this.logger.error({ err: error, request_id: requestId }, 'a message failed');
    sendRpcError(response, requestId, id, internalFault());
  }
}

/** End-to-end headers for the upstream; what it must not get wrong about the client's wishes. */
function headersFor(inbound: Inbound): Readonly<Record<string, string>> {
  if (inbound.acceptsJson && inbound.acceptsStream) return BOTH_KINDS;
  return { accept: inbound.acceptsJson ? 'application/json' : 'text/event-stream' };
}
