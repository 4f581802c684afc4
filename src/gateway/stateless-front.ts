import type { Envelope } from '../protocol/envelope-scan.js';
import type { Inbound } from './inbound.js';

/**
 * Answers POSTed messages of clients that speak the stateless protocol (2026-07-28): a version header or a `_meta` that
 * says so. The caller has been admitted to the endpoint (`Dispatcher.admitCaller`); each call is the front's to admit.
 */
export interface StatelessFront {
  /** `body` is one JSON-RPC message, the client's own; the answer is the front's to write, once. */
  serve(inbound: Inbound, body: Buffer, envelope: Envelope): void;
}
