// HOT PATH
import type { ServerResponse } from 'node:http';
import { rpcErrorMessage } from '../protocol/message.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';
import { sseFrame } from '../protocol/sse.js';
import type { ExchangeHandle } from '../upstream/upstream.js';
import { errorCodeOf, outcomeOf } from './call-outcome.js';
import type { CallOutcome } from './channels.js';
import type { Inbound } from './inbound.js';
import { sendRpcError } from './reply.js';
import { endStall, limitStall } from './stall.js';

/** End-to-end headers that are passed besides `mcp-*`; everything else of the upstream stays behind. */
const PASSED = ['content-type', 'content-length', 'cache-control', 'retry-after', 'allow'] as const;

const EVENT_END = Buffer.from('\n\n');

/** The response of an HTTP upstream on its way into ours: bytes unchanged, at the client's pace. */
export class AnswerPipe {
  /** Set by whoever made the request; `null` only while it is being made. */
  exchange: ExchangeHandle | null = null;
  private readonly response: ServerResponse;
  private readonly requestId: string;
  /** Of the upstream's answer; 0 before it. */
  status = 0;
  private isStream = false;
  private waiting = false;
  private first: Buffer | null = null;
  private last: Buffer | null = null;

  constructor(inbound: Inbound) {
    this.response = inbound.response;
    this.requestId = inbound.requestId;
  }

  /** Whether an event stream is under way. */
  get streaming(): boolean {
    return this.isStream;
  }

  head(status: number, headers: Readonly<Record<string, string>>): void {
    if (this.response.destroyed) return;
    this.status = status;
    const head: Record<string, string> = { 'x-request-id': this.requestId };
    for (const name of PASSED) {
      const value = headers[name];
      if (value !== undefined) head[name] = value;
    }
    for (const name in headers) {
      if (name.startsWith('mcp-')) head[name] = headers[name] ?? '';
    }
    this.isStream = (head['content-type'] ?? '').startsWith('text/event-stream');
    if (this.isStream) head['x-accel-buffering'] = 'no';
    this.response.writeHead(status, head);
    if (this.isStream) this.response.flushHeaders();
  }

  /** Answers `false` when the upstream is to pause; the exchange is resumed once the client has read on. */
  chunk(chunk: Buffer): boolean {
    this.first ??= chunk;
    this.last = chunk;
    if (this.response.write(chunk)) return true;
    if (!this.waiting) {
      this.waiting = true;
      limitStall(this.response);
      this.response.once('drain', () => {
        this.waiting = false;
        endStall(this.response);
        this.exchange?.resume();
      });
    }
    return false;
  }

  /** A frame of ours; only between two events of the upstream. */
  insert(frame: Buffer): void {
    this.response.write(frame);
  }

  end(): void {
    if (!this.response.writableEnded) this.response.end();
  }

  outcome(): CallOutcome {
    if (this.status >= 400) return 'failed';
    return this.first === null || this.last === null ? 'ok' : outcomeOf(this.first, this.last);
  }

  /** Of an answer that is an `rpc_error`. */
  errorCode(): string | null {
    return this.first === null || this.last === null ? null : errorCodeOf(this.first, this.last);
  }

  /**
   * Says what happened where that can still be said; a JSON body that has begun can only be cut, and so can a stream whose
   * client does not read: what is written would be kept for it for good.
   */
  fail(id: Buffer | null, error: RpcError): void {
    if (!this.response.headersSent) {
      sendRpcError(this.response, this.requestId, id, error);
    } else if (this.isStream && id !== null && !this.waiting) {
      // An event that was cut off would swallow ours; elsewhere an empty line means nothing.
      if (this.last !== null) this.response.write(EVENT_END);
      this.response.end(sseFrame(rpcErrorMessage(id, error)));
    } else {
      this.response.destroy();
    }
  }
}

/** Whether the status speaks of the credentials that we sent. It is no challenge to the client, who sent others. */
export function isAboutOurCredentials(status: number): boolean {
  return status === 401 || status === 403 || status === 407;
}

export function credentialsRefused(service: string): RpcError {
  return new RpcError(
    RPC.upstreamFailed,
    'The upstream refuses the credentials of the gateway',
    { service, reason: 'unauthorized' },
    502,
  );
}
