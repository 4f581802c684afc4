import type { JsonObject } from '../kernel/json.js';
import type { ServerFacts, Upstream } from '../upstream/upstream.js';

/** What a probe needs of an MCP conversation with one upstream. Rejections are `UpstreamError`s. */
export interface ProbeConversation {
  readonly server: ServerFacts;
  /** The request whose answer shows that the server itself is there; default `ping`. */
  readonly liveness?: 'ping' | 'server/discover';
  /** Answers the `result`; a JSON-RPC error rejects with `rpc-error`, silence with `call-timeout`. */
  request(method: string, params: JsonObject | undefined, timeoutMs: number): Promise<unknown>;
  /** Every page of `tools/list`. */
  listTools(timeoutMs: number): Promise<readonly unknown[]>;
  close(): void;
}

/** Makes the handshake and answers the conversation. */
export type OpenConversation = (
  upstream: Upstream,
  timeoutMs: number,
) => Promise<ProbeConversation>;
