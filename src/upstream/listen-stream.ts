import { backoffDelayMs, type BackoffPolicy } from '../kernel/backoff.js';
import type { CancelTimer, Clock } from '../kernel/clock.js';
import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { readOutcome, rpcNotification } from '../protocol/message.js';
import { META } from '../protocol/modern-meta.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';
import type { RequestMeta } from './request-meta.js';
import type { StatelessPort } from './stateless-port.js';
import { ownRequest } from './stateless-request.js';
import type { UpstreamError } from './upstream.errors.js';
import type { CallHandle, ReplySink } from './upstream.js';

/** Until the server acknowledges a subscription. */
const OPEN_TIMEOUT_MS = 30_000;
const REOPEN: BackoffPolicy = { first_ms: 500, factor: 2, cap_ms: 30_000, jitter: 0 };
/** A stream that lived this long was a good one: the next attempt is soon again. */
const GOOD_MS = 10_000;
/** Subscriptions of one client. */
const MAX_URIS = 1000;
const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';
const UPDATED = 'notifications/resources/updated';

/** Which list, in the filter and as a notification. */
const LISTS = [
  ['tools', 'toolsListChanged', 'notifications/tools/list_changed'],
  ['prompts', 'promptsListChanged', 'notifications/prompts/list_changed'],
  ['resources', 'resourcesListChanged', 'notifications/resources/list_changed'],
] as const;

/** `null`: done. */
type Done = (error: RpcError | UpstreamError | null) => void;

export interface ListenParts {
  readonly port: StatelessPort;
  readonly meta: RequestMeta;
  readonly clock: Clock;
  readonly capabilities: JsonObject;
  /** Hears the notifications, as a legacy client knows them. */
  readonly onMessage: (message: Buffer) => void;
}

/**
 * The one `subscriptions/listen` of a legacy client's conversation (2026-07-28, subscriptions). Its filter cannot be
 * changed, so a changed one is opened anew and the old one closed once the new one is acknowledged: nothing is missed,
 * something may come twice. A stream that ends by itself is opened again; what may have changed meanwhile is told then.
 */
export class ListenStream {
  private readonly uris = new Set<string>();
  private readonly lists: JsonObject;
  private current: Listening | null = null;
  private next: Listening | null = null;
  private waiting: { readonly uri: string; readonly done: Done }[] = [];
  private attempt = 0;
  private cancelReopen: CancelTimer | null = null;
  private wanted = false;
  private gap = false;
  private over = false;

  constructor(private readonly parts: ListenParts) {
    const { capabilities } = parts;
    const lists: JsonObject = {};
    for (const [family, flag] of LISTS) {
      const offered = capabilities[family];
      if (isJsonObject(offered) && offered.listChanged === true) lists[flag] = true;
    }
    this.lists = lists;
  }

  /** Listens for changed lists, if the server tells of any. */
  open(): void {
    if (this.wanted || Object.keys(this.lists).length === 0) return;
    this.wanted = true;
    this.renew();
  }

  /** `done` hears when updates are certain to come. */
  subscribe(uri: string, done: Done): void {
    if (this.uris.has(uri) && this.current?.uris.has(uri) === true) {
      done(null);
      return;
    }
    if (this.uris.size >= MAX_URIS && !this.uris.has(uri)) {
      done(new RpcError(RPC.limited, `There are ${MAX_URIS} subscriptions already`));
      return;
    }
    this.uris.add(uri);
    this.wanted = true;
    this.waiting.push({ uri, done });
    this.renew();
  }

  unsubscribe(uri: string): void {
    if (this.uris.delete(uri)) this.renew();
  }

  close(reason: UpstreamError): void {
    this.over = true;
    this.cancelReopen?.();
    this.current?.close();
    this.next?.close();
    this.current = this.next = null;
    for (const { done } of this.waiting.splice(0)) done(reason);
  }

  /** Opens a stream for what is wanted now, unless one is on its way: then after that. */
  private renew(): void {
    if (this.over || !this.wanted || this.next !== null) return;
    this.cancelReopen?.();
    this.cancelReopen = null;
    if (this.uris.size === 0 && Object.keys(this.lists).length === 0) {
      this.current?.close();
      this.current = null;
      return;
    }
    this.next = new Listening(this.parts, this.lists, new Set(this.uris), {
      onOpen: (opened, honored) => {
        this.take(opened, honored);
      },
      onUpdate: (message) => {
        this.parts.onMessage(message);
      },
      onEnd: (ended, reason) => {
        this.lose(ended, reason);
      },
    });
    this.next.start();
  }

  private take(opened: Listening, honored: ReadonlySet<string>): void {
    this.current?.close();
    this.current = opened;
    this.next = null;
    const waiting = this.waiting;
    this.waiting = [];
    for (const waiter of waiting) {
      const { uri, done } = waiter;
      if (!opened.uris.has(uri)) this.waiting.push(waiter);
      else if (honored.has(uri)) done(null);
      else {
        this.uris.delete(uri);
        done(new RpcError(RPC.invalidParams, `The server takes no subscription to ${uri}`));
      }
    }
    if (this.gap) this.tellGap(opened);
    this.gap = false;
    if (!sameMembers(opened.uris, this.uris)) this.renew();
  }

  private lose(ended: Listening, reason: RpcError | null): void {
    const opening = ended === this.next;
    if (opening) {
      this.next = null;
      this.failWaiting(ended, reason ?? new RpcError(RPC.internalError, 'The subscription ended'));
      // What never worked because the server does not know it will not work later either.
      if (reason?.code === RPC.methodNotFound && this.current === null) {
        this.wanted = false;
        return;
      }
    } else if (ended === this.current) this.current = null;
    else return;
    this.gap ||= this.current === null;
    if (this.over || this.next !== null) return;
    if (ended.ageMs() > GOOD_MS) this.attempt = 0;
    const delayMs = backoffDelayMs(REOPEN, this.attempt, 0);
    this.attempt += 1;
    this.cancelReopen?.();
    this.cancelReopen = this.parts.clock.schedule(delayMs, () => {
      this.cancelReopen = null;
      if (this.current === null || !sameMembers(this.current.uris, this.uris)) this.renew();
    });
  }

  private failWaiting({ uris }: Listening, reason: RpcError): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const waiter of waiting) {
      if (!uris.has(waiter.uri)) this.waiting.push(waiter);
      else {
        if (this.current?.uris.has(waiter.uri) !== true) this.uris.delete(waiter.uri);
        waiter.done(reason);
      }
    }
  }

  /** Nobody knows what was missed, so everything may have changed. */
  private tellGap({ uris }: Listening): void {
    for (const [, flag, method] of LISTS) {
      if (this.lists[flag] === true) this.parts.onMessage(rpcNotification(method));
    }
    for (const uri of uris) this.parts.onMessage(rpcNotification(UPDATED, { uri }));
  }
}

interface ListeningEvents {
  onOpen(opened: Listening, honored: ReadonlySet<string>): void;
  onUpdate(message: Buffer): void;
  onEnd(ended: Listening, reason: RpcError | null): void;
}

/** One `subscriptions/listen`, with one filter. */
class Listening implements ReplySink {
  private handle: CallHandle | null = null;
  private cancelTimer: CancelTimer | null = null;
  private openedMs = Infinity;
  private done = false;

  constructor(
    private readonly parts: ListenParts,
    private readonly lists: JsonObject,
    readonly uris: ReadonlySet<string>,
    private readonly events: ListeningEvents,
  ) {}

  start(): void {
    const { port, meta, clock } = this.parts;
    const subscribed = this.uris.size === 0 ? {} : { resourceSubscriptions: [...this.uris] };
    const notifications = { ...this.lists, ...subscribed };
    this.cancelTimer = clock.schedule(OPEN_TIMEOUT_MS, () => {
      this.handle?.abandon(true, 'The subscription was not acknowledged');
      this.end(new RpcError(RPC.internalError, 'The server did not acknowledge the subscription'));
    });
    this.handle = port.send(
      ownRequest('subscriptions/listen', { notifications }, meta),
      this,
      Infinity,
    );
  }

  close(): void {
    if (!this.finish()) return;
    this.handle?.abandon(true, 'The subscription is over');
  }

  /** Milliseconds since it was acknowledged; 0 when it never was. */
  ageMs(): number {
    return Math.max(0, this.parts.clock.monotonicMs() - this.openedMs);
  }

  onRelated(message: Buffer): void {
    if (this.done) return;
    const parsed = parse(message);
    if (parsed === null) return;
    if (parsed.method === ACKNOWLEDGED) this.acknowledge(parsed.params);
    else this.events.onUpdate(withoutSubscription(parsed));
  }

  onReply(message: Buffer): void {
    const error = readOutcome(parse(message))?.error;
    this.end(error === undefined ? null : new RpcError(error.code, error.message, error.data));
  }

  onFail(error: UpstreamError): void {
    this.end(new RpcError(RPC.upstreamFailed, error.message, { reason: error.code }));
  }

  private acknowledge(params: unknown): void {
    if (this.openedMs !== Infinity) return;
    this.openedMs = this.parts.clock.monotonicMs();
    this.cancelTimer?.();
    const accepted = isJsonObject(params) ? params.notifications : undefined;
    const uris = isJsonObject(accepted) ? accepted.resourceSubscriptions : undefined;
    const honored = Array.isArray(uris) ? uris.filter((uri) => typeof uri === 'string') : [];
    this.events.onOpen(this, new Set(honored));
  }

  private end(reason: RpcError | null): void {
    if (this.finish()) this.events.onEnd(this, reason);
  }

  private finish(): boolean {
    if (this.done) return false;
    this.done = true;
    this.cancelTimer?.();
    return true;
  }
}

function sameMembers(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  return left.size === right.size && [...left].every((item) => right.has(item));
}

/** The notification as it was before subscriptions had ids. */
function withoutSubscription(message: JsonObject): Buffer {
  const { params } = message;
  if (isJsonObject(params) && isJsonObject(params._meta)) {
    delete params._meta[META.subscriptionId];
    if (Object.keys(params._meta).length === 0) delete params._meta;
    if (Object.keys(params).length === 0) delete message.params;
  }
  return Buffer.from(JSON.stringify(message));
}

function parse(message: Buffer): JsonObject | null {
  try {
    const value: unknown = JSON.parse(message.toString('utf8'));
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}
