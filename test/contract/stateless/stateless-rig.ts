import { SealedText } from '../../../src/auth/sealed-text.js';
import { SessionKeys, type SessionKey } from '../../../src/auth/session-keys.js';
import type { Clock } from '../../../src/kernel/clock.js';
import type { JsonObject } from '../../../src/kernel/json.js';
import { SilentLogger } from '../../../src/kernel/logger.js';
import { SystemRandom } from '../../../src/kernel/random.js';
import { openModernFront } from '../../../src/stateless/front-opening.js';
import type { HeldLimits } from '../../../src/stateless/held-calls.js';
import type { LineLimits } from '../../../src/stateless/line-table.js';
import { ManualClock } from '../../support/manual-clock.js';
import { GatewayRig, POST_HEADERS, type Answer } from '../gateway/gateway-rig.js';

class OneKey extends SessionKeys {
  override current(): SessionKey {
    return { id: 'k1', key: Buffer.alloc(32, 3) };
  }
  override find(id: string): Buffer | undefined {
    return id === 'k1' ? Buffer.alloc(32, 3) : undefined;
  }
}

export const VERSION = '2026-07-28';
const PREFIX = 'io.modelcontextprotocol/';

export interface Asking {
  readonly capabilities?: JsonObject;
  readonly clientInfo?: JsonObject;
  readonly logLevel?: string;
  readonly progressToken?: string | number;
  readonly token?: string;
  /** Added to, or with `null` taken from, the usual headers. */
  readonly headers?: Record<string, string | null>;
}

/** A mounted gateway that serves clients of the stateless protocol. */
export class StatelessRig extends GatewayRig {
  private ids = 0;

  constructor(
    clock: Clock = new ManualClock(),
    limits: { readonly lines?: LineLimits; readonly held?: HeldLimits } = {},
  ) {
    super(clock);
    const { routes, sessions, dispatcher } = this;
    const random = new SystemRandom();
    const seal = new SealedText(new OneKey(), random, 'request-state', 4_096);
    const logger = new SilentLogger();
    const around = { routes, sessions, dispatcher, seal, clock, random, logger };
    this.mount.serveStateless(openModernFront(around, limits.lines, limits.held));
  }

  /** POSTs one request as a client of the protocol does. */
  request(method: string, params: JsonObject = {}, asking: Asking = {}): Promise<Answer> {
    const message = this.message(method, params, asking);
    return this.ask('POST', '/mcp/x', headersOf(message, asking), JSON.stringify(message));
  }

  /** Its response as soon as the head is there. */
  begin(
    method: string,
    params: JsonObject = {},
    asking: Asking = {},
  ): ReturnType<GatewayRig['send']> {
    const message = this.message(method, params, asking);
    return this.send('POST', '/mcp/x', headersOf(message, asking), JSON.stringify(message));
  }

  call(
    name: string,
    args: JsonObject = {},
    asking: Asking = {},
    more: JsonObject = {},
  ): Promise<Answer> {
    return this.request('tools/call', { name, arguments: args, ...more }, asking);
  }

  message(method: string, params: JsonObject, asking: Asking): JsonObject {
    this.ids += 1;
    return {
      jsonrpc: '2.0',
      id: this.ids,
      method,
      params: { ...params, _meta: { ...metaOf(asking), ...(params._meta as JsonObject) } },
    };
  }
}

export function metaOf(asking: Asking): JsonObject {
  return {
    [`${PREFIX}protocolVersion`]: VERSION,
    [`${PREFIX}clientCapabilities`]: asking.capabilities ?? {},
    [`${PREFIX}clientInfo`]: asking.clientInfo ?? { name: 'test', version: '1' },
    ...(asking.logLevel === undefined ? {} : { [`${PREFIX}logLevel`]: asking.logLevel }),
    ...(asking.progressToken === undefined ? {} : { progressToken: asking.progressToken }),
  };
}

export function headersOf(message: JsonObject, asking: Asking): Record<string, string> {
  const params = message.params as JsonObject;
  const name = params.name ?? params.uri;
  const headers: Record<string, string | null> = {
    ...POST_HEADERS,
    'mcp-protocol-version': VERSION,
    'mcp-method': String(message.method),
    authorization: `Bearer ${asking.token ?? 'ann'}`,
    ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
    ...asking.headers,
  };
  const kept = Object.entries(headers).filter(([, value]) => value !== null);
  return Object.fromEntries(kept) as Record<string, string>;
}
