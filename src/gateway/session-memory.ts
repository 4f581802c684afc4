import { isJsonObject } from '../kernel/json.js';
import { scanEnvelope } from '../protocol/envelope-scan.js';
import { rpcRequest } from '../protocol/message.js';
import type { ReplySink } from '../upstream/upstream.js';
import { parseBytes } from './json-bytes.js';
import type { Link } from './link.js';
import { ExchangeCall } from './exchange-call.js';

const MAX_SUBSCRIPTIONS = 1_000;
const RETELL_TIMEOUT_MS = 30_000;
const OWN_ID = Buffer.from('"switchyard-retell"');

const NOBODY: ReplySink = {
  onReply: () => undefined,
  onRelated: () => undefined,
  onFail: () => undefined,
};

/** What a client once asked of its upstream for good; told again when the session moves to another one. */
export class SessionMemory {
  private level: unknown = null;
  private readonly uris = new Map<string, unknown>();

  static concerns(method: string): boolean {
    return (
      method === 'logging/setLevel' ||
      method === 'resources/subscribe' ||
      method === 'resources/unsubscribe'
    );
  }

  learn(method: string, body: Buffer): void {
    const message = parseBytes(body);
    const params = isJsonObject(message) ? message.params : null;
    if (!isJsonObject(params)) return;
    if (method === 'logging/setLevel') {
      this.level = params;
    } else if (typeof params.uri === 'string') {
      if (method === 'resources/unsubscribe') this.uris.delete(params.uri);
      else if (this.uris.size < MAX_SUBSCRIPTIONS) this.uris.set(params.uri, params);
    }
  }

  retell(link: Link): void {
    if (this.level !== null) ask(link, 'logging/setLevel', this.level);
    for (const params of this.uris.values()) ask(link, 'resources/subscribe', params);
  }
}

/** A request of ours whose answer nobody waits for; not counted as a call. */
function ask(link: Link, method: string, params: unknown): void {
  const body = rpcRequest(OWN_ID, method, params);
  const { conversation } = link;
  if (conversation.kind === 'exchange') {
    new ExchangeCall(conversation, body, NOBODY, OWN_ID, RETELL_TIMEOUT_MS);
    return;
  }
  const spans = scanEnvelope(body);
  if (spans !== null) conversation.request(body, spans, NOBODY, RETELL_TIMEOUT_MS);
}
