import { isJsonObject } from '../kernel/json.js';
import { compareVersions, isKnownVersion } from '../protocol/protocol-version.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';
import type { ClientFacts, ServerFacts } from '../upstream/upstream.js';
import { parseBytes } from './json-bytes.js';
import type { Link } from './link.js';

/** The client facts of an `initialize` request, or what is wrong with it (2025-11-25, lifecycle). */
export function clientFactsOf(body: Buffer): ClientFacts | RpcError {
  const message = parseBytes(body);
  const params = isJsonObject(message) ? message.params : null;
  if (!isJsonObject(params)) return fault('initialize needs params');
  const { protocolVersion, capabilities, clientInfo, ...extra } = params;
  if (typeof protocolVersion !== 'string') return fault('params.protocolVersion is no string');
  if (!isJsonObject(clientInfo)) return fault('params.clientInfo is no object');
  return {
    protocolVersion,
    capabilities: isJsonObject(capabilities) ? capabilities : {},
    clientInfo,
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}

function fault(message: string): RpcError {
  return new RpcError(RPC.invalidParams, message, undefined, 400);
}

/**
 * The version to agree on. A shared child was initialised by us and agreed with us: a client that speaks an older
 * version we know gets that one, as nothing a child sends is newer than what it announced. Any other upstream has
 * answered this very client.
 */
export function agreedVersion(link: Link, client: ClientFacts): string {
  const own = link.conversation.server.protocolVersion;
  if (link.endpoint.transport !== 'stdio' || !link.lease.upstream.multiplexed) return own;
  const asked = client.protocolVersion;
  return isKnownVersion(asked) && compareVersions(asked, own) < 0 ? asked : own;
}

/** Made once for each version that clients of a server ask for; gone with the server's facts. */
const downgraded = new WeakMap<ServerFacts, Map<string, Buffer>>();

/** The `result` to answer with: the upstream's bytes, the version replaced where another was agreed on. */
export function initializeResult(link: Link, version: string): Buffer {
  const { server } = link.conversation;
  if (server.protocolVersion === version) return server.resultJson;
  const known = downgraded.get(server)?.get(version);
  if (known !== undefined) return known;
  const result = parseBytes(server.resultJson);
  if (!isJsonObject(result)) return server.resultJson;
  const answer = Buffer.from(JSON.stringify({ ...result, protocolVersion: version }));
  const answers = downgraded.get(server) ?? new Map<string, Buffer>();
  downgraded.set(server, answers.set(version, answer));
  return answer;
}
