import { authProblems } from '../auth/auth.errors.js';
import type { Principal } from '../auth/principal.js';

/** A backup holds every service: a key that is limited to some may not have to do with it, whatever its scopes. */
export function requireWholeStore({ id, services }: Pick<Principal, 'id' | 'services'>): void {
  if (services === null) return;
  throw authProblems['scope-missing'](
    `The key "${id}" is limited to some services, and a backup holds them all.`,
  );
}
