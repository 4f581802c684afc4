import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { readOutcome } from '../protocol/message.js';
import { META } from '../protocol/modern-meta.js';
import { isKnownVersion, LEGACY_VERSIONS, MODERN_VERSIONS } from '../protocol/protocol-version.js';
import { RPC } from '../protocol/rpc-error.js';
import { greetingAnswer, type GreetingLimits } from './handshake.js';
import { RequestMeta, STATELESS_VERSION } from './request-meta.js';
import type { Scrub } from './scrub.js';
import type { StatelessPort } from './stateless-port.js';
import { ownRequest } from './stateless-request.js';
import { UpstreamError } from './upstream.errors.js';
import type { ClientFacts, ServerFacts } from './upstream.js';

const MAX_SHOWN_VERSIONS = 10;
const MAX_VERSION_CHARS = 40;
/** Of a `DiscoverResult`, but of no `InitializeResult`. */
const DISCOVERY_ONLY = new Set(['supportedVersions', 'resultType', 'ttlMs', 'cacheScope']);
const UNNAMED: JsonObject = { name: 'unknown', version: 'unknown' };

export interface DiscoveryLimits extends GreetingLimits {
  readonly scrub: Scrub;
}

/**
 * Asks a server what it is (2026-07-28, `server/discover`). Rejects with `handshake-refused` when it does not know the
 * question, `protocol-version` when it speaks the stateless protocol in no revision spoken here, `not-mcp`, or the reason
 * why there was no answer; `call-timeout` becomes `handshake-timeout`.
 */
export async function discover(
  port: StatelessPort,
  client: ClientFacts,
  limits: DiscoveryLimits,
): Promise<JsonObject> {
  const request = ownRequest('server/discover', {}, new RequestMeta(client));
  const message = await greetingAnswer('server/discover', limits, (sink) =>
    port.send(request, sink, limits.timeoutMs),
  );
  return readDiscovery(message, limits.scrub);
}

function readDiscovery(message: Buffer, scrub: Scrub): JsonObject {
  const outcome = readOutcome(parse(message));
  if (outcome?.error !== undefined) {
    const { code, message: text, data } = outcome.error;
    const rpc = { code, message: scrub(text), data };
    if (code === RPC.unsupportedVersion) throw versionError(supportedOf(data), scrub, rpc);
    throw new UpstreamError(
      'handshake-refused',
      `The server refused server/discover: ${rpc.message} (${code})`,
      { rpc },
    );
  }
  const result = outcome?.result;
  if (!isJsonObject(result) || !Array.isArray(result.supportedVersions)) {
    throw new UpstreamError('not-mcp', 'The answer to server/discover has no supportedVersions');
  }
  const supported = result.supportedVersions.filter((version) => typeof version === 'string');
  const spoken = supported.some((version) =>
    (MODERN_VERSIONS as readonly string[]).includes(version),
  );
  if (!spoken) throw versionError(supported, scrub);
  return result;
}

function supportedOf(data: unknown): string[] {
  if (!isJsonObject(data) || !Array.isArray(data.supported)) return [];
  return data.supported.filter((version) => typeof version === 'string');
}

function versionError(
  supported: readonly string[],
  scrub: Scrub,
  rpc?: UpstreamError['facts']['rpc'],
): UpstreamError {
  const shown = supported
    .slice(0, MAX_SHOWN_VERSIONS)
    .map((version) => scrub(version).slice(0, MAX_VERSION_CHARS));
  const theirs =
    shown.length === 0 ? 'other protocol versions' : `protocol version ${shown.join(', ')}`;
  const known = [...MODERN_VERSIONS, ...LEGACY_VERSIONS].join(', ');
  const text = `The server speaks ${theirs}; known are ${known}`;
  return new UpstreamError('protocol-version', text, rpc === undefined ? {} : { rpc });
}

function parse(message: Buffer): unknown {
  try {
    return JSON.parse(message.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** What a legacy client gets to see of a stateless server: an `initialize` result made from its `server/discover`. */
export function legacyFacts(discovery: JsonObject, client: ClientFacts): ServerFacts {
  const asked = client.protocolVersion;
  const protocolVersion = isKnownVersion(asked) ? asked : LEGACY_VERSIONS[0];
  const { capabilities, serverInfo, instructions } = commonFacts(discovery);
  const result: JsonObject = { protocolVersion, capabilities, serverInfo };
  for (const [name, value] of Object.entries(discovery)) {
    if (!DISCOVERY_ONLY.has(name) && !Object.hasOwn(result, name)) result[name] = value;
  }
  const resultJson = Buffer.from(JSON.stringify(result));
  return { protocolVersion, capabilities, serverInfo, instructions, resultJson };
}

/** What a client of the stateless protocol gets to see: the answer to `server/discover` as it was. */
export function statelessFacts(discovery: JsonObject): ServerFacts {
  const resultJson = Buffer.from(JSON.stringify(discovery));
  return { protocolVersion: STATELESS_VERSION, ...commonFacts(discovery), resultJson };
}

function commonFacts(
  discovery: JsonObject,
): Pick<ServerFacts, 'capabilities' | 'serverInfo' | 'instructions'> {
  const { capabilities, instructions, _meta: meta } = discovery;
  const serverInfo = isJsonObject(meta) ? meta[META.serverInfo] : undefined;
  return {
    capabilities: isJsonObject(capabilities) ? capabilities : {},
    serverInfo: isJsonObject(serverInfo) ? serverInfo : UNNAMED,
    instructions: typeof instructions === 'string' ? instructions : null,
  };
}
