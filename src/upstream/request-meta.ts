import type { JsonObject } from '../kernel/json.js';
import { META } from '../protocol/modern-meta.js';
import { MODERN_VERSIONS } from '../protocol/protocol-version.js';
import type { ClientFacts } from './upstream.js';

/** The revision in which stateless servers are spoken to. */
export const STATELESS_VERSION = MODERN_VERSIONS[0];

/** What every request of one client says in its `_meta` (2026-07-28, basic, `_meta`). */
export class RequestMeta {
  /** The members as JSON, without the braces. */
  text: string;
  private readonly fixed: JsonObject;

  constructor(client: Pick<ClientFacts, 'clientInfo' | 'capabilities'>) {
    this.fixed = {
      [META.protocolVersion]: STATELESS_VERSION,
      [META.clientInfo]: client.clientInfo,
      [META.clientCapabilities]: client.capabilities,
    };
    this.text = membersOf(this.fixed);
  }

  /** From now on log messages of this level and above are asked for. */
  setLevel(level: string): void {
    this.text = membersOf({ ...this.fixed, [META.logLevel]: level });
  }

  /** As a value, for a request of our own. */
  value(): JsonObject {
    return this.fixed;
  }
}

function membersOf(value: JsonObject): string {
  return JSON.stringify(value).slice(1, -1);
}
