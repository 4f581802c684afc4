// HOT PATH
import type { Logger } from '../kernel/logger.js';
import type { Envelope } from '../protocol/envelope-scan.js';
import { rpcErrorMessage, rpcResult } from '../protocol/message.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import type { Dispatcher } from './dispatcher.js';
import type { Endpoint } from './endpoint.js';
import type { Inbound } from './inbound.js';
import { agreedVersion, clientFactsOf, initializeResult } from './initialize.js';
import { LegacyCall, type LegacySession } from './legacy-session.js';
import type { Link } from './link.js';
import {
  cancelledError,
  cancelledId,
  idOf,
  readMessages,
  toolOf,
  type MessageTaker,
} from './post-body.js';
import { refuseMethod } from './refusals.js';
import { sendEmpty, sendRpcError } from './reply.js';
import { isRootPath } from './root-endpoints.js';
import type { SessionTable } from './session-table.js';
import { internalFault, rpcErrorOf, unknownSession } from './wire-error.js';

/** The legacy HTTP+SSE transport (2024-11-05) in front of any upstream: GET …/sse, POST …/message. */
export class LegacySse implements MessageTaker {
  constructor(
    private readonly sessions: SessionTable,
    private readonly dispatcher: Dispatcher,
    /** Path under which clients reach us, `''` or `/prefix`. */
    private readonly basePath: string,
    private readonly logger: Logger,
  ) {}

  serveStream(inbound: Inbound): void {
    const { endpoint, principal, response, requestId, path } = inbound;
    if (inbound.request.method !== 'GET') {
      refuseMethod(inbound, 'GET');
      return;
    }
    const refusal = this.dispatcher.admitCall(endpoint, principal, 'ping', null);
    const session = refusal ?? this.sessions.beginLegacy(endpoint, principal);
    if (session instanceof RpcError) {
      sendRpcError(response, requestId, null, session);
      return;
    }
    const route = path.slice(0, path.lastIndexOf('/sse'));
    const message = `${this.basePath}${route}/message?sessionId=${session.id}`;
    session.open(response, requestId, message + selectionOf(inbound));
    response.once('close', () => {
      this.dispatcher.flow.cancelAll(session);
    });
  }

  serveMessage(inbound: Inbound): void {
    if (inbound.request.method === 'POST') readMessages(inbound, this, this.logger);
    else refuseMethod(inbound, 'POST');
  }

  takeMessage(inbound: Inbound, body: Buffer, envelope: Envelope): void {
    const { response, requestId } = inbound;
    const id = envelope.kind === 'response' ? null : idOf(body, envelope);
    const session = this.sessionOf(inbound);
    if (session === null) {
      const { endpoint, principal } = inbound;
      const unavailable =
        endpoint.unavailable === null
          ? null
          : this.dispatcher.admitCall(endpoint, principal, '', null);
      sendRpcError(response, requestId, id, unavailable ?? unknownSession());
      return;
    }
    session.lastUsedMs = this.sessions.pulse.nowMs();
    sendEmpty(response, requestId, 202);
    if (id === null) this.forward(inbound, session, body, envelope);
    else if (envelope.method === 'initialize') this.initialize(inbound, session, id, body);
    else this.request(inbound, session, id, body, envelope);
  }

  takeBatch(inbound: Inbound): void {
    const error = new RpcError(RPC.invalidRequest, 'Batches are not accepted', undefined, 400);
    sendRpcError(inbound.response, inbound.requestId, null, error);
  }

  private initialize(inbound: Inbound, session: LegacySession, id: Buffer, body: Buffer): void {
    const client = clientFactsOf(body);
    if (client instanceof RpcError) {
      session.say(rpcErrorMessage(id, client));
      return;
    }
    const { endpoint, principal } = inbound;
    const refusal = this.dispatcher.admitCall(endpoint, principal, 'initialize', null);
    if (refusal !== null) {
      session.say(rpcErrorMessage(id, refusal));
      return;
    }
    session.client = client;
    this.onLink(inbound, session, id, (link) => {
      const { ledger } = this.dispatcher;
      const asked = { id, method: 'initialize', tool: null };
      const call = new LegacyCall(ledger, endpoint, session, link, asked);
      call.onReply(rpcResult(id, initializeResult(link, agreedVersion(link, client))), 0, 0);
    });
  }

  private request(
    inbound: Inbound,
    session: LegacySession,
    id: Buffer,
    body: Buffer,
    envelope: Envelope,
  ): void {
    const { endpoint, principal } = inbound;
    const { method } = envelope;
    const tool = toolOf(body, envelope);
    const go = (refusal: RpcError | null, target: Endpoint): void => {
      if (refusal !== null) {
        session.say(rpcErrorMessage(id, refusal));
        return;
      }
      if (session.ended) {
        this.dispatcher.ledger.gaveUp(target);
        return;
      }
      this.onLink(inbound.at(target), session, id, (link) => {
        session.remember(method, body);
        const { ledger } = this.dispatcher;
        const call = new LegacyCall(ledger, target, session, link, { id, method, tool });
        link.submit(call, body, envelope);
      });
    };
    const terms = { owner: session, id };
    const asked = { method, tool, request_id: inbound.requestId };
    this.dispatcher.whenAdmitted(endpoint, principal, asked, go, terms);
  }

  private forward(
    inbound: Inbound,
    session: LegacySession,
    body: Buffer,
    envelope: Envelope,
  ): void {
    const id = envelope.method === 'notifications/cancelled' ? cancelledId(body) : null;
    if (id !== null && this.dispatcher.cancelWaiting(inbound.endpoint, session, id)) return;
    this.onLink(inbound, session, null, (link) => {
      session.forward(link, body, envelope.method);
      if (envelope.method === 'notifications/initialized') session.listen();
      if (id !== null) session.callById(id)?.cancel(cancelledError());
    });
  }

  private sessionOf(inbound: Inbound): LegacySession | null {
    const url = inbound.request.url ?? '';
    const query = new URLSearchParams(url.slice(url.indexOf('?') + 1));
    const id = query.get('sessionId');
    return id === null ? null : this.sessions.findLegacy(id, inbound.endpoint, inbound.principal);
  }

  /** Goes on with a link, opening or moving it first; failures are told on the session's stream. */
  private onLink(
    inbound: Inbound,
    session: LegacySession,
    id: Buffer | null,
    goOn: (link: Link) => void,
  ): void {
    const { endpoint } = inbound;
    const ready = session.readyLink(endpoint);
    if (ready !== null) {
      goOn(ready);
      return;
    }
    const { client } = session;
    if (client === null) {
      const error = new RpcError(RPC.invalidRequest, 'The session is not initialized');
      if (id !== null) session.say(rpcErrorMessage(id, error));
      return;
    }
    // A notification starts nothing; requests were refused at the door already.
    if (endpoint.unavailable !== null || this.dispatcher.isDraining) return;
    const { ledger } = this.dispatcher;
    const startedMs = ledger.nowMs();
    ledger.begin(endpoint);
    session
      .connect(endpoint, client, inbound.hops)
      .then(goOn)
      .catch((error: unknown) => {
        const known = error instanceof UpstreamError;
        if (known) ledger.failed(endpoint, 'initialize', error, startedMs);
        if (id === null) return;
        session.say(rpcErrorMessage(id, known ? rpcErrorOf(error, endpoint) : internalFault()));
      })
      .finally(() => {
        ledger.finish(endpoint);
      });
  }
}

/** What the client chose of the aggregate endpoint has to be said with every message, as it names the endpoint. */
function selectionOf({ request, path }: Inbound): string {
  const url = request.url ?? '';
  const at = url.indexOf('?');
  if (at < 0 || !isRootPath(path)) return '';
  const query = new URLSearchParams(url.slice(at + 1));
  query.delete('sessionId');
  const text = query.toString();
  return text === '' ? '' : `&${text}`;
}
