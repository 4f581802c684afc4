// HOT PATH
import type { IncomingHttpHeaders } from 'node:http';
import { parseBytes } from '../gateway/json-bytes.js';
import { isJsonObject, type JsonObject } from '../kernel/json.js';
import type { Envelope } from '../protocol/envelope-scan.js';
import { readHeaderValue } from '../protocol/header-value.js';
import { LOG_LEVELS } from '../protocol/log-level.js';
import { META } from '../protocol/modern-meta.js';
import { LEGACY_VERSIONS, MODERN_VERSIONS } from '../protocol/protocol-version.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';
import { scanParams, type ParamSpans } from './request-params.js';

/** What is spoken at each endpoint, the newest first: clients of both eras are served. */
export const SUPPORTED_VERSIONS: readonly string[] = [...MODERN_VERSIONS, ...LEGACY_VERSIONS];

/** Methods of earlier revisions that this one removed; an upstream with sessions would still serve them. */
const REMOVED: ReadonlySet<string> = new Set([
  'initialize',
  'ping',
  'logging/setLevel',
  'resources/subscribe',
  'resources/unsubscribe',
]);

/** Who asks, as said by the request itself. */
export interface Asker {
  readonly clientInfo: JsonObject | null;
  readonly capabilities: JsonObject;
  /** Index into `LOG_LEVELS`; -1 = wants no log messages. */
  readonly logLevel: number;
}

/** A request of the stateless protocol whose headers and `_meta` are in order. */
export interface StatelessRequest {
  readonly spans: ParamSpans;
  readonly asker: Asker;
}

/** Checks one request (2026-07-28, Streamable HTTP, Request Metadata; basic, `_meta`). */
export function readStatelessRequest(
  body: Buffer,
  envelope: Envelope,
  headers: IncomingHttpHeaders,
): StatelessRequest | RpcError {
  const spans = scanParams(body, envelope);
  if (spans === null) return refused(RPC.invalidRequest, 'A member of params stands there twice');
  const meta =
    spans.metaEnd === 0 ? null : parseBytes(body.subarray(spans.metaStart, spans.metaEnd));
  const fault = versionFault(meta, headers) ?? mirrorFault(body, envelope, spans, headers);
  if (fault !== null) return fault;
  const asker = readAsker(meta);
  if (asker instanceof RpcError) return asker;
  if (REMOVED.has(envelope.method)) return unknownMethod(envelope.method);
  return { spans, asker };
}

export function unknownMethod(method: string): RpcError {
  return new RpcError(
    RPC.methodNotFound,
    `The method ${JSON.stringify(method.slice(0, 100))} is not part of the protocol version ${MODERN_VERSIONS[0]}`,
    undefined,
    404,
  );
}

function refused(code: number, message: string, data?: unknown): RpcError {
  return new RpcError(code, message, data, 400);
}

export function headerMismatch(message: string): RpcError {
  return refused(RPC.headerMismatch, message);
}

function versionFault(meta: unknown, headers: IncomingHttpHeaders): RpcError | null {
  const header = headers['mcp-protocol-version'];
  const version = isJsonObject(meta) ? meta[META.protocolVersion] : undefined;
  if (typeof header !== 'string')
    return headerMismatch('The header MCP-Protocol-Version is missing');
  if (typeof version === 'string' && version !== header) {
    return headerMismatch('The header MCP-Protocol-Version does not match the body');
  }
  if ((MODERN_VERSIONS as readonly string[]).includes(header)) return null;
  return refused(RPC.unsupportedVersion, 'The protocol version is not supported', {
    supported: SUPPORTED_VERSIONS,
    requested: header,
  });
}

function mirrorFault(
  body: Buffer,
  { method }: Envelope,
  spans: ParamSpans,
  headers: IncomingHttpHeaders,
): RpcError | null {
  const header = headers['mcp-method'];
  if (typeof header !== 'string') return headerMismatch('The header Mcp-Method is missing');
  if (header !== method) return headerMismatch('The header Mcp-Method does not match the body');
  switch (method) {
    case 'tools/call':
    case 'prompts/get':
      return nameFault(body.subarray(spans.nameStart, spans.nameEnd), headers);
    case 'resources/read':
      return nameFault(body.subarray(spans.uriStart, spans.uriEnd), headers);
    case 'tasks/get':
    case 'tasks/update':
    case 'tasks/cancel':
      return nameFault(body.subarray(spans.taskStart, spans.taskEnd), headers);
    default:
      return null;
  }
}

/** `source` is the mirrored value as JSON, empty when it is absent. */
function nameFault(source: Buffer, headers: IncomingHttpHeaders): RpcError | null {
  const header = headers['mcp-name'];
  if (typeof header !== 'string') return headerMismatch('The header Mcp-Name is missing');
  const name = readHeaderValue(header);
  if (name === null) return headerMismatch('The header Mcp-Name contains invalid characters');
  const value = source.length === 0 ? undefined : parseBytes(source);
  if (typeof value !== 'string' || value !== name) {
    return headerMismatch('The header Mcp-Name does not match the body');
  }
  return null;
}

function readAsker(meta: unknown): Asker | RpcError {
  if (!isJsonObject(meta) || typeof meta[META.protocolVersion] !== 'string') {
    return badMeta(META.protocolVersion);
  }
  const capabilities = meta[META.clientCapabilities];
  if (!isJsonObject(capabilities)) return badMeta(META.clientCapabilities);
  const clientInfo = meta[META.clientInfo];
  if (clientInfo !== undefined && !isJsonObject(clientInfo)) return badMeta(META.clientInfo);
  const level = meta[META.logLevel];
  const logLevel = typeof level === 'string' ? LOG_LEVELS.indexOf(level) : -1;
  if (level !== undefined && logLevel < 0) return badMeta(META.logLevel);
  return { clientInfo: clientInfo ?? null, capabilities, logLevel };
}

function badMeta(what: string): RpcError {
  return refused(RPC.invalidParams, `_meta has no valid ${what} (2026-07-28, basic, _meta)`);
}
