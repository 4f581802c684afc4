import type { ServerResponse } from 'node:http';
import { EventStream, type StreamOwner, type StreamPulse } from '../gateway/event-stream.js';
import type { Inbound } from '../gateway/inbound.js';
import { parseBytes } from '../gateway/json-bytes.js';
import { sendRpcError } from '../gateway/reply.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../kernel/json.js';
import { rpcErrorMessage, rpcNotification, rpcResult } from '../protocol/message.js';
import { META } from '../protocol/modern-meta.js';
import type { RpcError } from '../protocol/rpc-error.js';

/** What a client listens for: its own wish, or the part of it that is granted. */
export interface ChangeFilter {
  readonly tools: boolean;
  readonly prompts: boolean;
  readonly resources: boolean;
  readonly uris: readonly string[];
}

export interface ListenOwner {
  /** The client went away, or was told the end. Called once. */
  listenOver(): void;
}

/** The response of one `subscriptions/listen`. Nothing is written before it is acknowledged or refused. */
export class ListenStream implements StreamOwner {
  private readonly response: ServerResponse;
  private readonly requestId: string;
  private readonly subscription: JsonValue;
  private stream: EventStream | null = null;
  private over = false;

  constructor(
    inbound: Inbound,
    /** Of the request, as JSON. */
    private readonly id: Buffer,
    private readonly pulse: StreamPulse,
    private readonly owner: ListenOwner,
  ) {
    this.response = inbound.response;
    this.requestId = inbound.requestId;
    this.subscription = parseBytes(id) as JsonValue;
    this.response.on('close', () => {
      this.streamGone();
    });
  }

  get isOver(): boolean {
    return this.over;
  }

  /** Whether anything was written. */
  get begun(): boolean {
    return this.stream !== null;
  }

  acknowledge(granted: ChangeFilter): void {
    const notifications: JsonObject = {
      ...(granted.tools ? { toolsListChanged: true } : {}),
      ...(granted.prompts ? { promptsListChanged: true } : {}),
      ...(granted.resources ? { resourcesListChanged: true } : {}),
      ...(granted.uris.length > 0 ? { resourceSubscriptions: [...granted.uris] } : {}),
    };
    this.notify('notifications/subscriptions/acknowledged', { notifications });
  }

  /** A notification, marked as one of this subscription. */
  notify(method: string, params: JsonObject): void {
    const meta = isJsonObject(params._meta) ? params._meta : {};
    const marked = { ...params, _meta: { ...meta, [META.subscriptionId]: this.subscription } };
    this.write(rpcNotification(method, marked));
  }

  /** A message that is complete as it is. */
  write(message: Buffer): void {
    if (this.over) return;
    this.stream ??= new EventStream(this.response, this.requestId, this, this.pulse);
    this.stream.send(message);
  }

  /** Ends in order, so that the client knows that nothing was lost. */
  finish(): void {
    const result = { resultType: 'complete', _meta: { [META.subscriptionId]: this.subscription } };
    this.finishWith(rpcResult(this.id, JSON.stringify(result)));
  }

  finishWith(answer: Buffer): void {
    this.write(answer);
    this.cut();
  }

  refuse(error: RpcError): void {
    if (this.over) return;
    if (this.stream !== null) this.write(rpcErrorMessage(this.id, error));
    else sendRpcError(this.response, this.requestId, this.id, error);
    this.cut();
  }

  /** Ends without a word: to the client the connection was lost, and it listens anew. */
  cut(): void {
    if (this.over) return;
    this.over = true;
    if (this.stream === null && !this.response.headersSent) this.response.destroy();
    this.stream?.end();
    this.owner.listenOver();
  }

  streamGone(): void {
    if (this.over) return;
    this.over = true;
    this.owner.listenOver();
  }
}
