import type { Principal } from '../auth/principal.js';
import type { CallFacts } from '../gateway/call.js';
import { outcomeOfError, internalFault, rpcErrorOf } from '../gateway/wire-error.js';
import { callChannel } from '../gateway/channels.js';
import type { TurnListener } from '../gateway/call-queue.js';
import { WAIT, type Dispatcher } from '../gateway/dispatcher.js';
import type { Endpoint } from '../gateway/endpoint.js';
import type { Link } from '../gateway/link.js';
import { SessionMemory } from '../gateway/session-memory.js';
import type { SessionTable } from '../gateway/session-table.js';
import type { Clock } from '../kernel/clock.js';
import type { Logger } from '../kernel/logger.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import type { ClientCall } from './client-call.js';
import { MemberCall } from './member-call.js';
import { MemberSession, type MemberHost } from './member-session.js';
import { edited, shifted, type Edit, type ReadMessage } from './message-edit.js';

export interface DoorParts {
  readonly dispatcher: Dispatcher;
  readonly sessions: SessionTable;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A request as a member is to get it. */
export interface Passed extends CallFacts {
  readonly message: ReadMessage;
  /** What is different at the member, its own name of a tool for one. In order. */
  readonly edits: readonly Edit[];
}

/**
 * One client's way to its members. Every call passes the dispatcher as a call at that service would; sessions with members
 * are opened with the first call. Owned by the conversation.
 */
export class MemberDoor {
  private readonly sessions = new Map<string, MemberSession>();
  private readonly memories = new Map<string, SessionMemory>();
  private level: Buffer | null = null;
  private opened = 0;

  constructor(
    private readonly parts: DoorParts,
    private readonly principal: Principal,
    private readonly host: MemberHost,
    /** Gateways that the client's connection came through. */
    private readonly hops: number,
  ) {}

  sessionOf(serviceId: string): MemberSession | null {
    return this.sessions.get(serviceId) ?? null;
  }

  /** The refusal or the member's answer goes to `call`. */
  pass(wanted: Endpoint, call: ClientCall, passed: Passed): void {
    // The client may have left while it was found out where the call goes.
    if (call.over) return;
    if (passed.message.body.length > wanted.maxBodyBytes) {
      call.refuse(tooLarge(wanted));
      return;
    }
    const { dispatcher } = this.parts;
    const verdict = dispatcher.admit(wanted, this.principal, passed.method, passed.tool);
    if (verdict === null) this.begin(wanted, call, passed);
    else if (verdict === WAIT) this.wait(wanted, call, passed);
    else call.refuse(verdict);
  }

  /** What the client asked of all of them, those that are opened later included. */
  setLevel(body: Buffer, params: Parameters<MemberSession['ask']>[1]): void {
    this.level = Buffer.from(body);
    for (const memory of this.memories.values()) memory.learn('logging/setLevel', body);
    for (const session of this.sessions.values()) session.ask('logging/setLevel', params);
  }

  remember(serviceId: string, method: string, body: Buffer): void {
    if (SessionMemory.concerns(method)) this.memoryOf(serviceId).learn(method, body);
  }

  /** A notification for every member that this client talks to. */
  tellAll(body: Buffer): void {
    for (const { link } of this.sessions.values()) link?.forward(body);
  }

  forget(session: MemberSession): void {
    if (this.sessions.get(session.serviceId) === session) this.sessions.delete(session.serviceId);
  }

  /** Ends sessions that nothing was asked of since `beforeMs`. */
  endIdle(beforeMs: number): void {
    for (const session of [...this.sessions.values()]) {
      if (session.calls.size === 0 && session.lastUsedMs <= beforeMs) session.end('idle');
    }
  }

  close(): void {
    for (const session of [...this.sessions.values()]) session.end('disconnected');
  }

  private wait(wanted: Endpoint, call: ClientCall, passed: Passed): void {
    const go: TurnListener = (refusal, endpoint) => {
      if (refusal === null) this.begin(endpoint, call, passed);
      else call.refuse(refusal);
    };
    this.parts.dispatcher.wait(wanted, this.principal, passed, go, { signal: call.signal });
  }

  private begin(endpoint: Endpoint, call: ClientCall, passed: Passed): void {
    const session = this.openSession(endpoint);
    if (session instanceof RpcError) {
      this.parts.dispatcher.ledger.gaveUp(endpoint);
      call.refuse(session);
      return;
    }
    const ready = session.ready(endpoint);
    if (ready === null) {
      this.open(session, endpoint, call, passed);
      return;
    }
    try {
      this.submit(session, ready, endpoint, call, passed);
    } catch (error) {
      this.fail(error, endpoint, call, passed, this.parts.clock.monotonicMs());
    }
  }

  /** The call counts from here on: it was admitted, and its place is taken. */
  private open(session: MemberSession, endpoint: Endpoint, call: ClientCall, passed: Passed): void {
    const { ledger } = this.parts.dispatcher;
    const startedMs = ledger.nowMs();
    ledger.begin(endpoint);
    session
      .line(endpoint, this.hops)
      .then((link) => {
        if (call.over) ledger.gaveUp(endpoint);
        else this.submit(session, link, endpoint, call, passed);
      })
      .catch((error: unknown) => {
        this.fail(error, endpoint, call, passed, startedMs);
      })
      .finally(() => {
        ledger.finish(endpoint);
      });
  }

  private submit(
    session: MemberSession,
    link: Link,
    endpoint: Endpoint,
    call: ClientCall,
    { method, tool, message, edits: wanted }: Passed,
  ): void {
    const { envelope } = message;
    const { idStart, idEnd } = envelope;
    let id: Buffer = Buffer.from(message.body.subarray(idStart, idEnd));
    let edits = wanted;
    if (link.conversation.kind === 'exchange') {
      // On such a conversation ids are not ours on the other side: clients may share one, and listings use it as well.
      id = session.nextId();
      edits = [...wanted, { start: idStart, end: idEnd, text: id }].sort(byStart);
    }
    const body = edited(message.body, edits);
    const at = (position: number): number => shifted(position, edits);
    const spans = {
      idStart: at(idStart),
      idEnd: at(idEnd),
      tokenStart: at(envelope.tokenStart),
      tokenEnd: envelope.tokenEnd === 0 ? 0 : at(envelope.tokenEnd),
      method,
    };
    const { ledger } = this.parts.dispatcher;
    const asked = { id, method, tool };
    link.submit(new MemberCall(ledger, endpoint, link, asked, session, call), body, spans);
  }

  private fail(
    error: unknown,
    endpoint: Endpoint,
    call: ClientCall,
    { method, tool }: Passed,
    startedMs: number,
  ): void {
    const { logger, dispatcher } = this.parts;
    if (!(error instanceof UpstreamError)) {
      logger.error({ err: error, service: endpoint.serviceName }, 'a message failed');
      call.refuse(internalFault());
      return;
    }
    const { ledger } = dispatcher;
    ledger.failed(endpoint, 'initialize', error, startedMs);
    if (callChannel.hasSubscribers) {
      const { code } = error;
      ledger.publish(endpoint, { method, tool }, outcomeOfError(code), code, startedMs);
    }
    call.refuse(rpcErrorOf(error, endpoint));
  }

  private openSession(endpoint: Endpoint): MemberSession | RpcError {
    const { serviceId } = endpoint;
    const known = this.sessions.get(serviceId);
    if (known !== undefined) return known;
    const session = new MemberSession(endpoint, this.principal.id, {
      owner: this.parts.sessions,
      clock: this.parts.clock,
      host: this.host,
      memory: this.memoryOf(serviceId),
    });
    const refusal = this.parts.sessions.adopt(session, endpoint);
    if (refusal !== null) return refusal;
    this.opened += 1;
    session.id = `member-${this.opened}`;
    this.sessions.set(serviceId, session);
    return session;
  }

  private memoryOf(serviceId: string): SessionMemory {
    let memory = this.memories.get(serviceId);
    if (memory === undefined) {
      memory = new SessionMemory();
      if (this.level !== null) memory.learn('logging/setLevel', this.level);
      this.memories.set(serviceId, memory);
    }
    return memory;
  }
}

function byStart(left: Edit, right: Edit): number {
  return left.start - right.start;
}

function tooLarge({ serviceName, maxBodyBytes }: Endpoint): RpcError {
  const data = { service: serviceName, reason: 'body-too-large', max_bytes: maxBodyBytes };
  return new RpcError(RPC.invalidRequest, `The service takes at most ${maxBodyBytes} bytes`, data);
}
