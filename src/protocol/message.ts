import { RPC, type RpcError } from './rpc-error.js';

/** An id as it is written on the wire: raw JSON (`7`, `"a"`), or a number. */
export type RawId = Buffer | string | number;

/** Where the id begins in every request and response built here. */
export const BUILT_ID_START = '{"jsonrpc":"2.0","id":'.length;

/** The response that carries `resultJson`, which is JSON already. */
export function rpcResult(id: RawId, resultJson: Buffer | string): Buffer {
  const head = `{"jsonrpc":"2.0","id":${idText(id)},"result":`;
  if (typeof resultJson === 'string') return Buffer.from(`${head}${resultJson}}`);
  return Buffer.concat([Buffer.from(head), resultJson, Buffer.from('}')]);
}

/** The response that carries an error; `id` is `null` where the request's id could not be read (JSON-RPC 5). */
export function rpcErrorMessage(id: RawId | null, error: RpcError): Buffer {
  const body = { code: error.code, message: error.message, data: error.data };
  return Buffer.from(
    `{"jsonrpc":"2.0","id":${id === null ? 'null' : idText(id)},"error":${JSON.stringify(body)}}`,
  );
}

/** A request on one line. `params` is left out when undefined. */
export function rpcRequest(id: RawId, method: string, params?: unknown): Buffer {
  return Buffer.from(`{"jsonrpc":"2.0","id":${idText(id)},${methodAndParams(method, params)}}`);
}

/** A notification on one line. `params` is left out when undefined. */
export function rpcNotification(method: string, params?: unknown): Buffer {
  return Buffer.from(`{"jsonrpc":"2.0",${methodAndParams(method, params)}}`);
}

/** The answer to a message that nobody here can serve. */
export function methodNotFound(id: RawId, message: string): Buffer {
  const error = { code: RPC.methodNotFound, message };
  return Buffer.from(`{"jsonrpc":"2.0","id":${idText(id)},"error":${JSON.stringify(error)}}`);
}

function methodAndParams(method: string, params: unknown): string {
  const head = `"method":${JSON.stringify(method)}`;
  return params === undefined ? head : `${head},"params":${JSON.stringify(params)}`;
}

function idText(id: RawId): string {
  return typeof id === 'string' ? id : typeof id === 'number' ? String(id) : id.toString('utf8');
}

export interface RpcErrorBody {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** A parsed response: exactly one of the two. */
export interface RpcOutcome {
  readonly result?: unknown;
  readonly error?: RpcErrorBody;
}

/** Reads a response; `null` when `message` is none (JSON-RPC 5). A malformed error object is mended, not refused. */
export function readOutcome(message: unknown): RpcOutcome | null {
  if (typeof message !== 'object' || message === null || 'method' in message) return null;
  if ('result' in message) return { result: message.result };
  if (!('error' in message)) return null;
  const error = (message.error ?? {}) as Partial<Record<keyof RpcErrorBody, unknown>>;
  return {
    error: {
      code: typeof error.code === 'number' ? error.code : RPC.internalError,
      message: typeof error.message === 'string' ? error.message : 'The error has no message',
      ...(error.data === undefined ? {} : { data: error.data }),
    },
  };
}

/** Whether a parsed message is a response. */
export function isResponse(message: unknown): boolean {
  return readOutcome(message) !== null;
}

/** What makes `value` no JSON-RPC 2.0 message, or `null`. */
export function messageFault(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return 'The message is not an object';
  const message = value as Record<string, unknown>;
  if (message.jsonrpc !== '2.0') return 'The member "jsonrpc" is not "2.0"';
  const id = message.id;
  if ('id' in message && typeof id !== 'string' && typeof id !== 'number') {
    return 'The member "id" is neither a string nor a number';
  }
  if ('method' in message) {
    if (typeof message.method !== 'string') return 'The member "method" is not a string';
    if ('result' in message || 'error' in message) return 'A request has no result or error';
    const params = message.params;
    if (!('params' in message)) return null;
    if (typeof params === 'object' && params !== null && !Array.isArray(params)) return null;
    return 'The member "params" is not an object';
  }
  if ('result' in message === 'error' in message) {
    return 'The message has no method, and not exactly one of result and error';
  }
  return 'id' in message ? null : 'The response has no id';
}
