import { parseBytes } from '../gateway/json-bytes.js';
import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { META } from '../protocol/modern-meta.js';
import type { ServerFacts } from '../upstream/upstream.js';
import { SUPPORTED_VERSIONS } from './stateless-request.js';

/** What a server says of itself changes with its revision, which lists announce no sooner. */
const TTL_MS = 60_000;

/** Capabilities of earlier revisions that this one has none of. */
const REMOVED = ['tasks'];

const known = new WeakMap<ServerFacts, Buffer>();

/**
 * The result of `server/discover` as JSON. For an upstream of this protocol its own, for one with sessions what its
 * `initialize` said. Either way the versions are those that the gateway speaks at this place: it serves both eras.
 */
export function discoverResult(server: ServerFacts, native: boolean): Buffer {
  let result = known.get(server);
  if (result === undefined) {
    result = Buffer.from(JSON.stringify(native ? ownOf(server) : translatedOf(server)));
    known.set(server, result);
  }
  return result;
}

function ownOf(server: ServerFacts): JsonObject {
  const own = parseBytes(server.resultJson);
  return {
    ...translatedOf(server),
    ...(isJsonObject(own) ? own : {}),
    resultType: 'complete',
    supportedVersions: [...SUPPORTED_VERSIONS],
  };
}

function translatedOf({ capabilities, serverInfo, instructions }: ServerFacts): JsonObject {
  const kept = { ...capabilities };
  for (const name of REMOVED) delete kept[name];
  return {
    resultType: 'complete',
    supportedVersions: [...SUPPORTED_VERSIONS],
    capabilities: kept,
    ...(instructions === null ? {} : { instructions }),
    ttlMs: TTL_MS,
    cacheScope: 'private',
    ...(Object.keys(serverInfo).length === 0 ? {} : { _meta: { [META.serverInfo]: serverInfo } }),
  };
}
