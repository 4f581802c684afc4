import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../kernel/clock.js';
import type { ProblemError } from '../kernel/problem.js';
import { authProblems } from './auth.errors.js';
import type { HookSecret } from './hook-secrets.js';
import type { Principal } from './principal.js';

const TOLERANCE_S = 300;
const MAX_REMEMBERED = 20_000;
const MAX_SIGNATURES = 16;
const HOOK_SCOPES = ['read', 'write', 'invoke', 'exec'];

export type SignatureVerdict =
  | { readonly ok: true; readonly principal: Principal }
  | { readonly ok: false; readonly problem: ProblemError };

/**
 * Verifies signed webhooks in the Standard Webhooks form: `v1` is HMAC-SHA256 over `<id>.<timestamp>.<body>`, 5 minutes
 * tolerance either way.
 *
 * A message is known by id and timestamp together: senders keep the id when they retry and sign the new time, which is
 * no replay. What was seen is kept in memory for as long as its timestamp would pass; after a restart a replay within
 * those minutes reaches the hook, where an identical manifest changes nothing.
 */
export class WebhookSignatures {
  /** `<id>.<timestamp>` to the time in seconds after which the timestamp alone refuses it; oldest first. */
  private readonly seen = new Map<string, number>();

  constructor(
    private readonly secrets: () => readonly HookSecret[],
    private readonly clock: Clock,
  ) {}

  /** Whether a request claims to be signed, whatever the claim is worth. */
  isSigned(headers: IncomingHttpHeaders): boolean {
    return headers['webhook-signature'] !== undefined;
  }

  /** `body` is what came over the wire, byte for byte. */
  verify(headers: IncomingHttpHeaders, body: Uint8Array): SignatureVerdict {
    const id = single(headers['webhook-id']);
    const timestamp = single(headers['webhook-timestamp']);
    const signatures = single(headers['webhook-signature']);
    const isWhole = id !== null && timestamp !== null && signatures !== null;
    // The dots part what is signed: an id with one of its own could be split in more ways than the signer meant.
    if (!isWhole || id.includes('.') || !/^\d{1,12}$/.test(timestamp)) {
      return refused(
        'One of webhook-id, webhook-timestamp and webhook-signature is missing or malformed',
      );
    }
    const nowS = Math.floor(this.clock.now() / 1_000);
    if (Math.abs(nowS - Number(timestamp)) > TOLERANCE_S) {
      return refused('The webhook-timestamp is more than 5 minutes away from now');
    }
    const secret = this.signer(`${id}.${timestamp}.`, body, signatures);
    if (secret === null) return refused('No configured secret made this signature');
    if (!this.remember(`${id}.${timestamp}`, Number(timestamp) + TOLERANCE_S, nowS)) {
      const problem = authProblems['signature-replayed'](
        `The webhook "${id}" was received already`,
      );
      return { ok: false, problem };
    }
    const scopes = new Set(HOOK_SCOPES);
    return {
      ok: true,
      principal: { id: `hook:${secret.id}`, kind: 'hook', scopes, services: null },
    };
  }

  private signer(head: string, body: Uint8Array, signatures: string): HookSecret | null {
    const presented = signatures
      .split(' ', MAX_SIGNATURES)
      .filter((signature) => signature.startsWith('v1,'))
      .map((signature) => Buffer.from(signature.slice(3), 'base64'));
    let found: HookSecret | null = null;
    for (const secret of this.secrets()) {
      const expected = createHmac('sha256', secret.key).update(head).update(body).digest();
      for (const signature of presented) {
        if (signature.length === expected.length && timingSafeEqual(signature, expected))
          found = secret;
      }
    }
    return found;
  }

  /** `false` when it is remembered already. */
  private remember(key: string, untilS: number, nowS: number): boolean {
    const known = this.seen.get(key);
    if (known !== undefined && known >= nowS) return false;
    if (this.seen.size >= MAX_REMEMBERED) this.forget(nowS);
    this.seen.set(key, untilS);
    return true;
  }

  /** Only holders of a secret fill this, so dropping the oldest when none has expired opens nothing to strangers. */
  private forget(nowS: number): void {
    for (const [key, untilS] of this.seen) {
      if (untilS < nowS) this.seen.delete(key);
    }
    for (const key of this.seen.keys()) {
      if (this.seen.size < MAX_REMEMBERED) break;
      this.seen.delete(key);
    }
  }
}

function single(value: string | string[] | undefined): string | null {
  return typeof value === 'string' && value.length > 0 && value.length <= 2_048 ? value : null;
}

function refused(detail: string): SignatureVerdict {
  return { ok: false, problem: authProblems['signature-refused'](detail) };
}
