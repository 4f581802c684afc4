import { Authenticator } from './authenticator.js';
import type { Principal, Scope } from './principal.js';

export const ALL_SCOPES: readonly Scope[] = ['read', 'write', 'invoke', 'exec', 'admin'];

/** Who asks when no keys are configured: whoever reaches the loopback interface of this machine. */
export const LOCAL_PRINCIPAL: Principal = {
  id: 'local',
  kind: 'local',
  scopes: new Set<string>(ALL_SCOPES),
  services: null,
};

/** No keys are configured: everybody is local. `bind-policy` keeps the listener off the network. */
export class LocalAuthenticator extends Authenticator {
  override authenticate(): Principal {
    return LOCAL_PRINCIPAL;
  }

  override get required(): boolean {
    return false;
  }
}
