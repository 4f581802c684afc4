import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Random } from '../kernel/random.js';
import type { SessionKeys } from './session-keys.js';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';

/**
 * Text that travels through clients and comes back unchanged and unread: `<key id>.<base64url(nonce, ciphertext, tag)>`,
 * AES-256-GCM. The key id and the purpose are authenticated, so what was sealed for one purpose opens for no other. Says
 * nothing about age: whoever seals puts an expiry into the text.
 */
export class SealedText {
  /** `purpose` is `''` for session ids, whose form is older than the others. */
  constructor(
    private readonly keys: SessionKeys,
    private readonly random: Random,
    private readonly purpose: string,
    private readonly maxChars: number,
  ) {}

  seal(text: string): string {
    const { id, key } = this.keys.current();
    const nonce = this.random.bytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, key, nonce);
    cipher.setAAD(this.contextOf(id));
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return `${id}.${Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64url')}`;
  }

  /** `null` for whatever was not sealed for this purpose by a known key, or was changed. */
  open(sealed: string): string | null {
    const dot = sealed.indexOf('.');
    if (dot <= 0 || sealed.length > this.maxChars) return null;
    const id = sealed.slice(0, dot);
    const key = this.keys.find(id);
    const bytes = Buffer.from(sealed.slice(dot + 1), 'base64url');
    if (key === undefined || bytes.length <= NONCE_BYTES + TAG_BYTES) return null;
    // base64 has several spellings of the same bytes; only ours counts, as sealed ids are compared as text elsewhere.
    if (bytes.toString('base64url') !== sealed.slice(dot + 1)) return null;
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(this.contextOf(id));
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
    try {
      const body = bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES);
      return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
    } catch {
      return null;
    }
  }

  private contextOf(keyId: string): Buffer {
    return Buffer.from(this.purpose === '' ? keyId : `${keyId}\n${this.purpose}`);
  }
}
