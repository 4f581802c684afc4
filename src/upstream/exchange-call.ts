import { readEnvelope, scanEnvelope, type Envelope } from '../protocol/envelope-scan.js';
import { methodNotFound, rpcNotification, rpcResult } from '../protocol/message.js';
import { RpcError } from '../protocol/rpc-error.js';
import { SseParser } from '../protocol/sse.js';
import { UpstreamError } from './upstream.errors.js';
import type {
  CallHandle,
  ExchangeConversation,
  ExchangeHandle,
  ExchangeSink,
  ReplySink,
} from './upstream.js';

/** Longest answer taken; the same bound as a line of a stdio server by default. */
const MAX_BYTES = 16 * 1024 * 1024;
const ASIDE_MS = 30_000;
const IGNORED: ExchangeSink = { onHead() {}, onChunk: () => true, onEnd() {}, onFail() {} };

/** A message of ours with its spans. */
export function encodeScanned(message: Buffer): { body: Buffer; envelope: Envelope } {
  const envelope = scanEnvelope(message);
  if (envelope !== null) return { body: message, envelope };
  const read = readEnvelope(message);
  if (read instanceof RpcError || 'batch' in read) {
    throw new UpstreamError('rpc-error', 'The request cannot be put as a JSON-RPC message');
  }
  return read;
}

/** One request over an HTTP conversation, its answer picked out of the JSON body or the event stream. */
export class ExchangeCall implements ExchangeSink, CallHandle {
  private readonly handle: ExchangeHandle;
  private readonly parts: Buffer[] = [];
  private events: SseParser | null = null;
  private bytes = 0;
  private status = 0;
  private done = false;

  constructor(
    private readonly conversation: ExchangeConversation,
    private readonly id: number,
    body: Buffer,
    private readonly sink: ReplySink,
    timeoutMs: number,
  ) {
    this.handle = conversation.post(body, {}, this, timeoutMs);
  }

  abandon(tellUpstream: boolean, reason?: string): void {
    if (this.done) return;
    this.done = true;
    this.handle.abort();
    if (!tellUpstream) return;
    const params = { requestId: this.id, ...(reason === undefined ? {} : { reason }) };
    this.aside(rpcNotification('notifications/cancelled', params));
  }

  onHead(status: number, headers: Readonly<Record<string, string>>): void {
    this.status = status;
    if (headers['content-type']?.startsWith('text/event-stream') !== true) return;
    this.events = new SseParser(
      MAX_BYTES,
      ({ data }) => {
        if (data.length > 0) this.receive(data);
      },
      this.tooLong,
    );
  }

  onChunk(chunk: Buffer): boolean {
    if (this.events !== null) this.events.push(chunk);
    else {
      this.parts.push(chunk);
      this.bytes += chunk.length;
      if (this.bytes > MAX_BYTES) this.tooLong();
    }
    return true;
  }

  onEnd(): void {
    if (this.done) return;
    if (this.events === null) this.receive(Buffer.concat(this.parts));
    if (this.done) return;
    const text =
      this.status >= 400
        ? `The server answered with HTTP ${this.status}`
        : 'The server ended its answer without a response';
    const code = this.status >= 400 ? 'http-status' : 'disconnected';
    this.onFail(new UpstreamError(code, text, { httpStatus: this.status, mayHaveRun: true }));
  }

  onFail(error: UpstreamError): void {
    if (this.done) return;
    this.done = true;
    this.sink.onFail(error);
  }

  private readonly tooLong = (): void => {
    this.handle.abort();
    const text = `The answer is longer than ${MAX_BYTES} bytes`;
    this.onFail(new UpstreamError('line-too-long', text, { mayHaveRun: true }));
  };

  private receive(message: Buffer): void {
    if (this.done) return;
    const scanned = scanEnvelope(message);
    const read = scanned === null ? readEnvelope(message) : { body: message, envelope: scanned };
    if (read instanceof RpcError) return;
    if ('batch' in read) for (const item of read.batch) this.receive(item);
    else this.receiveOne(read.body, read.envelope);
  }

  private receiveOne(body: Buffer, { kind, method, idStart, idEnd }: Envelope): void {
    const id = body.subarray(idStart, idEnd);
    if (kind === 'notification') this.sink.onRelated(body);
    else if (kind === 'request') {
      const text = `${method} is not supported by this client`;
      this.aside(method === 'ping' ? rpcResult(id, '{}') : methodNotFound(id, text));
    } else if (id.toString('latin1') === String(this.id)) {
      this.done = true;
      this.sink.onReply(body, idStart, idEnd);
      this.handle.abort();
    }
  }

  private aside(message: Buffer): void {
    this.conversation.post(message, {}, IGNORED, ASIDE_MS);
  }
}
