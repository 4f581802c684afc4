import type { Principal } from '../auth/principal.js';
import type { ProblemError } from '../kernel/problem.js';
import type { RouteMatch } from './endpoint.js';

/**
 * Endpoints of the gateway's own paths (`/mcp`, `/mcp/sse`, `/mcp/message`): several services as one. Asked for every
 * request, so it answers the same endpoint for the same principal and selection as long as it can.
 */
export interface RootEndpoints {
  /** `query` is what follows the `?`, `''` without one. Judges the caller, too: there is no other check. */
  match(path: string, query: string, principal: Principal): RouteMatch | ProblemError;
}

/** Whether `path` is one of the gateway's own. */
export function isRootPath(path: string): boolean {
  return path === '/mcp' || path === '/mcp/sse' || path === '/mcp/message' || path === '/mcp/';
}
