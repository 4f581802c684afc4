import type { IncomingMessage } from 'node:http';
import { normalOrigin } from './authority.js';

/** Web pages that one service lets use its endpoints, besides those that the gateway lets use everything. */
export interface PageGrant {
  /** In their normal spelling. */
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  /** Request headers besides the usual ones; lower case. */
  readonly headers: readonly string[];
}

/** What a configuration says of web pages, as it is read for each request of one; `null` when there are none. */
export function pageGrant(pages: PageGrant): PageGrant | null {
  const origins = pages.origins.map(normalOrigin).filter((origin) => origin !== null);
  if (origins.length === 0) return null;
  return Object.freeze({
    origins: Object.freeze(origins),
    methods: Object.freeze([...pages.methods]),
    headers: Object.freeze(pages.headers.map((name) => name.toLowerCase())),
  });
}

/** Whether `request` comes from one of the pages, by a method that they may use. A preflight only asks. */
export function isGranted(grant: PageGrant | null, request: IncomingMessage): boolean {
  const { origin } = request.headers;
  if (grant === null || origin === undefined) return false;
  const normal = normalOrigin(origin);
  if (normal === null || !grant.origins.includes(normal)) return false;
  return request.method === 'OPTIONS' || grant.methods.includes(request.method ?? '');
}
