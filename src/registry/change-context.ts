import type { Principal } from '../auth/principal.js';
import type { ChangeContext } from './service.js';

/** In whose name a change is made that a caller asked for. */
export function changeContext(principal: Principal, requestId: string | null): ChangeContext {
  return {
    actor: principal.id,
    source: principal.kind === 'hook' || principal.kind === 'inbox' ? principal.kind : 'api',
    requestId,
    reason: null,
    scopes: principal.scopes,
    services: principal.services,
  };
}
