import { ExchangeCall } from '../gateway/exchange-call.js';
import type { Inbound } from '../gateway/inbound.js';
import { parseBytes } from '../gateway/json-bytes.js';
import { rpcErrorOf } from '../gateway/wire-error.js';
import { isJsonObject } from '../kernel/json.js';
import type { StreamPulse } from '../gateway/event-stream.js';
import { spliceId, type Envelope } from '../protocol/envelope-scan.js';
import { readOutcome } from '../protocol/message.js';
import { RpcError } from '../protocol/rpc-error.js';
import type { UpstreamError } from '../upstream/upstream.errors.js';
import type { CallHandle, ReplySink } from '../upstream/upstream.js';
import type { Line } from './line.js';
import type { ChangeListener, LineGroup } from './line-group.js';
import { ListenStream, type ChangeFilter, type ListenOwner } from './listen-stream.js';
import { withHeaders } from './native-call.js';
import { statusOf } from './reply-translation.js';

const METHODS: ReadonlyMap<string, 'tools' | 'prompts' | 'resources'> = new Map([
  ['notifications/tools/list_changed', 'tools'],
  ['notifications/prompts/list_changed', 'prompts'],
  ['notifications/resources/list_changed', 'resources'],
]);
/** Changes kept from before the acknowledgement. */
const MAX_EARLY = 100;
const RESOURCE_UPDATED = 'notifications/resources/updated';

/** Where a subscription goes through, besides its line. */
export interface ListeningPlace {
  readonly inbound: Inbound;
  readonly id: Buffer;
  readonly pulse: StreamPulse;
  /** Called once, when it is over. */
  readonly onOver: (listening: Listening) => void;
}

/**
 * One `subscriptions/listen`, from its line to its end. At an upstream of the same era it is the upstream's own; at one
 * with sessions it is made of what those announce. It counts as no call: neither `max_in_flight` nor a drain knows it.
 */
export abstract class Listening implements ListenOwner, ChangeListener {
  readonly serviceId: string;
  protected readonly stream: ListenStream;

  constructor(
    readonly line: Line,
    private readonly group: LineGroup,
    protected readonly place: ListeningPlace,
  ) {
    const { inbound, id, pulse } = place;
    this.serviceId = inbound.endpoint.serviceId;
    this.stream = new ListenStream(inbound, id, pulse, this);
    group.listeners.add(this);
    line.countListener(1);
  }

  /** The gateway's own news of the service. */
  announce(methods: readonly string[]): void {
    for (const method of methods) this.changed(null, method);
  }

  finish(): void {
    this.stream.finish();
  }

  lineOver(lost: boolean): void {
    if (lost) this.stream.cut();
    else this.stream.finish();
  }

  listenOver(): void {
    this.group.listeners.delete(this);
    this.place.onOver(this);
    this.line.countListener(-1);
    this.release();
    this.line.leave(false);
  }

  /** `message` is the upstream's, or `null` for news of the gateway. */
  abstract changed(message: Buffer | null, method: string): void;
  /** Tells the upstream that nobody listens. */
  protected abstract release(): void;
}

/** At an upstream with sessions. */
export class TranslatedListening extends Listening {
  private granted: ChangeFilter | null = null;
  private subscribing = 0;
  private readonly uris = new Set<string>();
  /** What happened before the acknowledgement, which has to come first. */
  private early: { message: Buffer | null; method: string }[] = [];

  start(wish: ChangeFilter): void {
    const { capabilities } = this.line.conversation.server;
    const { tools, prompts, resources } = capabilities;
    const granted = {
      // Announced by the gateway as well, when the service changes.
      tools: wish.tools && tools !== undefined,
      prompts: wish.prompts && isJsonObject(prompts) && prompts.listChanged === true,
      resources: wish.resources && isJsonObject(resources) && resources.listChanged === true,
    };
    this.line.listen();
    const canSubscribe = isJsonObject(resources) && resources.subscribe === true;
    this.subscribing = 1;
    if (canSubscribe) for (const uri of wish.uris) this.subscribe(uri, granted);
    this.subscribed(granted);
  }

  changed(message: Buffer | null, method: string): void {
    const { granted } = this;
    if (granted === null) {
      if (this.early.length < MAX_EARLY) this.early.push({ message, method });
      return;
    }
    const parsed = message === null ? null : parseBytes(message);
    const params = isJsonObject(parsed) && isJsonObject(parsed.params) ? parsed.params : {};
    if (method === RESOURCE_UPDATED) {
      if (typeof params.uri !== 'string' || !this.uris.has(params.uri)) return;
    } else {
      const kind = METHODS.get(method);
      if (kind === undefined || !granted[kind]) return;
    }
    this.stream.notify(method, params);
  }

  protected override release(): void {
    this.line.subscriptions.dropAll(this);
  }

  private subscribe(uri: string, granted: Omit<ChangeFilter, 'uris'>): void {
    const { subscriptions } = this.line;
    const first = subscriptions.of(uri).size === 0;
    subscriptions.add(uri, this);
    this.uris.add(uri);
    if (!first) return;
    this.subscribing += 1;
    const refused = (): void => {
      this.uris.delete(uri);
      subscriptions.drop(uri, this);
      this.subscribed(granted);
    };
    this.line.aside(
      'resources/subscribe',
      { uri },
      {
        onReply: (message) => {
          if (readOutcome(parseBytes(message))?.error !== undefined) refused();
          else this.subscribed(granted);
        },
        onRelated() {},
        onFail: refused,
      },
    );
  }

  /** Acknowledges once the upstream has answered for each resource. */
  private subscribed(granted: Omit<ChangeFilter, 'uris'>): void {
    this.subscribing -= 1;
    if (this.subscribing > 0 || this.stream.isOver) return;
    this.granted = { ...granted, uris: [...this.uris] };
    this.stream.acknowledge(this.granted);
    for (const { message, method } of this.early.splice(0)) this.changed(message, method);
  }
}

/** At an upstream of the same era: its messages as they are. */
export class NativeListening extends Listening implements ReplySink {
  private handle: CallHandle | null = null;

  start(body: Buffer, envelope: Envelope, headers: Readonly<Record<string, string>>): void {
    const { conversation } = this.line;
    this.handle =
      conversation.kind === 'messages'
        ? conversation.request(body, envelope, this, Infinity)
        : new ExchangeCall(withHeaders(conversation, headers), body, this, this.place.id, Infinity);
  }

  /** The upstream tells this subscription itself. */
  changed(): void {}

  onRelated(message: Buffer): void {
    this.stream.write(message);
  }

  onReply(message: Buffer, idStart: number, idEnd: number): void {
    this.handle = null;
    const error = readOutcome(parseBytes(message))?.error;
    if (error === undefined) {
      const { id } = this.place;
      this.stream.finishWith(idEnd === 0 ? message : spliceId(message, idStart, idEnd, id));
      return;
    }
    const { code, message: text, data } = error;
    this.stream.refuse(new RpcError(code, text, data, statusOf(code)));
  }

  onFail(error: UpstreamError): void {
    this.handle = null;
    if (this.stream.begun) this.stream.cut();
    else this.stream.refuse(rpcErrorOf(error, this.line.endpoint));
  }

  protected override release(): void {
    this.handle?.abandon(true, 'The client closed the response');
    this.handle = null;
  }
}
