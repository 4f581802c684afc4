import type { Endpoint, RouteTable } from '../gateway/endpoint.js';
import { keepsClientState } from '../gateway/link.js';
import type { Clock } from '../kernel/clock.js';
import { ConversationClient } from '../upstream/conversation-client.js';
import type { InstanceSource } from '../upstream/instance-source.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import { ListShelf, type Items } from './list-shelf.js';
import { kindsChangedBy, LIST_KINDS, listAll, LISTS, type ListKind } from './member-lists.js';
import { Turnstile } from './turnstile.js';

/** How long a list is believed in where the server would say that it changed, or can be asked cheaply. */
const TTL_MS = 60_000;
/** The same where asking starts a child. */
const CHILD_TTL_MS = 600_000;
const ASK_TIMEOUT_MS = 10_000;
const OPEN_TIMEOUT_MS = 30_000;
/** Conversations opened for listing at the same time: each may start a child. */
const MAX_OPENING = 4;

const GOES_ON: ReadonlySet<string> = new Set(['rpc-error', 'not-mcp', 'not-json', 'call-timeout']);

export type ListsChanged = (source: InstanceSource, kind: ListKind) => void;

/**
 * What each member lists to anybody, asked for over conversations of our own that all clients of the aggregate share. One
 * per source, as a new revision is another server. Bounded by the endpoints of the table.
 */
export class SourceLists {
  private readonly lines = new Map<InstanceSource, SourceLine>();
  private readonly turnstile = new Turnstile(MAX_OPENING);
  private readonly listeners = new Set<ListsChanged>();

  constructor(private readonly clock: Clock) {}

  /** Hears that a list is another one than was told before. */
  onChange(listener: ListsChanged): void {
    this.listeners.add(listener);
  }

  /** The last good list, without asking. */
  peek(endpoint: Endpoint, kind: ListKind): Items | null {
    return this.lines.get(endpoint.source)?.shelf.peek(kind) ?? provenOf(endpoint, kind);
  }

  /**
   * The list, asked for where that is due: not of a member that does not serve, and not by starting a child to hear of
   * tools, which were proven when the service was activated. `null`: not known within `waitMs`.
   */
  async ask(endpoint: Endpoint, kind: ListKind, waitMs: number): Promise<Items | null> {
    if (lacks(endpoint, kind)) return [];
    const known = kind === 'tools' && keepsClientState(endpoint);
    if (known || endpoint.unavailable !== null) return this.peek(endpoint, kind);
    return (await this.lineOf(endpoint).shelf.ask(kind, waitMs)) ?? provenOf(endpoint, kind);
  }

  /** A member said on some conversation that lists of it are others now. */
  age(source: InstanceSource, kinds: readonly ListKind[]): void {
    this.lines.get(source)?.shelf.age(kinds);
  }

  /** Forgets sources that no route leads to any more, and takes over tools that others have found to be new. */
  follow(table: RouteTable): void {
    if (this.lines.size === 0) return;
    const sources = new Map(table.endpoints.map((endpoint) => [endpoint.source, endpoint]));
    for (const [source, line] of this.lines) {
      const endpoint = sources.get(source);
      if (endpoint !== undefined) {
        line.follow(endpoint);
        continue;
      }
      this.lines.delete(source);
      line.close();
    }
  }

  close(): void {
    for (const line of this.lines.values()) line.close();
    this.lines.clear();
  }

  private lineOf(endpoint: Endpoint): SourceLine {
    const { source } = endpoint;
    let line = this.lines.get(source);
    if (line === undefined) {
      line = new SourceLine(endpoint, this.clock, this.turnstile, (kind) => {
        for (const listener of this.listeners) listener(source, kind);
      });
      this.lines.set(source, line);
    }
    return line;
  }
}

/** Whether the member's server said that it has no such list. */
export function lacks({ profile }: Endpoint, kind: ListKind): boolean {
  const capabilities = profile?.capabilities ?? null;
  return capabilities !== null && capabilities[LISTS[kind].capability] === undefined;
}

function provenOf(endpoint: Endpoint, kind: ListKind): Items | null {
  return kind === 'tools' ? endpoint.tools : null;
}

/** A conversation of our own with one server. It holds no lease while nothing is asked, so that it keeps no child alive. */
class SourceLine {
  readonly shelf: ListShelf;
  private client: ConversationClient | null = null;
  private opening: Promise<ConversationClient> | null = null;
  /** Until then a child that stopped is not started again just to hear its lists. Monotonic. */
  private restUntilMs = -Infinity;
  private isChild = false;
  private proven: Items;
  private closed = false;

  constructor(
    private readonly endpoint: Endpoint,
    private readonly clock: Clock,
    private readonly turnstile: Turnstile,
    onChange: (kind: ListKind) => void,
  ) {
    this.proven = endpoint.tools;
    const ttlMs = keepsClientState(endpoint) ? CHILD_TTL_MS : TTL_MS;
    this.shelf = new ListShelf(clock, (kind) => this.fetch(kind), ttlMs, onChange);
  }

  follow({ tools, unavailable }: Endpoint): void {
    // What it said of itself while it was kept away is forgotten, so that it is not told when that ends.
    const isBlocked = unavailable?.blocked === true;
    if (!isBlocked && (unavailable !== null || tools === this.proven)) return;
    this.proven = tools;
    this.shelf.put('tools', tools);
  }

  close(): void {
    this.closed = true;
    this.drop();
  }

  private async fetch(kind: ListKind): Promise<Items> {
    if (this.client !== null) {
      try {
        return await listAll(this.client, kind, ASK_TIMEOUT_MS);
      } catch (error) {
        if (goesOn(error)) throw error;
        this.drop();
      }
    }
    const resting = this.clock.monotonicMs() < this.restUntilMs && this.shelf.peek(kind) !== null;
    if (resting) throw new UpstreamError('stopped', 'The server rests; its last list is kept');
    this.opening ??= this.turnstile
      .pass(() => this.open(kind))
      .finally(() => {
        this.opening = null;
      });
    const client = await this.opening;
    return this.client === null
      ? (this.shelf.peek(kind) ?? [])
      : listAll(client, kind, ASK_TIMEOUT_MS);
  }

  /** The lease ends with the opening; an upstream of one conversation is asked for everything meanwhile. */
  private async open(wanted: ListKind): Promise<ConversationClient> {
    const abort = new AbortController();
    const cancel = this.clock.schedule(OPEN_TIMEOUT_MS, () => {
      abort.abort();
    });
    const { signal } = abort;
    try {
      const lease = await this.endpoint.source.acquire({ purpose: 'call', signal });
      this.isChild = lease.upstream.facts().pid !== null;
      try {
        const client = await ConversationClient.open(lease.upstream, {
          signal,
          onNotification: ({ method }) => {
            if (typeof method === 'string') this.shelf.changed(kindsChangedBy(method));
          },
        });
        if (!lease.upstream.multiplexed) await this.takeAll(client, wanted);
        else if (this.closed) client.close();
        else this.client = client;
        return client;
      } finally {
        lease.release();
      }
    } finally {
      cancel();
    }
  }

  private async takeAll(client: ConversationClient, wanted: ListKind): Promise<void> {
    try {
      for (const kind of LIST_KINDS) {
        if (kind === 'tools') continue;
        const items = await listAll(client, kind, ASK_TIMEOUT_MS).catch((error: unknown) => {
          if (kind === wanted) throw error;
          return null;
        });
        if (items !== null) this.shelf.put(kind, items);
      }
    } finally {
      client.close();
    }
  }

  private drop(): void {
    const { client } = this;
    if (client === null) return;
    this.client = null;
    if (this.isChild) this.restUntilMs = this.clock.monotonicMs() + CHILD_TTL_MS;
    client.close();
  }
}

/** Whether the conversation goes on although the list did not come. */
function goesOn(error: unknown): boolean {
  return error instanceof UpstreamError && GOES_ON.has(error.code);
}
