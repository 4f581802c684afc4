import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { SessionKeys } from '../auth/session-keys.js';
import type { Clock } from '../kernel/clock.js';
import { isJsonObject } from '../kernel/json.js';
import type { Random } from '../kernel/random.js';
import type { ClientFacts } from '../upstream/upstream.js';

/** What a session id carries, so that a gateway which never saw the session can resume it. */
export interface SealedSession {
  readonly serviceId: string;
  /** The protocol version that was agreed on. */
  readonly version: string;
  /** `null` when they were too long to carry: then the session cannot be resumed. */
  readonly client: ClientFacts | null;
  readonly principalId: string;
}

const LIFE_MS = 30 * 24 * 3_600_000;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Header lines have a bound of 16 KiB in all; a client with longer facts gets an id without them. */
const MAX_FACTS_BYTES = 3_072;
const MAX_ID_CHARS = 8_192;
const CIPHER = 'aes-256-gcm';

/** Seals and opens session ids: `<key id>.<base64url(nonce, ciphertext, tag)>`, AES-256-GCM, the key id authenticated. */
export class SessionSeal {
  constructor(
    private readonly keys: SessionKeys,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  seal(session: SealedSession): string {
    const { id, key } = this.keys.current();
    const nonce = this.random.bytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, key, nonce);
    cipher.setAAD(Buffer.from(id));
    const body = Buffer.concat([cipher.update(this.content(session), 'utf8'), cipher.final()]);
    return `${id}.${Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64url')}`;
  }

  /** `null` for whatever was not sealed by a known key, was changed, or has expired. */
  open(sealed: string): SealedSession | null {
    const dot = sealed.indexOf('.');
    if (dot <= 0 || sealed.length > MAX_ID_CHARS) return null;
    const id = sealed.slice(0, dot);
    const key = this.keys.find(id);
    const bytes = Buffer.from(sealed.slice(dot + 1), 'base64url');
    if (key === undefined || bytes.length <= NONCE_BYTES + TAG_BYTES) return null;
    // base64 has several spellings of the same bytes; only ours counts, as ids are compared as text elsewhere.
    if (bytes.toString('base64url') !== sealed.slice(dot + 1)) return null;
    const text = decrypt(id, key, bytes);
    return text === null ? null : this.read(text);
  }

  private content(session: SealedSession): string {
    const expires = Math.floor((this.clock.now() + LIFE_MS) / 1_000);
    const { serviceId, version, principalId, client } = session;
    const short = { s: serviceId, v: version, p: principalId, e: expires };
    if (client === null || JSON.stringify(client).length > MAX_FACTS_BYTES) {
      return JSON.stringify(short);
    }
    return JSON.stringify({ ...short, c: client });
  }

  private read(text: string): SealedSession | null {
    const content: unknown = JSON.parse(text);
    if (!isJsonObject(content)) return null;
    const { s, v, p, e, c } = content;
    if (typeof s !== 'string' || typeof v !== 'string' || typeof p !== 'string') return null;
    if (typeof e !== 'number' || e * 1_000 <= this.clock.now()) return null;
    return { serviceId: s, version: v, principalId: p, client: factsOf(c) };
  }
}

function decrypt(id: string, key: Buffer, bytes: Buffer): string | null {
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(id));
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  try {
    const body = bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES);
    return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
  } catch {
    return null;
  }
}

function factsOf(value: unknown): ClientFacts | null {
  if (!isJsonObject(value)) return null;
  const { protocolVersion, capabilities, clientInfo, extra } = value;
  if (typeof protocolVersion !== 'string') return null;
  if (!isJsonObject(capabilities) || !isJsonObject(clientInfo)) return null;
  return {
    protocolVersion,
    capabilities,
    clientInfo,
    ...(isJsonObject(extra) ? { extra } : {}),
  };
}
