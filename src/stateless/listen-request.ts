import { parseBytes } from '../gateway/json-bytes.js';
import { isJsonObject } from '../kernel/json.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';
import type { ChangeFilter } from './listen-stream.js';

const MAX_URIS = 1_000;

/** What a `subscriptions/listen` asks for (2026-07-28, subscriptions, notification filter). */
export function readChangeFilter(body: Buffer): ChangeFilter | RpcError {
  const message = parseBytes(body);
  const params = isJsonObject(message) ? message.params : null;
  const filter = isJsonObject(params) ? params.notifications : null;
  if (!isJsonObject(filter)) return fault('params.notifications is no object');
  const { toolsListChanged, promptsListChanged, resourcesListChanged } = filter;
  const uris = filter.resourceSubscriptions ?? [];
  if (!Array.isArray(uris)) return fault('resourceSubscriptions is no array');
  if (uris.length > MAX_URIS) return fault(`More than ${MAX_URIS} resources`);
  const texts = uris.filter((uri): uri is string => typeof uri === 'string');
  if (texts.length < uris.length) return fault('resourceSubscriptions holds more than strings');
  return {
    tools: toolsListChanged === true,
    prompts: promptsListChanged === true,
    resources: resourcesListChanged === true,
    uris: [...new Set(texts)],
  };
}

function fault(message: string): RpcError {
  return new RpcError(RPC.invalidParams, message, undefined, 400);
}
