// HOT PATH
import { isJsonObject } from '../kernel/json.js';
import type { Logger } from '../kernel/logger.js';
import { readEnvelope, scanEnvelope, type Envelope } from '../protocol/envelope-scan.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';
import { gatewayProblems } from './gateway.errors.js';
import { readBody, type BodyFault, type Inbound } from './inbound.js';
import { parseBytes } from './json-bytes.js';
import { sendProblem, sendRpcError } from './reply.js';
import { internalFault } from './wire-error.js';

/** Takes the messages of a POST; exactly one of its methods is called, and none when the body was refused. */
export interface MessageTaker {
  takeMessage(inbound: Inbound, body: Buffer, envelope: Envelope): void;
  takeBatch(inbound: Inbound, parts: readonly Buffer[]): void;
}

/** Reads a POST body into JSON-RPC messages; answers what cannot be read itself. */
export function readMessages(inbound: Inbound, taker: MessageTaker, logger: Logger): void {
  readBody(inbound.request, inbound.endpoint.maxBodyBytes, (body) => {
    try {
      take(inbound, taker, body);
    } catch (error) {
      // Nobody above: this runs in an event of the socket, and a fault here must not end the process.
      const { response, requestId, path } = inbound;
      logger.error({ err: error, request_id: requestId, path }, 'a message failed');
      if (response.writableEnded) return;
      if (response.headersSent) response.destroy();
      else sendRpcError(response, requestId, null, internalFault());
    }
  });
}

function take(inbound: Inbound, taker: MessageTaker, body: Buffer | BodyFault): void {
  const { response, requestId, path } = inbound;
  if (typeof body === 'string') {
    // What was not read cannot be skipped cheaply: the connection ends with the answer.
    response.shouldKeepAlive = false;
    const name = body === 'encoded' ? 'unsupported-media-type' : 'body-too-large';
    sendProblem(response, requestId, path, gatewayProblems[name]());
    return;
  }
  const envelope = scanEnvelope(body);
  if (envelope !== null) {
    taker.takeMessage(inbound, body, envelope);
    return;
  }
  const read = readEnvelope(body);
  if (read instanceof RpcError) sendRpcError(response, requestId, null, read);
  else if ('batch' in read) taker.takeBatch(inbound, read.batch);
  else taker.takeMessage(inbound, read.body, read.envelope);
}

/** The request's id as JSON, in memory of its own; `null` for what has none. */
export function idOf(body: Buffer, { idStart, idEnd }: Envelope): Buffer | null {
  return idEnd === 0 ? null : Buffer.from(body.subarray(idStart, idEnd));
}

/** The tool that a `tools/call` names; `null` for other methods, and where there is no readable name. */
export function toolOf(body: Buffer, envelope: Envelope): string | null {
  const { nameStart, nameEnd } = envelope;
  if (nameEnd === 0 || envelope.method !== 'tools/call') return null;
  const plain = body.toString('utf8', nameStart + 1, nameEnd - 1);
  if (!plain.includes('\\')) return plain;
  const name = parseBytes(body.subarray(nameStart, nameEnd));
  return typeof name === 'string' ? name : null;
}

/** The `requestId` of a cancellation as JSON, or `null`. */
export function cancelledId(body: Buffer): string | null {
  const message = parseBytes(body);
  const params = isJsonObject(message) ? message.params : null;
  const id = isJsonObject(params) ? params.requestId : null;
  return typeof id === 'string' || typeof id === 'number' ? JSON.stringify(id) : null;
}

/** What a request is answered whose caller has cancelled it. */
export function cancelledError(): RpcError {
  return new RpcError(RPC.upstreamFailed, 'The request was cancelled', { reason: 'cancelled' });
}
