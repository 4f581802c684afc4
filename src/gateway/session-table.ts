// HOT PATH
import type { Principal } from '../auth/principal.js';
import type { CancelTimer, Clock } from '../kernel/clock.js';
import type { Random } from '../kernel/random.js';
import { rpcNotification } from '../protocol/message.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';
import type { ClientFacts } from '../upstream/upstream.js';
import type { Lease } from '../upstream/instance-source.js';
import type { Endpoint, RouteTable } from './endpoint.js';
import { LegacySession } from './legacy-session.js';
import { keepsClientState } from './link.js';
import type { Pulse } from './pulse.js';
import { ReplayBudget } from './replay-budget.js';
import type { Session, SessionEnd, SessionOwner } from './session.js';
import { leaseWithRoom } from './session-room.js';
import type { SessionSeal } from './session-seal.js';
import { StreamableSession } from './streamable-session.js';

export interface SessionLimits {
  /** Sessions of all services together. */
  readonly maxSessions: number;
  readonly idleMs: number;
}

export const SESSION_LIMITS: SessionLimits = { maxSessions: 20_000, idleMs: 3_600_000 };

const SWEEP_MS = 60_000;
/** A session may be dropped for a new one after this; it comes back by its sealed id. */
const EVICTABLE_AFTER_MS = 60_000;
const MAX_TOMBSTONES = 20_000;
const CAP_RETRY_S = 10;

/** What stands beside the sessions for clients that open none, and hears what they hear. */
export interface SessionCompanion {
  announce(serviceId: string, methods: readonly string[]): void;
  endService(serviceId: string): void;
  endStreams(): void;
  endAll(): void;
}

/** Every client's session, by id and by service. The only maker and the only forgetter of sessions. */
export class SessionTable implements SessionOwner {
  readonly replays = new ReplayBudget();
  /** Set once, before the first request. */
  companion: SessionCompanion | null = null;
  private readonly streamable = new Map<string, StreamableSession>();
  private readonly legacy = new Map<string, LegacySession>();
  private readonly services = new Map<string, Set<Session>>();
  /** Ids that were ended on purpose and that their seal must not bring back. Oldest first. */
  private readonly ended = new Set<string>();
  private readonly epochBase: string;
  private epochs = 0;
  private total = 0;
  private cancelTimer: CancelTimer | null = null;

  constructor(
    private readonly seal: SessionSeal,
    readonly pulse: Pulse,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly limits: SessionLimits = SESSION_LIMITS,
  ) {
    this.epochBase = random.bytes(4).toString('hex');
  }

  /** Sessions now open, those being opened included. */
  get size(): number {
    return this.total;
  }

  sizeOf(serviceId: string): number {
    return this.services.get(serviceId)?.size ?? 0;
  }

  /** A session about to be opened; it counts already. `confirm` or `end` it. */
  begin(
    endpoint: Endpoint,
    principal: Principal,
    client: ClientFacts,
  ): StreamableSession | RpcError {
    const refusal = this.roomFor(endpoint);
    if (refusal !== null) return refusal;
    return this.newStreamable(endpoint, principal.id, client);
  }

  /** Gives the opened session its id. */
  confirm(session: StreamableSession, version: string): void {
    session.version = version;
    const { serviceId, principalId, client } = session;
    session.id = this.seal.seal({ serviceId, version, client, principalId });
    this.streamable.set(session.id, session);
    session.tell('opened');
  }

  beginLegacy(endpoint: Endpoint, principal: Principal): LegacySession | RpcError {
    const refusal = this.roomFor(endpoint);
    if (refusal !== null) return refusal;
    const session = new LegacySession(endpoint, principal.id, this, this.pulse, this.clock);
    session.id = this.random.uuid();
    this.legacy.set(session.id, session);
    this.add(session);
    session.tell('opened');
    return session;
  }

  /** Counts a session that no client holds itself: swaps, the end of its service and want of room reach it as others. */
  adopt(session: Session, endpoint: Endpoint): RpcError | null {
    const refusal = this.roomFor(endpoint);
    if (refusal === null) this.add(session);
    return refusal;
  }

  /** The session with this id, if it is of this service and principal; one that was sealed elsewhere is resumed. */
  find(id: string, endpoint: Endpoint, principal: Principal): StreamableSession | null {
    const known = this.streamable.get(id);
    if (known === undefined) return this.resume(id, endpoint, principal);
    return known.isOf(endpoint.serviceId, principal) ? known : null;
  }

  findLegacy(id: string, endpoint: Endpoint, principal: Principal): LegacySession | null {
    const known = this.legacy.get(id);
    return known?.isOf(endpoint.serviceId, principal) === true ? known : null;
  }

  /** Tells every client of the service that listens, `notifications/tools/list_changed` for one. */
  announce(serviceId: string, methods: readonly string[]): void {
    this.companion?.announce(serviceId, methods);
    const messages = methods.map((method) => rpcNotification(method));
    for (const session of [...(this.services.get(serviceId) ?? [])]) {
      for (const message of messages) session.announce(message);
    }
  }

  /** Ends the sessions of a service for good: their next request gets 404. */
  endService(serviceId: string, reason: SessionEnd = 'service-removed'): void {
    this.companion?.endService(serviceId);
    for (const session of [...(this.services.get(serviceId) ?? [])]) session.end(reason);
  }

  /** After a swap: sessions whose source no route names any more move to their service's default endpoint. */
  follow(table: RouteTable): void {
    const sources = new Set(table.endpoints.map((endpoint) => endpoint.source));
    for (const [serviceId, sessions] of this.services) {
      const endpoint = table.ofService(serviceId);
      if (endpoint === null) continue;
      for (const session of sessions) {
        const { link, client } = session;
        if (link === null || client === null || sources.has(link.endpoint.source)) continue;
        session.follow(endpoint, client);
      }
    }
  }

  /** Ends what would keep a shutdown waiting: standing streams, and sessions that do nothing else. */
  endStreams(): void {
    this.companion?.endStreams();
    for (const session of this.streamable.values()) session.endStanding();
    for (const session of [...this.legacy.values()]) {
      if (session.link?.busy !== true) session.end('shutdown');
    }
  }

  endAll(): void {
    this.companion?.endAll();
    for (const serviceId of [...this.services.keys()]) this.endService(serviceId, 'shutdown');
    this.cancelTimer?.();
    this.cancelTimer = null;
  }

  lease(endpoint: Endpoint): Promise<Lease> {
    return leaseWithRoom(endpoint, this.services.get(endpoint.serviceId) ?? [], this.clock);
  }

  sessionEnded(session: Session, reason: SessionEnd): void {
    const sessions = this.services.get(session.serviceId);
    if (sessions?.delete(session) !== true) return;
    if (sessions.size === 0) this.services.delete(session.serviceId);
    this.total -= 1;
    this.streamable.delete(session.id);
    this.legacy.delete(session.id);
    if (reason === 'deleted' || reason === 'service-removed') this.bury(session.id);
  }

  private newStreamable(
    endpoint: Endpoint,
    principalId: string,
    client: ClientFacts,
  ): StreamableSession {
    this.epochs += 1;
    const epoch = `${this.epochBase}${this.epochs.toString(36)}`;
    const session = new StreamableSession(endpoint, principalId, client, epoch, this, this.pulse);
    this.add(session);
    return session;
  }

  private add(session: Session): void {
    const sessions = this.services.get(session.serviceId) ?? new Set();
    this.services.set(session.serviceId, sessions.add(session));
    this.total += 1;
    if (this.cancelTimer === null) this.armSweep();
  }

  private resume(id: string, endpoint: Endpoint, principal: Principal): StreamableSession | null {
    if (keepsClientState(endpoint) || this.ended.has(tombstone(id))) return null;
    const sealed = this.seal.open(id);
    if (sealed === null || sealed.client === null) return null;
    if (sealed.serviceId !== endpoint.serviceId || sealed.principalId !== principal.id) return null;
    if (this.roomFor(endpoint) !== null) return null;
    const session = this.newStreamable(endpoint, principal.id, sealed.client);
    session.id = id;
    session.version = sealed.version;
    session.initialized = true;
    this.streamable.set(id, session);
    session.tell('resumed');
    return session;
  }

  private roomFor(endpoint: Endpoint): RpcError | null {
    const own = this.services.get(endpoint.serviceId);
    const full = (own?.size ?? 0) >= endpoint.maxSessions;
    if (!full && this.total < this.limits.maxSessions) return null;
    const victim = this.evictable(full ? (own ?? []) : this.streamable.values());
    if (victim !== null) {
      victim.end('evicted');
      return null;
    }
    const { serviceName: service } = endpoint;
    const data = { service, reason: 'sessions', retry_after_s: CAP_RETRY_S };
    return new RpcError(RPC.limited, 'Too many sessions are open', data, 503);
  }

  private evictable(sessions: Iterable<Session>): Session | null {
    const before = this.clock.monotonicMs() - EVICTABLE_AFTER_MS;
    for (const session of sessions) {
      if (session.transport === 'sse' || session.pinned || !session.idle) continue;
      if (session.id !== '' && session.lastUsedMs <= before) return session;
    }
    return null;
  }

  private bury(id: string): void {
    if (id === '') return;
    this.ended.add(tombstone(id));
    if (this.ended.size <= MAX_TOMBSTONES) return;
    for (const oldest of this.ended) {
      this.ended.delete(oldest);
      break;
    }
  }

  private armSweep(): void {
    this.cancelTimer = this.clock.schedule(SWEEP_MS, () => {
      this.cancelTimer = null;
      const before = this.clock.monotonicMs() - this.limits.idleMs;
      for (const session of [...this.streamable.values()]) {
        if (session.idle && session.lastUsedMs <= before) session.end('idle');
      }
      if (this.total > 0) this.armSweep();
    });
  }
}

/** Enough of a sealed id to tell it from all others: key id and nonce, which come first. */
function tombstone(id: string): string {
  return id.slice(0, id.indexOf('.') + 17);
}
