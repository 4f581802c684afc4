import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../kernel/clock.js';
import { MAX_KEY_CHARS, type ApiKey } from './api-keys.js';
import { Authenticator } from './authenticator.js';
import type { Principal } from './principal.js';

/** Tells callers by API key: `Authorization: Bearer <key>` (RFC 6750), else `X-API-Key: <key>`. HOT PATH. */
export class KeyAuthenticator extends Authenticator {
  /** `keys` answers the keys as last read from their file. */
  constructor(
    private readonly keys: () => readonly ApiKey[],
    private readonly clock: Clock,
  ) {
    super();
  }

  override authenticate(headers: IncomingHttpHeaders): Principal | null {
    const presented = presentedKey(headers);
    if (presented === null) return null;
    const digest = createHash('sha256').update(presented).digest();
    let found: ApiKey | null = null;
    // Every key is compared, so that the time taken tells nothing about which one is close.
    for (const key of this.keys()) {
      if (timingSafeEqual(key.digest, digest)) found = key;
    }
    if (found === null) return null;
    if (found.expiresAtMs !== null && this.clock.now() >= found.expiresAtMs) return null;
    return found.principal;
  }

  override get required(): boolean {
    return true;
  }
}

function presentedKey(headers: IncomingHttpHeaders): string | null {
  const { authorization } = headers;
  let key: string | string[] | undefined = headers['x-api-key'];
  if (authorization !== undefined && /^bearer /i.test(authorization.slice(0, 7))) {
    key = authorization.slice(7).trim();
  }
  if (typeof key !== 'string' || key.length === 0 || key.length > MAX_KEY_CHARS) return null;
  return key;
}
