import { createHmac } from 'node:crypto';
import { decodeBase64 } from '../auth/base64.js';

const PREFIX = 'whsec_';
/** Bounds of Standard Webhooks. */
const MIN_BYTES = 24;
const MAX_BYTES = 64;

/** The key of a secret in the form of Standard Webhooks, `whsec_` and base64, or `null` when it is none. */
export function webhookKey(secret: string): Buffer | null {
  const key = secret.startsWith(PREFIX) ? decodeBase64(secret.slice(PREFIX.length)) : null;
  return key === null || key.length < MIN_BYTES || key.length > MAX_BYTES ? null : key;
}

/** The headers of a signed message (Standard Webhooks 1.0.0, scheme `v1`). `id` holds no dot. */
export function signedHeaders(
  key: Buffer,
  id: string,
  timestampS: number,
  body: string,
): Readonly<Record<string, string>> {
  const timestamp = String(timestampS);
  const digest = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${digest}`,
  };
}
