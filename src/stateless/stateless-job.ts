// HOT PATH
import type { Asked } from '../gateway/call.js';
import type { Inbound } from '../gateway/inbound.js';
import { parseBytes } from '../gateway/json-bytes.js';
import { canBeAsked } from './legacy-client.js';
import { mirroredToolsOf } from './mirrored-tools.js';
import { paramHeaderFault } from './param-headers.js';
import type { RpcError } from '../protocol/rpc-error.js';
import type { Envelope } from '../protocol/envelope-scan.js';
import type { LineClaim } from './line-table.js';
import { headerMismatch, type StatelessRequest } from './stateless-request.js';

/** Methods that may be answered `input_required` (2026-07-28, MRTR, supported requests). */
const ASKABLE: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read']);

/** One request with all that is known of it, on its way to a line. */
export interface StatelessJob {
  readonly inbound: Inbound;
  readonly body: Buffer;
  readonly envelope: Envelope;
  readonly request: StatelessRequest;
  readonly asked: Asked;
  readonly askable: boolean;
}

export function isAskable(method: string, { asker }: StatelessRequest): boolean {
  return ASKABLE.has(method) && canBeAsked(asker.capabilities);
}

export function claimOf({ inbound, request, askable }: StatelessJob): LineClaim {
  const { endpoint, principal, hops } = inbound;
  return { endpoint, principalId: principal.id, asker: request.asker, askable, hops };
}

/** What is wrong with the headers that mirror parameters of the called tool; `null` = nothing. */
export function mirrorFaultOf({ inbound, body, request, asked }: StatelessJob): RpcError | null {
  if (asked.tool === null) return null;
  const params = mirroredToolsOf(inbound.endpoint).get(asked.tool);
  if (params === undefined) return null;
  const { argumentsStart, argumentsEnd } = request.spans;
  const args = argumentsEnd === 0 ? {} : parseBytes(body.subarray(argumentsStart, argumentsEnd));
  const fault = paramHeaderFault(params, args, inbound.request.headers);
  return fault === null ? null : headerMismatch(fault);
}

/** The `requestState` that the request continues a call with; `null` without one, or for what cannot be continued. */
export function stateOf({ body, request, asked }: StatelessJob): string | null {
  const { stateStart, stateEnd } = request.spans;
  // Whatever the retry declares: a call that is held is not to be made a second time.
  if (stateEnd === 0 || !ASKABLE.has(asked.method)) return null;
  const state = parseBytes(body.subarray(stateStart, stateEnd));
  return typeof state === 'string' ? state : null;
}

/** The `inputResponses`, `{}` without any; `null` when they are no object. */
export function responsesOf({ body, request }: StatelessJob): unknown {
  const { responsesStart, responsesEnd } = request.spans;
  return responsesEnd === 0 ? {} : parseBytes(body.subarray(responsesStart, responsesEnd));
}

const MIRRORED = /^mcp-(?:method|name|param-.+)$/;

/** End-to-end headers for an upstream of the same era; it is told the version by its conversation. */
export function mirroredHeaders({ request }: Inbound): Record<string, string> {
  const kept: Record<string, string> = { accept: 'application/json, text/event-stream' };
  for (const [name, value] of Object.entries(request.headers)) {
    if (typeof value === 'string' && MIRRORED.test(name)) kept[name] = value;
  }
  return kept;
}
