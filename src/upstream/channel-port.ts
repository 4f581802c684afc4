// HOT PATH
import type { Envelope } from '../protocol/envelope-scan.js';
import { memberSpan, type Span } from '../protocol/json-member.js';
import { BUILT_ID_START, methodNotFound, rpcResult } from '../protocol/message.js';
import { META } from '../protocol/modern-meta.js';
import type { Activity } from './activity.js';
import { translateCancellation } from './cancellation.js';
import type { MessageChannel } from './message-channel.js';
import type { PendingCall } from './message-table.js';
import type { StatelessPort, StatelessRequest } from './stateless-port.js';
import type { UpstreamError } from './upstream.errors.js';
import type { CallHandle, ReplySink } from './upstream.js';

const META_KEY = Buffer.from('_meta');
const SUBSCRIPTION_KEY = Buffer.from(META.subscriptionId);
const LOG_LEVEL = Buffer.from(`"${META.logLevel}"`);

/** Stateless requests of one conversation over a child's pipes. */
export class ChannelPort implements StatelessPort {
  constructor(
    private readonly channel: MessageChannel,
    readonly activity: Activity,
  ) {}

  send({ body, spans, meta }: StatelessRequest, sink: ReplySink, timeoutMs: number): CallHandle {
    const call = this.channel.request(this, body, spans, sink, timeoutMs);
    call.wantsLogs = meta.includes(META.logLevel);
    if (timeoutMs === Infinity) this.channel.table.exempt(call);
    return call;
  }

  /** A client's own stateless request, as it is. */
  pass(
    body: Buffer,
    spans: StatelessRequest['spans'],
    sink: ReplySink,
    timeoutMs: number,
  ): PendingCall {
    const call = this.channel.request(this, body, spans, sink, timeoutMs);
    call.wantsLogs = body.includes(LOG_LEVEL);
    if (timeoutMs === Infinity) this.channel.table.exempt(call);
    return call;
  }

  /** A client's cancellation, told under the id that the child knows. */
  cancel(body: Buffer): void {
    const translated = translateCancellation(this.channel.table, this, body);
    if (translated !== null) this.channel.send(translated);
  }

  failAll(error: UpstreamError): void {
    const { table } = this.channel;
    for (const call of table.of(this)) table.tellCancelled(call, error.message);
    table.failAll(this, error);
    table.tasks.forget(this);
  }
}

/**
 * Sorts what a child that speaks the stateless protocol says beside its answers: all of it is about one request or
 * another (2026-07-28, stdio, receiving messages).
 */
export class ChannelRouter {
  /** `onOther` hears what the protocol has no place for: notifications that belong to no request. */
  constructor(
    private readonly channel: MessageChannel,
    private readonly onOther: (message: Buffer) => void,
  ) {}

  deliver(message: Buffer, envelope: Envelope): void {
    if (envelope.kind === 'request') this.refuse(message, envelope);
    else if (envelope.method === 'notifications/message') this.deliverLog(message);
    else if (envelope.method === 'notifications/cancelled') this.endSubscription(message);
    else {
      const span = subscriptionSpan(message, envelope.paramsStart);
      if (span === null) this.onOther(message);
      else this.callOf(message, span)?.sink.onRelated(message);
    }
  }

  private callOf(message: Buffer, { start, end }: Span): PendingCall | undefined {
    return this.channel.table.get(Number(message.toString('latin1', start, end)));
  }

  /**
   * A log message does not say which request it is about. Invariant: it goes to nobody when it could be about those of
   * two conversations, as what one client's call logs is not for another's eyes.
   */
  private deliverLog(message: Buffer): void {
    let found: PendingCall | null = null;
    for (const call of this.channel.table.all()) {
      if (!call.wantsLogs) continue;
      if (found !== null && found.owner !== call.owner) return;
      if (found === null || call.id > found.id) found = call;
    }
    found?.sink.onRelated(message);
  }

  /** The server tears a subscription down; it need not answer it as well (2026-07-28, cancellation). */
  private endSubscription(message: Buffer): void {
    const call = this.channel.table.get(requestIdOf(message));
    if (call?.deadlineMs !== Infinity) return;
    const answer = rpcResult(call.id, endedResult(String(call.id)));
    this.channel.table.settle(
      call,
      answer,
      BUILT_ID_START,
      BUILT_ID_START + String(call.id).length,
    );
  }

  /** A stateless server has to ask by an `input_required` result instead. */
  private refuse(message: Buffer, { method, idStart, idEnd }: Envelope): void {
    const id = message.subarray(idStart, idEnd);
    const text = `${method} cannot be asked of a client in protocol version 2026-07-28`;
    this.channel.send(method === 'ping' ? rpcResult(id, '{}') : methodNotFound(id, text));
  }
}

/** The request that a cancellation is about; NaN: none of ours. */
function requestIdOf(message: Buffer): number {
  try {
    const { params } = JSON.parse(message.toString('utf8')) as { params?: { requestId?: unknown } };
    return Number(params?.requestId);
  } catch {
    return NaN;
  }
}

/** The result that ends a subscription; `id` is raw JSON. */
export function endedResult(id: string): string {
  return `{"resultType":"complete","_meta":{${JSON.stringify(META.subscriptionId)}:${id}}}`;
}

/** Where the id of a subscription is in what `start` begins: the params of a notification, or a result. */
export function subscriptionSpan(message: Buffer, start: number): Span | null {
  const meta = start === 0 ? null : memberSpan(message, start, META_KEY);
  return meta === null ? null : memberSpan(message, meta.start, SUBSCRIPTION_KEY);
}
