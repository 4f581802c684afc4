import { SealedText } from '../auth/sealed-text.js';
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
/** Header lines have a bound of 16 KiB in all; a client with longer facts gets an id without them. */
const MAX_FACTS_BYTES = 3_072;
const MAX_ID_CHARS = 8_192;

/** Seals and opens session ids. */
export class SessionSeal {
  private readonly text: SealedText;

  constructor(
    keys: SessionKeys,
    private readonly clock: Clock,
    random: Random,
  ) {
    this.text = new SealedText(keys, random, '', MAX_ID_CHARS);
  }

  seal(session: SealedSession): string {
    return this.text.seal(this.content(session));
  }

  /** `null` for whatever was not sealed by a known key, was changed, or has expired. */
  open(sealed: string): SealedSession | null {
    const text = this.text.open(sealed);
    return text === null ? null : this.read(text);
  }

  private content(session: SealedSession): string {
    const expires = Math.floor((this.clock.now() + LIFE_MS) / 1_000);
    const { serviceId, version, principalId, client } = session;
    const short = { s: serviceId, v: version, p: principalId, e: expires };
    const known = JSON.stringify(short);
    const facts = client === null ? null : JSON.stringify(client);
    if (facts === null || facts.length > MAX_FACTS_BYTES) return known;
    return `${known.slice(0, -1)},"c":${facts}}`;
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
