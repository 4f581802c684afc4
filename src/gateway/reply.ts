// HOT PATH
import { STATUS_CODES, type ServerResponse } from 'node:http';
import { problemDocument, type ProblemError } from '../kernel/problem.js';
import { rpcErrorMessage } from '../protocol/message.js';
import type { RpcError } from '../protocol/rpc-error.js';
import { limitStall } from './stall.js';
import { retryAfterS } from './wire-error.js';

/** Answers longer than this go out as slices in one writev instead of being copied together. */
const COPY_LIMIT = 65_536;
const NEWLINE = 10;
const RETURN = 13;

/** Written into before each use: `writeHead` reads it at once and keeps nothing. */
const jsonHead: Record<string, string | number> = {
  'content-type': 'application/json',
  'content-length': 0,
  'x-request-id': '',
};
const streamHead: Record<string, string> = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
  'x-request-id': '',
};

/** One JSON answer: `message` with `[idStart, idEnd)` replaced by `id`; both 0 when it carries the id already. */
export function sendReply(
  response: ServerResponse,
  requestId: string,
  message: Buffer,
  idStart: number,
  idEnd: number,
  id: Buffer,
): void {
  const length = idEnd === 0 ? message.length : message.length - (idEnd - idStart) + id.length;
  jsonHead['content-length'] = length;
  jsonHead['x-request-id'] = requestId;
  response.writeHead(200, jsonHead);
  if (length > COPY_LIMIT) limitStall(response);
  if (idEnd === 0) {
    response.end(message);
  } else if (length > COPY_LIMIT) {
    response.cork();
    writeSpliced(response, message, idStart, idEnd, id);
    response.end();
    response.uncork();
  } else {
    const joined = Buffer.allocUnsafe(length);
    let at = message.copy(joined, 0, 0, idStart);
    at += id.copy(joined, at);
    message.copy(joined, at, idEnd);
    response.end(joined);
  }
}

/** The same as parts of a body that has begun; a large message is not copied. */
export function writeSpliced(
  response: ServerResponse,
  message: Buffer,
  idStart: number,
  idEnd: number,
  id: Buffer,
): void {
  if (idEnd === 0) {
    response.write(message);
    return;
  }
  response.write(message.subarray(0, idStart));
  response.write(id);
  response.write(message.subarray(idEnd));
}

/** Whether a message can stand in one `data:` line. */
export function isOneLine(message: Buffer): boolean {
  return message.indexOf(NEWLINE) < 0 && message.indexOf(RETURN) < 0;
}

export function sendStreamHead(response: ServerResponse, requestId: string): void {
  streamHead['x-request-id'] = requestId;
  response.writeHead(200, streamHead);
}

/** An answer without a body: 202 for what needs no reply, 204 for a closed session. */
export function sendEmpty(response: ServerResponse, requestId: string, status: number): void {
  response.writeHead(status, { 'content-length': 0, 'x-request-id': requestId });
  response.end();
}

/** A JSON-RPC error with the HTTP status that carries it. `id` is `null` where it could not be read. */
export function sendRpcError(
  response: ServerResponse,
  requestId: string,
  id: Buffer | null,
  error: RpcError,
): void {
  if (response.headersSent || response.destroyed) return;
  sendWhole(response, error.httpStatus, 'application/json', rpcErrorMessage(id, error), requestId, {
    seconds: retryAfterS(error),
  });
}

/** A refusal that answers no JSON-RPC request (RFC 9457). `path` has no query, which may hold a session id. */
export function sendProblem(
  response: ServerResponse,
  requestId: string,
  path: string,
  error: ProblemError,
): void {
  if (response.headersSent || response.destroyed) return;
  const document = problemDocument(error, { instance: path, request_id: requestId });
  sendWhole(response, error.status, PROBLEM, Buffer.from(JSON.stringify(document)), requestId, {
    seconds: error.details.retry_after_s ?? null,
    headers: error.details.headers,
  });
}

const PROBLEM = 'application/problem+json';

export interface PlainRefusal {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A refusal of the request gate, which has no problem of its own. */
export function sendRefusal(
  response: ServerResponse,
  requestId: string,
  path: string,
  refusal: PlainRefusal,
): void {
  const document = {
    type: `urn:switchyard:problem:${refusal.code}`,
    title: STATUS_CODES[refusal.status] ?? 'Refused',
    status: refusal.status,
    detail: refusal.detail,
    code: refusal.code,
    instance: path,
    request_id: requestId,
  };
  sendWhole(response, refusal.status, PROBLEM, Buffer.from(JSON.stringify(document)), requestId, {
    seconds: null,
    headers: refusal.headers,
  });
}

function sendWhole(
  response: ServerResponse,
  status: number,
  type: string,
  body: Buffer,
  requestId: string,
  more: { seconds: number | null; headers?: Readonly<Record<string, string>> },
): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': body.length,
    'x-request-id': requestId,
    ...(more.seconds === null ? {} : { 'retry-after': String(more.seconds) }),
    ...more.headers,
  });
  response.end(body);
}
