import type { JsonObject } from '../kernel/json.js';
import type { UpstreamError } from './upstream.errors.js';

export type UpstreamTransport = 'stdio' | 'streamable_http' | 'sse';

/** The `params` of a client's `initialize`: who the upstream is to believe it talks to. Kept verbatim. */
export interface ClientFacts {
  readonly protocolVersion: string;
  readonly capabilities: JsonObject;
  readonly clientInfo: JsonObject;
  /** Further members of `params`, `_meta` included. */
  readonly extra?: JsonObject;
}

/**
 * The `result` of an upstream's `initialize`, with the bytes it came in. An upstream that speaks only the stateless
 * protocol has none: it is made from its `server/discover`.
 */
export interface ServerFacts {
  readonly protocolVersion: string;
  readonly capabilities: JsonObject;
  readonly serverInfo: JsonObject;
  readonly instructions: string | null;
  /** The whole `result` value as JSON, unknown members included. */
  readonly resultJson: Buffer;
}

/** What a running upstream looks like from outside; sampled, never on the call path. */
export interface UpstreamFacts {
  readonly pid: number | null;
  readonly process_group: number | null;
  /** Resident set of the process group in bytes, or `null` when there is no child. */
  readonly memory_bytes: number | null;
  /** CPU time of the living processes of the group in milliseconds. */
  readonly cpu_ms?: number | null;
  readonly exit: { readonly code: number | null; readonly signal: string | null } | null;
  /** Last captured stderr lines, oldest first, scrubbed of secrets. */
  readonly stderr: readonly string[];
}

/** Where an answer, and what belongs to it, goes. One object per call; implemented by whoever calls. */
export interface ReplySink {
  /**
   * The response. `message[idStart, idEnd)` is the id that the upstream saw and that the caller replaces by its own.
   * Called at most once and last; `message` may be kept (it is not reused).
   */
  onReply(message: Buffer, idStart: number, idEnd: number): void;
  /** A notification or request of the upstream that belongs to this call (progress token already the caller's own). */
  onRelated(message: Buffer): void;
  /** No response will come. Called at most once and last. */
  onFail(error: UpstreamError): void;
}

/** Where messages that belong to no call go, and the end of a conversation. */
export interface ConversationSink {
  /** `false`: notifications that belong to no call are of no use here, so nothing need be opened to get them. */
  readonly hearsNotifications?: boolean;
  /** A notification or a request of the upstream. A request is answered through `Conversation.send`. */
  onMessage(message: Buffer): void;
  /** The conversation is over; its calls have been failed already. Called at most once and last. */
  onEnd(error: UpstreamError): void;
}

/** Byte positions in a request, as `envelope-scan` found them. */
export interface RequestSpans {
  readonly idStart: number;
  readonly idEnd: number;
  /** Of `params._meta.progressToken`; both 0 when absent. */
  readonly tokenStart: number;
  readonly tokenEnd: number;
  /** The method, when the caller knows it (an `Envelope` does); spares a second scan. */
  readonly method?: string;
}

export interface CallHandle {
  /** The caller is no longer interested: the sink hears nothing more. With `tellUpstream` a cancellation is sent. */
  abandon(tellUpstream: boolean, reason?: string): void;
  /** From now on the reply may take this long, whatever was allowed before. */
  allow?(ms: number): void;
}

/**
 * A conversation with a message-oriented upstream (stdio, legacy HTTP+SSE): ids are ours on the upstream's side.
 * Invariant: a request is written at most once; after that only its reply, its timeout or the end of the upstream answers it.
 */
export interface MessageConversation {
  readonly kind: 'messages';
  readonly server: ServerFacts;
  /** The server speaks only the stateless protocol; what that has no method for is answered in its stead. */
  readonly translated?: boolean;
  /** `body` is one JSON-RPC request; it is not changed and may be kept until written. `timeoutMs` is reset by progress. */
  request(body: Buffer, spans: RequestSpans, sink: ReplySink, timeoutMs: number): CallHandle;
  /** A notification, or the answer to an upstream's request. A cancellation's `requestId` is translated. */
  send(body: Buffer): void;
  /** Ends this conversation; calls in flight are failed. Idempotent. The upstream lives on when it is shared. */
  close(): void;
}

/** What an HTTP upstream answers, streamed. Same-era HTTP passes through as bytes. */
export interface ExchangeSink {
  /** Header names are lower case. Hop-by-hop headers and the upstream's session id are already removed. */
  onHead(status: number, headers: Readonly<Record<string, string>>): void;
  /** Answer `false` to pause; `resume` of the handle goes on. */
  onChunk(chunk: Buffer): boolean;
  onEnd(): void;
  onFail(error: UpstreamError): void;
}

export interface ExchangeHandle {
  resume(): void;
  /** Closes the connection of this exchange. The sink hears nothing more. */
  abort(): void;
  /** From now on the answer may take this long, whatever was allowed before. */
  allow?(ms: number): void;
}

/**
 * A conversation with a Streamable HTTP upstream: one upstream session. An expired one (404) is opened anew once and the
 * request, which the upstream refused unread, is sent again.
 */
export interface ExchangeConversation {
  readonly kind: 'exchange';
  readonly server: ServerFacts;
  /** One POST. `headers` are end-to-end request headers to add (`accept`, `last-event-id`, …). */
  post(
    body: Buffer,
    headers: Readonly<Record<string, string>>,
    sink: ExchangeSink,
    timeoutMs: number,
  ): ExchangeHandle;
  /** The standing GET stream, or a resumption with `last-event-id`. Has no overall timeout. */
  listen(headers: Readonly<Record<string, string>>, sink: ExchangeSink): ExchangeHandle;
  /** DELETEs the upstream session, best effort. Idempotent. */
  close(): void;
}

export type Conversation = MessageConversation | ExchangeConversation;

/**
 * One MCP server as we reach it: a child process, a remote endpoint, or a child that listens. Made by `UpstreamFactory`,
 * owned by exactly one instance. Errors are `UpstreamError`s.
 */
export abstract class Upstream {
  abstract readonly transport: UpstreamTransport;
  /** Whether one upstream serves many conversations (`shared` isolation, and every HTTP upstream). */
  abstract readonly multiplexed: boolean;

  /** Spawns or checks reachability. Rejects with the precise reason; leaves nothing running when it rejects. */
  abstract start(signal: AbortSignal): Promise<void>;
  /**
   * Opens a conversation: the real `initialize` handshake, or for a multiplexed stdio upstream a share in the one
   * handshake that was made with our own client facts. Not multiplexed: at most one conversation ever.
   * `hops` is what the caller's own request carried in `x-switchyard-hop` (default 0); HTTP upstreams pass it on.
   */
  abstract open(
    client: ClientFacts,
    sink: ConversationSink,
    signal?: AbortSignal,
    hops?: number,
  ): Promise<Conversation>;
  /**
   * Opens a conversation in which every message is one of the stateless protocol (2026-07-28), passed as it is: for
   * clients that speak it. `server.resultJson` is then the `result` of `server/discover`. Answers `null` when the
   * upstream does not speak it: `open` is the way then. Rejects with an `UpstreamError`.
   */
  openStateless(
    _sink: ConversationSink,
    _signal?: AbortSignal,
    _hops?: number,
  ): Promise<Conversation | null> {
    return Promise.resolve(null);
  }

  /**
   * Hears, at most once and only after `openStateless` answered `null`, that another upstream of the same kind would speak
   * the stateless protocol. One listener.
   */
  onStateless(_listener: () => void): void {}

  /** Graceful stop in the order of 04; resolves when nothing of it runs any more. Idempotent. */
  abstract stop(): Promise<void>;

  /** Hears the unexpected end (exit, lost connection, exceeded limit), once; never called for `stop`. */
  abstract onDown(listener: (error: UpstreamError) => void): void;
  abstract facts(): UpstreamFacts;

  /** Calls under way. */
  abstract get inFlight(): number;
  /** Open conversations that keep a standing stream to their client. */
  abstract get listeners(): number;
  /** Tells that a conversation gained (+1) or lost (-1) such a stream. */
  abstract countListener(change: 1 | -1): void;
  /** Monotonic milliseconds of the last call's start or end. */
  abstract get lastUsedMs(): number;
}

/** What the gateway says of itself where it is the client: probes, REST calls, listings, shared children. */
export const GATEWAY_CLIENT: ClientFacts = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'switchyard', title: 'Switchyard', version: '0.1.0' },
};
