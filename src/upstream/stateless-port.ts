import type { Activity } from './activity.js';
import type { CallHandle, ReplySink, RequestSpans } from './upstream.js';
import type { UpstreamError } from './upstream.errors.js';

/** One request of the stateless protocol, its `_meta` filled in. */
export interface StatelessRequest {
  /** One JSON-RPC request; never changed. */
  readonly body: Buffer;
  readonly spans: RequestSpans;
  readonly method: string;
  /** What `Mcp-Name` has to say, decoded; `null` for a method that has none. */
  readonly name: string | null;
  /** The members of `_meta` that it carries, for requests that have to be made on its behalf. */
  readonly meta: string;
}

/**
 * Sends stateless requests to one upstream, for one conversation. What belongs to a request (progress, log messages, the
 * notifications of a subscription) goes to its sink. The wire sees ids of the port's own, each once.
 */
export interface StatelessPort {
  readonly activity: Activity;
  /** `timeoutMs` is reset by progress. `Infinity`: a standing stream, which no drain waits for. */
  send(request: StatelessRequest, sink: ReplySink, timeoutMs: number): CallHandle;
  /** Fails what is under way and tells the upstream that nobody waits for it. */
  failAll(error: UpstreamError): void;
}
