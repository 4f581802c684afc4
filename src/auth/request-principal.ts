import type { IncomingMessage } from 'node:http';
import type { Principal } from './principal.js';

/** A request with what the mount in front found out about it. */
export interface AdmittedRequest extends IncomingMessage {
  /** `null`: no valid credentials. Absent: nobody has looked yet. */
  principal?: Principal | null;
  /** The path as it came, where a router has changed `url`. */
  originalUrl?: string;
  body?: unknown;
  /** As answered in `X-Request-Id`; set by the mount in front. */
  request_id?: string;
}

/** The path of a request, without its query. */
export function pathOf(request: AdmittedRequest): string {
  const url = request.originalUrl ?? request.url ?? '/';
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}
