import type { Principal } from '../auth/principal.js';
import type { CancelTimer } from '../kernel/clock.js';
import type { InstanceSource } from '../upstream/instance-source.js';
import { CountedUpstream } from '../upstream/counted.upstream.js';
import type {
  ClientFacts,
  Conversation,
  ConversationSink,
  UpstreamFacts,
} from '../upstream/upstream.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import { AggregateConversation, type ConversationOwner } from './aggregate-conversation.js';
import { Catalogue } from './catalogue.js';
import { introductionOf } from './introduction.js';
import type { DoorParts } from './member-door.js';
import { kindsChangedBy, LISTS, type ListKind } from './member-lists.js';
import type { MemberSession } from './member-session.js';
import { AggregateMethods } from './method-router.js';
import type { Outages } from './outages.js';
import type { Roster } from './roster.js';
import { RosterWatch } from './roster-watch.js';
import { SearchMode } from './search-mode.js';
import type { SourceLists } from './source-lists.js';
import type { ToolIndex } from './tool-index.js';

export interface AggregateParts extends DoorParts {
  readonly lists: SourceLists;
  readonly outages: Outages;
  readonly index: ToolIndex;
}

/** Changes come in bursts, an update of a service for one: clients hear of them once. */
export const ANNOUNCE_AFTER_MS = 100;

/**
 * The services that one caller selected, as an upstream: the gateway reaches it as it reaches any other, and needs no
 * code of its own for it. It runs nothing itself. Owned by `AggregateEndpoints`.
 */
export class AggregateUpstream extends CountedUpstream implements ConversationOwner {
  override readonly transport = 'stdio';
  override readonly multiplexed = true;
  private readonly conversations = new Set<AggregateConversation>();
  /** What each client has not been told yet. */
  private readonly untold = new Map<AggregateConversation, Set<string>>();
  private watch: RosterWatch | null = null;
  private cancelTimer: CancelTimer | null = null;

  constructor(
    private readonly parts: AggregateParts,
    readonly roster: Roster,
    private readonly principal: Principal,
    private readonly search: boolean,
  ) {
    super(parts.clock);
  }

  /** Whether some client talks to it now. */
  get inUse(): boolean {
    return this.conversations.size > 0;
  }

  get attended(): boolean {
    return this.listeners > 0 && this.listeners >= this.conversations.size;
  }

  override start(): Promise<void> {
    return Promise.resolve();
  }

  override open(
    client: ClientFacts,
    sink: ConversationSink,
    _signal?: AbortSignal,
    hops = 0,
  ): Promise<Conversation> {
    const { roster, parts, principal, search } = this;
    const { lists, outages, index, logger } = parts;
    const server = introductionOf(roster, outages, search);
    const terms = { client, principal, server, sink, hops };
    const conversation = new AggregateConversation(parts, terms, this);
    const { door } = conversation;
    const sessionOf = (serviceId: string): MemberSession | null => door.sessionOf(serviceId);
    const catalogue = new Catalogue({ roster, lists, outages, sessionOf });
    conversation.router = new AggregateMethods({
      catalogue,
      door,
      roster,
      search: search ? new SearchMode(roster, catalogue, lists, outages, index) : null,
      logger,
    });
    this.conversations.add(conversation);
    this.watch ??= new RosterWatch(roster, outages);
    return Promise.resolve(conversation);
  }

  override stop(): Promise<void> {
    this.quiet();
    const error = new UpstreamError('stopped', 'The gateway is shutting down');
    for (const conversation of [...this.conversations]) conversation.end(error);
    return Promise.resolve();
  }

  override facts(): UpstreamFacts {
    return { pid: null, process_group: null, memory_bytes: null, exit: null, stderr: [] };
  }

  /** The table, or what is shown of it, may be another one now. */
  follow(): void {
    if (this.inUse) this.flushSoon();
  }

  /** A member lists other things to everybody. */
  sourceChanged(source: InstanceSource, kind: ListKind): void {
    if (!this.inUse || !this.roster.all.some((endpoint) => endpoint.source === source)) return;
    for (const conversation of this.conversations) this.note(conversation, LISTS[kind].changed);
  }

  listsChanged(conversation: AggregateConversation, session: MemberSession, method: string): void {
    const kinds = kindsChangedBy(method);
    session.shelf.age(kinds);
    const source = session.link?.endpoint.source;
    if (source !== undefined) this.parts.lists.age(source, kinds);
    this.note(conversation, method);
  }

  closed(conversation: AggregateConversation): void {
    this.conversations.delete(conversation);
    this.untold.delete(conversation);
    if (this.inUse) return;
    this.watch = null;
    this.cancelTimer?.();
    this.cancelTimer = null;
  }

  /** Ends sessions with members that no client used since `beforeMs`. */
  endIdle(beforeMs: number): void {
    for (const { door } of this.conversations) door.endIdle(beforeMs);
  }

  private note(conversation: AggregateConversation, method: string): void {
    const methods = this.untold.get(conversation) ?? new Set();
    this.untold.set(conversation, methods.add(method));
    this.flushSoon();
  }

  private flushSoon(): void {
    this.cancelTimer ??= this.parts.clock.schedule(ANNOUNCE_AFTER_MS, () => {
      this.cancelTimer = null;
      this.flush();
    });
  }

  /** Nobody is told of tools who sees but the two that find them. */
  private flush(): void {
    const changes = this.watch?.changes() ?? new Set();
    for (const conversation of [...this.conversations]) {
      const methods = new Set([...changes, ...(this.untold.get(conversation) ?? [])]);
      if (this.search) methods.delete(LISTS.tools.changed);
      this.untold.delete(conversation);
      conversation.announce(methods);
    }
  }
}
