// HOT PATH
import type { Clock } from '../kernel/clock.js';
import {
  readEnvelope,
  scanEnvelope,
  scanReplyId,
  type Envelope,
} from '../protocol/envelope-scan.js';
import { endOfValue, skipSpace } from '../protocol/json-span.js';
import { RpcError } from '../protocol/rpc-error.js';
import type { Activity } from './activity.js';
import { MessageTable, type PendingCall } from './message-table.js';
import { encodeMessage, encodeRequest, sliceRequest } from './request-line.js';
import { UpstreamError } from './upstream.errors.js';
import type { ReplySink, RequestSpans } from './upstream.js';

const OPEN_BRACKET = 91;
/** Longer requests go out in slices; below, copying is cheaper than a vector of writes. */
const COPY_LIMIT = 65_536;

/** What carries messages to the upstream. */
export interface MessageLink {
  /** `message` is one line with its line break. `false`: there is no room for it. `call`: the request it is, if one. */
  send(message: Buffer, call: PendingCall | null): boolean;
  /** The same for a message in parts, which are kept until they are written. */
  sendParts(parts: readonly Buffer[], call: PendingCall | null): boolean;
}

/** Hears what the table of calls has no use for. */
export interface ChannelListener {
  /** A notification or a request of the upstream. */
  onMessage(message: Buffer, envelope: Envelope): void;
  /** Progress of a task of `owner` whose first answer is long given; its token is the client's again. */
  onTaskProgress(owner: object, message: Buffer): void;
  /** No JSON-RPC message. */
  onNoise(line: Buffer): void;
}

/** Messages to and from one upstream: requests get our ids on the way out, and what comes in finds its call. */
export class MessageChannel {
  readonly table: MessageTable;

  constructor(
    clock: Clock,
    activity: Activity,
    private readonly link: MessageLink,
    private readonly listener: ChannelListener,
    /** Whether several clients share the upstream: then each reply is checked to be one value, see `receive`. */
    private readonly shared = false,
  ) {
    this.table = new MessageTable(clock, activity, {
      tell: (message) => {
        this.send(message);
      },
      onTaskProgress: (owner, message) => {
        this.listener.onTaskProgress(owner, message);
      },
    });
  }

  request(
    owner: object,
    body: Buffer,
    spans: RequestSpans,
    sink: ReplySink,
    timeoutMs: number,
    cancellable = true,
  ): PendingCall {
    const call = this.table.add(owner, body, spans, sink, timeoutMs, cancellable);
    if (!this.sendRequest(body, spans, call)) {
      // Not at once: the caller does not hold the handle yet.
      setImmediate(() => {
        const message = 'The upstream does not read what is sent to it';
        this.table.fail(call, new UpstreamError('capacity', message, { retryAfterS: 1 }));
      });
    }
    return call;
  }

  private sendRequest(body: Buffer, spans: RequestSpans, call: PendingCall): boolean {
    const parts = body.length > COPY_LIMIT ? sliceRequest(body, spans, call.id) : null;
    return parts === null
      ? this.link.send(encodeRequest(body, spans, call.id), call)
      : this.link.sendParts(parts, call);
  }

  /** A notification or a response. Dropped when there is no room for it. */
  send(message: Buffer): void {
    this.link.send(encodeMessage(message), null);
  }

  receive(line: Buffer): void {
    const reply = scanReplyId(line);
    if (reply === null) {
      this.receiveOther(line);
      return;
    }
    const call = this.table.get(reply.id);
    // Late answers of calls that timed out or were cancelled belong to nobody.
    if (call === undefined) return;
    // Two lines that a child wrote into one another would carry one client's answer to another client.
    if (this.shared && endOfValue(line, skipSpace(line, 0)) !== reply.end) {
      const text = 'The line with the answer is not one JSON value';
      this.table.fail(call, new UpstreamError('not-json', text, { mayHaveRun: true }));
      this.listener.onNoise(line);
      return;
    }
    const message = reply.end === line.length ? line : line.subarray(0, reply.end);
    this.table.settle(call, message, reply.idStart, reply.idEnd);
  }

  private receiveOther(line: Buffer): void {
    const envelope = scanEnvelope(line);
    if (envelope !== null) {
      this.receiveScanned(line, envelope);
      return;
    }
    const read = readEnvelope(line);
    if (read instanceof RpcError) this.listener.onNoise(line);
    else if ('batch' in read) this.receiveBatch(read.batch);
    else this.receiveScanned(read.body, read.envelope);
  }

  /** Only 2025-03-26 has batches, and they do not nest. */
  private receiveBatch(items: readonly Buffer[]): void {
    for (const item of items) {
      if (item[0] === OPEN_BRACKET) this.listener.onNoise(item);
      else this.receive(item);
    }
  }

  private receiveScanned(line: Buffer, envelope: Envelope): void {
    if (envelope.kind === 'response') {
      const { idStart, idEnd } = envelope;
      const call = this.table.get(Number(line.toString('latin1', idStart, idEnd)));
      if (call !== undefined) this.table.settle(call, line, idStart, idEnd);
      return;
    }
    if (envelope.method === 'notifications/progress') {
      this.table.progress(line, envelope);
      return;
    }
    this.listener.onMessage(line, envelope);
  }
}
