import { createHash } from 'node:crypto';
import type { SealedText } from '../auth/sealed-text.js';
import { parseBytes } from '../gateway/json-bytes.js';
import { canonicalJson, isJsonObject } from '../kernel/json.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';

/** What a `requestState` says: whose held call it continues, and with which request. */
export interface HeldState {
  readonly callId: string;
  /** Counts the times the call asked for input; only the last one may be answered. */
  readonly round: number;
  readonly principalId: string;
  readonly serviceId: string;
  /** Of the method and the parameters that make the request. */
  readonly digest: string;
  /** Milliseconds since the Unix epoch. */
  readonly expiresMs: number;
}

/** What a retry has to repeat: the method and all parameters but those that a retry adds, and `_meta`. */
export function requestDigest(method: string, body: Buffer): string {
  const message = parseBytes(body);
  const params = isJsonObject(message) && isJsonObject(message.params) ? { ...message.params } : {};
  delete params._meta;
  delete params.inputResponses;
  delete params.requestState;
  return createHash('sha256')
    .update(`${method}\n${canonicalJson(params)}`)
    .digest('base64url');
}

export function sealState(seal: SealedText, state: HeldState): string {
  const { callId, round, principalId, serviceId, digest, expiresMs } = state;
  return seal.seal(
    JSON.stringify({ c: callId, n: round, p: principalId, s: serviceId, d: digest, e: expiresMs }),
  );
}

/** `null` for what was not sealed here or was changed. */
export function openState(seal: SealedText, sealed: string): HeldState | null {
  const text = seal.open(sealed);
  const content: unknown = text === null ? null : JSON.parse(text);
  if (!isJsonObject(content)) return null;
  const { c, n, p, s, d, e } = content;
  if (typeof c !== 'string' || typeof n !== 'number' || typeof p !== 'string') return null;
  if (typeof s !== 'string' || typeof d !== 'string' || typeof e !== 'number') return null;
  return { callId: c, round: n, principalId: p, serviceId: s, digest: d, expiresMs: e };
}

/** A state that continues nothing here. All reasons read alike to whoever did not get it from us. */
export function badState(reason: string): RpcError {
  return new RpcError(RPC.invalidParams, `The requestState ${reason}`, undefined, 400);
}
