import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { BUILT_ID_START, readOutcome, rpcRequest } from '../protocol/message.js';
import { isKnownVersion, LEGACY_VERSIONS, MODERN_VERSIONS } from '../protocol/protocol-version.js';
import type { MessageChannel } from './message-channel.js';
import type { Scrub } from './scrub.js';
import { UpstreamError } from './upstream.errors.js';
import type { ClientFacts, ReplySink, RequestSpans, ServerFacts } from './upstream.js';

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

/** The handshake over a message channel. Rejects with the reason as it is; `call-timeout` becomes `handshake-timeout`. */
export async function handshakeOver(
  channel: MessageChannel,
  client: ClientFacts,
  limits: { readonly timeoutMs: number; readonly signal?: AbortSignal; readonly scrub: Scrub },
): Promise<ServerFacts> {
  const { timeoutMs, signal, scrub } = limits;
  const message = await new Promise<Buffer>((resolve, reject) => {
    const sink: ReplySink = { onReply: resolve, onRelated() {}, onFail: reject };
    if (signal?.aborted === true) {
      reject(aborted());
      return;
    }
    const body = initializeRequest(client);
    const call = channel.request(channel, body, ZERO_ID_SPANS, sink, timeoutMs, false);
    signal?.addEventListener(
      'abort',
      () => {
        call.abandon(false);
        reject(aborted());
      },
      { once: true },
    );
  }).catch((error: unknown) => {
    if (!(error instanceof UpstreamError) || error.code !== 'call-timeout') throw error;
    const text = `The server did not answer initialize within ${timeoutMs} ms`;
    throw new UpstreamError('handshake-timeout', text);
  });
  return readServerFacts(parseReply(message), client, scrub);
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
