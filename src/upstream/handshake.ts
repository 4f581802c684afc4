import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { BUILT_ID_START, readOutcome, rpcRequest } from '../protocol/message.js';
import { isKnownVersion, LEGACY_VERSIONS, MODERN_VERSIONS } from '../protocol/protocol-version.js';
import type { MessageChannel } from './message-channel.js';
import type { Scrub } from './scrub.js';
import { UpstreamError } from './upstream.errors.js';
import type { CallHandle, ClientFacts, ReplySink, RequestSpans, ServerFacts } from './upstream.js';

/** The `params` of `initialize`. */
export function initializeParams(client: ClientFacts): JsonObject {
  const { protocolVersion, capabilities, clientInfo } = client;
  return { ...client.extra, protocolVersion, capabilities, clientInfo };
}

/** Of `rpcRequest(0, …)`: where its id is. */
export const ZERO_ID_SPANS: RequestSpans = {
  idStart: BUILT_ID_START,
  idEnd: BUILT_ID_START + 1,
  tokenStart: 0,
  tokenEnd: 0,
};

/** The body of an `initialize` under the id 0. */
export function initializeRequest(client: ClientFacts): Buffer {
  return rpcRequest(0, 'initialize', initializeParams(client));
}

/**
 * What an answer to `initialize` says. Throws `handshake-refused`, `not-mcp` or `protocol-version`. A version that is
 * unknown here is taken when the client itself asked for it.
 */
export function readServerFacts(message: unknown, client: ClientFacts, scrub: Scrub): ServerFacts {
  const outcome = readOutcome(message);
  if (outcome?.error !== undefined) {
    const { code, message: text, data } = outcome.error;
    const rpc = { code, message: scrub(text), data };
    throw new UpstreamError(
      'handshake-refused',
      `The server refused the handshake: ${rpc.message} (${code})`,
      { rpc },
    );
  }
  const result = outcome?.result;
  if (!isJsonObject(result) || typeof result.protocolVersion !== 'string') {
    throw new UpstreamError('not-mcp', 'The answer to initialize has no protocolVersion');
  }
  const { protocolVersion, capabilities, serverInfo, instructions } = result;
  if (!isKnownVersion(protocolVersion) && protocolVersion !== client.protocolVersion) {
    const text = unknownVersion(scrub(protocolVersion).slice(0, 40));
    throw new UpstreamError('protocol-version', text);
  }
  return {
    protocolVersion,
    capabilities: isJsonObject(capabilities) ? capabilities : {},
    serverInfo: isJsonObject(serverInfo) ? serverInfo : {},
    instructions: typeof instructions === 'string' ? instructions : null,
    resultJson: Buffer.from(JSON.stringify(result)),
  };
}

function unknownVersion(version: string): string {
  // Servers of the stateless protocol may answer so; whoever reads this has asked in vain for that one, too.
  if ((MODERN_VERSIONS as readonly string[]).includes(version)) {
    return `The server answered initialize with protocol version ${version}, which has no initialize`;
  }
  const known = [...MODERN_VERSIONS, ...LEGACY_VERSIONS].join(', ');
  return `The server speaks protocol version ${version}; known are ${known}`;
}

/** The handshake over a message channel. Rejects as `greetingAnswer` and `readServerFacts` do. */
export async function handshakeOver(
  channel: MessageChannel,
  client: ClientFacts,
  limits: GreetingLimits & { readonly scrub: Scrub },
): Promise<ServerFacts> {
  const body = initializeRequest(client);
  const message = await greetingAnswer('initialize', limits, (sink) =>
    channel.request(channel, body, ZERO_ID_SPANS, sink, limits.timeoutMs, false),
  );
  return readServerFacts(parseReply(message), client, limits.scrub);
}

export interface GreetingLimits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * The answer to a first question, `initialize` or `server/discover`, which `ask` sends. Rejects with the reason why there
 * is none; `call-timeout` becomes `handshake-timeout`.
 */
export async function greetingAnswer(
  method: string,
  { timeoutMs, signal }: GreetingLimits,
  ask: (sink: ReplySink) => CallHandle,
): Promise<Buffer> {
  if (signal?.aborted === true) throw aborted();
  return await new Promise<Buffer>((resolve, reject) => {
    const call = ask({ onReply: resolve, onRelated() {}, onFail: reject });
    const giveUp = (): void => {
      call.abandon(false);
      reject(aborted());
    };
    signal?.addEventListener('abort', giveUp, { once: true });
  }).catch((error: unknown) => {
    if (!(error instanceof UpstreamError) || error.code !== 'call-timeout') throw error;
    const text = `The server did not answer ${method} within ${timeoutMs} ms`;
    throw new UpstreamError('handshake-timeout', text);
  });
}

export function aborted(): UpstreamError {
  return new UpstreamError('aborted', 'The wait for the upstream was given up');
}

function parseReply(message: Buffer): unknown {
  try {
    return JSON.parse(message.toString('utf8')) as unknown;
  } catch (error) {
    throw new UpstreamError('not-json', 'The answer to initialize is no JSON', { cause: error });
  }
}
