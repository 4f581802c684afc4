import { sha256Hex } from './ids.js';
import type { Random } from './random.js';

/** A new API key: 256 random bits. `key` is shown to its user once; only `sha256` is ever stored. */
export function newApiKey(random: Random): { readonly key: string; readonly sha256: string } {
  const key = `sy_${random.bytes(32).toString('base64url')}`;
  return { key, sha256: sha256Hex(key) };
}
