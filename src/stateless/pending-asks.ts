import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { rpcResult } from '../protocol/message.js';
import type { ServerAsk } from './server-ask.js';

/** What one call may wait for at once; nobody fills in more forms than that. */
const MAX_ASKS = 100;

/** The part of a line that asks are answered on. */
export interface AskOrigin {
  /** Keeps what the next call is to be asked; `false` when it is of no use there, or there is no room. */
  keepOrphan(ask: ServerAsk): boolean;
  send(body: Buffer): void;
  refuse(id: Buffer | null, why: string): void;
}

/** What an upstream waits for during one call, by the keys that the client knows it by. Keys are never used twice. */
export class PendingAsks {
  readonly byKey = new Map<string, ServerAsk>();
  private keys = 0;

  constructor(private readonly origin: AskOrigin) {}

  get size(): number {
    return this.byKey.size;
  }

  put(ask: ServerAsk): void {
    if (this.byKey.size >= MAX_ASKS) {
      this.origin.refuse(ask.id, `The client is asked for ${MAX_ASKS} things already`);
      return;
    }
    this.keys += 1;
    this.byKey.set(`input-${this.keys}`, ask);
  }

  /**
   * Hands the client's answers on; what is no object counts as missing, what nobody asked for is left out. `false` when
   * the client declined what the whole request depends on.
   */
  answer(responses: JsonObject): boolean {
    for (const [key, ask] of [...this.byKey]) {
      const response = Object.hasOwn(responses, key) ? responses[key] : undefined;
      if (!isJsonObject(response)) continue;
      this.byKey.delete(key);
      if (ask.id !== null) this.origin.send(rpcResult(ask.id, JSON.stringify(response)));
      else if (response.action !== 'accept') return false;
    }
    return true;
  }

  /** The upstream takes back what it asked; `id` is its id as JSON. */
  withdraw(id: string): void {
    for (const [key, ask] of this.byKey) {
      if (ask.id?.toString('utf8') === id) this.byKey.delete(key);
    }
  }

  /** Nobody will answer; what was asked before any call (`early`) waits for the next one. */
  release(early: boolean, reason: string): void {
    for (const ask of this.byKey.values()) {
      if (!early || !this.origin.keepOrphan(ask)) this.origin.refuse(ask.id, reason);
    }
    this.byKey.clear();
  }
}
