import type { SecurityConfig } from '../config/service-config.js';
import type { EndpointPolicy } from '../gateway/endpoint.js';

/** The restrictions of a service as the data plane reads them; `null` when there are none, so that it pays nothing. */
export function endpointPolicy(security: SecurityConfig): EndpointPolicy | null {
  const { authentication, allowed_scopes, tools, rate_limit } = security;
  const restricts =
    authentication.required ||
    allowed_scopes.length > 0 ||
    tools.allow !== null ||
    tools.deny.length > 0 ||
    tools.read_only ||
    rate_limit !== null;
  if (!restricts) return null;
  return Object.freeze({
    authenticationRequired: authentication.required,
    allowedScopes: Object.freeze([...allowed_scopes]),
    allowTools: tools.allow === null ? null : Object.freeze([...tools.allow]),
    denyTools: Object.freeze([...tools.deny]),
    readOnlyTools: tools.read_only,
    rateLimit:
      rate_limit === null
        ? null
        : Object.freeze({ requests: rate_limit.requests, window_ms: rate_limit.window_ms }),
  });
}

/** Whether the policy decides over a caller before it is known what is called: what a Nest guard can check. */
export function guardsCallers(policy: EndpointPolicy | null): boolean {
  return policy !== null && (policy.authenticationRequired || policy.allowedScopes.length > 0);
}
