import type { IncomingHttpHeaders } from 'node:http';
import type { Principal } from './principal.js';

/**
 * Tells who sent a request. Synchronous, as it runs on the hot path; key files are read beside it.
 * Without configured keys everybody is the local principal, and the listener is loopback only (`bind-policy`).
 */
export abstract class Authenticator {
  /** `null`: the credentials are absent, wrong or expired. */
  abstract authenticate(headers: IncomingHttpHeaders): Principal | null;
  /** Whether credentials are needed at all. */
  abstract get required(): boolean;
}
