import { parseBytes } from '../gateway/json-bytes.js';
import { isJsonObject, type JsonObject } from '../kernel/json.js';
import type { Envelope } from '../protocol/envelope-scan.js';
import { readOutcome } from '../protocol/message.js';
import { isInputMethod, lackingCapability, type InputMethod } from './legacy-client.js';

/** A request of an upstream with sessions that waits for a client's answer. */
export interface ServerAsk {
  /** The upstream's id as JSON; `null` for what it asked by an error, see `readUrlAsks`. */
  readonly id: Buffer | null;
  readonly method: InputMethod;
  readonly params: JsonObject;
}

/** Members that earlier revisions had and this one has not, or that concern only the two ends of the legacy side. */
const LEFT_OUT = ['elicitationId', '_meta', 'task'];

/** `null` when the request is none that a client could be asked to fulfil. */
export function readAsk(
  message: Buffer,
  { method, idStart, idEnd }: Envelope,
): (ServerAsk & { readonly id: Buffer }) | null {
  if (!isInputMethod(method)) return null;
  const parsed = parseBytes(message);
  const params = isJsonObject(parsed) && isJsonObject(parsed.params) ? { ...parsed.params } : {};
  for (const name of LEFT_OUT) delete params[name];
  return { id: Buffer.from(message.subarray(idStart, idEnd)), method, params };
}

/** "URL elicitation required" (2025-11-25, elicitation): the same request is to be sent again once that is done. */
export const URL_ELICITATION_REQUIRED = -32042;

/** What such an error asks for; `null` when it is another one, or asks for what this client cannot do. */
export function readUrlAsks(message: Buffer, capabilities: JsonObject): ServerAsk[] | null {
  const lacking = lackingCapability('elicitation/create', { mode: 'url' }, capabilities);
  if (lacking !== null) return null;
  const error = readOutcome(parseBytes(message))?.error;
  if (error?.code !== URL_ELICITATION_REQUIRED || !isJsonObject(error.data)) return null;
  const { elicitations } = error.data;
  if (!Array.isArray(elicitations) || elicitations.length === 0) return null;
  const asks: ServerAsk[] = [];
  for (const elicitation of elicitations) {
    if (!isJsonObject(elicitation) || typeof elicitation.url !== 'string') return null;
    const params: JsonObject = { ...elicitation, mode: 'url' };
    for (const name of LEFT_OUT) delete params[name];
    asks.push({ id: null, method: 'elicitation/create', params });
  }
  return asks;
}

/** The `result` that hands requests of the server out (2026-07-28, MRTR), as JSON. */
export function inputRequired(
  asks: ReadonlyMap<string, Pick<ServerAsk, 'method' | 'params'>>,
  state: string,
): string {
  const inputRequests: JsonObject = {};
  for (const [key, { method, params }] of asks) inputRequests[key] = { method, params };
  return JSON.stringify({ resultType: 'input_required', inputRequests, requestState: state });
}
