import type { Principal } from '../auth/principal.js';
import { cancelledId } from '../gateway/post-body.js';
import { parseBytes } from '../gateway/json-bytes.js';
import type { Link } from '../gateway/link.js';
import { isJsonObject } from '../kernel/json.js';
import { methodNotFound, rpcNotification, rpcResult } from '../protocol/message.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';
import type {
  CallHandle,
  ClientFacts,
  ConversationSink,
  MessageConversation,
  ReplySink,
  RequestSpans,
  ServerFacts,
} from '../upstream/upstream.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import { ClientCall } from './client-call.js';
import { ClientRequests } from './client-requests.js';
import type { MemberCall } from './member-call.js';
import { MemberDoor, type DoorParts } from './member-door.js';
import { kindsChangedBy } from './member-lists.js';
import type { MemberHost, MemberSession } from './member-session.js';
import { readMessage, type ReadMessage } from './message-edit.js';

/** Who opened a conversation, and where it may turn to. */
export interface ConversationTerms {
  readonly client: ClientFacts;
  readonly principal: Principal;
  readonly server: ServerFacts;
  readonly sink: ConversationSink;
  readonly hops: number;
}

/** The aggregate that a conversation is part of. */
export interface ConversationOwner {
  readonly attended: boolean;
  /** A member said to this client that lists of it changed. */
  listsChanged(conversation: AggregateConversation, session: MemberSession, method: string): void;
  closed(conversation: AggregateConversation): void;
}

/** Answers the client's requests, be it itself or by passing them on. */
export interface MethodRouter {
  route(call: ClientCall, message: ReadMessage): void;
}

/** Requests under way of one client; more are refused. */
const MAX_CALLS = 10_000;

/**
 * A client's conversation with several services as one. It keeps the client's requests and the members' requests apart by
 * who asked, and ends alone: no member ends it.
 */
export class AggregateConversation implements MessageConversation, MemberHost {
  readonly kind = 'messages';
  readonly door: MemberDoor;
  router: MethodRouter | null = null;
  private readonly calls = new Set<ClientCall>();
  private readonly requests = new ClientRequests();
  private over = false;

  constructor(
    parts: DoorParts,
    private readonly terms: ConversationTerms,
    private readonly owner: ConversationOwner,
  ) {
    this.door = new MemberDoor(parts, terms.principal, this, terms.hops);
  }

  get server(): ServerFacts {
    return this.terms.server;
  }

  get client(): ClientFacts {
    return this.terms.client;
  }

  get attended(): boolean {
    return this.owner.attended;
  }

  request(body: Buffer, spans: RequestSpans, sink: ReplySink): CallHandle {
    const id = body.toString('utf8', spans.idStart, spans.idEnd);
    const call = new ClientCall(id, sink, (ended) => {
      this.calls.delete(ended);
    });
    this.calls.add(call);
    const message = readMessage(body);
    if (this.over) {
      setImmediate(() => {
        call.fail(new UpstreamError('stopped', 'The conversation is over'));
      });
    } else if (message === null) {
      call.refuse(new RpcError(RPC.invalidRequest, 'The message is no JSON-RPC request'));
    } else if (this.calls.size > MAX_CALLS) {
      call.refuse(new RpcError(RPC.limited, 'Too many requests are under way', TOO_MANY));
    } else {
      this.router?.route(call, message);
    }
    return call;
  }

  send(body: Buffer): void {
    const message = this.over ? null : readMessage(body);
    if (message === null) return;
    const { envelope } = message;
    if (envelope.kind === 'response') {
      const answer = this.requests.answer(message.body, envelope);
      answer?.to.forward(answer.body);
      return;
    }
    switch (envelope.method) {
      case 'notifications/initialized':
        break;
      case 'notifications/cancelled':
        this.cancel(message.body);
        break;
      case 'notifications/progress': {
        const progress = this.requests.progress(message.body, envelope);
        progress?.to.forward(progress.body);
        break;
      }
      default:
        this.door.tellAll(message.body);
    }
  }

  /** Tells the client that lists changed. */
  announce(methods: Iterable<string>): void {
    if (this.over) return;
    for (const method of methods) this.terms.sink.onMessage(rpcNotification(method));
  }

  close(): void {
    if (this.over) return;
    this.over = true;
    const error = new UpstreamError('stopped', 'The conversation was closed', { mayHaveRun: true });
    for (const call of [...this.calls]) {
      call.member?.giveUp(true);
      call.fail(error);
    }
    this.door.close();
    this.owner.closed(this);
  }

  /** The end of the aggregate itself. */
  end(error: UpstreamError): void {
    if (this.over) return;
    this.close();
    this.terms.sink.onEnd(error);
  }

  heard(session: MemberSession, link: Link, message: Buffer, call: MemberCall | null): void {
    const read = this.over ? null : readMessage(message);
    if (read === null) return;
    const { kind, method } = read.envelope;
    if (kind === 'request') this.ask(session, link, read, call);
    else if (kindsChangedBy(method).length > 0) this.owner.listsChanged(this, session, method);
    else if (method === 'notifications/cancelled') this.withdraw(link, read.body);
    else if (kind === 'notification') this.toClient(session, read.body, call);
  }

  linkEnded(link: Link): void {
    for (const requestId of this.requests.drop(link)) this.tellWithdrawn({ requestId });
  }

  memberEnded(session: MemberSession): void {
    this.door.forget(session);
  }

  private cancel(body: Buffer): void {
    const id = cancelledId(body);
    if (id === null) return;
    const wanted = parseBytes(Buffer.from(id));
    for (const call of this.calls) {
      if (parseBytes(Buffer.from(call.id)) !== wanted) continue;
      const reason = paramsOf(body).reason;
      call.cancel(typeof reason === 'string' ? reason : undefined);
      return;
    }
  }

  /** A request of a member for the client. */
  private ask(
    session: MemberSession,
    link: Link,
    read: ReadMessage,
    call: MemberCall | null,
  ): void {
    const { body, envelope } = read;
    const id = body.subarray(envelope.idStart, envelope.idEnd);
    if (envelope.method === 'ping') {
      link.forward(rpcResult(id, '{}'));
      return;
    }
    const request = this.requests.take(link, body, envelope);
    if (request === null) {
      link.forward(methodNotFound(id, 'Too many requests to the client are open'));
      return;
    }
    const about = call ?? session.newestCall;
    if (about === null) this.terms.sink.onMessage(request);
    else about.client.related(request);
  }

  /** What a member of the client's own says while it works on a single call is about that call. */
  private toClient(session: MemberSession, message: Buffer, call: MemberCall | null): void {
    const alone = session.pinned && session.calls.size === 1 ? session.newestCall : null;
    const about = call ?? alone;
    if (about === null) this.terms.sink.onMessage(message);
    else about.client.related(message);
  }

  private withdraw(link: Link, body: Buffer): void {
    const id = cancelledId(body);
    const requestId = id === null ? null : this.requests.cancelled(link, id);
    if (requestId !== null) this.tellWithdrawn({ ...paramsOf(body), requestId });
  }

  private tellWithdrawn(params: object): void {
    if (!this.over) this.terms.sink.onMessage(rpcNotification('notifications/cancelled', params));
  }
}

const TOO_MANY = { reason: 'in-flight', retry_after_s: 1 };

function paramsOf(body: Buffer): Record<string, unknown> {
  const message = parseBytes(body);
  return isJsonObject(message) && isJsonObject(message.params) ? message.params : {};
}
