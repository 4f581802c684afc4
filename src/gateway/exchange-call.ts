// HOT PATH
import { readEnvelope, scanEnvelope, type Envelope } from '../protocol/envelope-scan.js';
import { rpcNotification } from '../protocol/message.js';
import { RpcError } from '../protocol/rpc-error.js';
import { SseParser } from '../protocol/sse.js';
import type {
  CallHandle,
  ExchangeConversation,
  ExchangeHandle,
  ExchangeSink,
  ReplySink,
} from '../upstream/upstream.js';
import { parseBytes } from './json-bytes.js';
import { UpstreamError } from '../upstream/upstream.errors.js';

/** Longest answer that is read as messages; a passed-through one has no bound. */
const MAX_ANSWER_BYTES = 64 * 1_048_576;
export const BOTH_KINDS = { accept: 'application/json, text/event-stream' } as const;

/**
 * Reads what an HTTP upstream answers to one POST as messages, for callers that need messages: legacy clients, batches,
 * filtered lists, calls of ours. Ids are the caller's own on this kind of conversation, so replies carry no span.
 */
export class ExchangeCall implements ExchangeSink, CallHandle {
  private readonly exchange: ExchangeHandle;
  private parser: SseParser | null = null;
  private parts: Buffer[] = [];
  private held = 0;
  private status = 0;
  private done = false;

  constructor(
    private readonly conversation: ExchangeConversation,
    body: Buffer,
    private readonly sink: ReplySink,
    private readonly id: Buffer,
    private readonly timeoutMs: number,
  ) {
    this.exchange = conversation.post(body, BOTH_KINDS, this, timeoutMs);
  }

  onHead(status: number, headers: Readonly<Record<string, string>>): void {
    this.status = status;
    if (!(headers['content-type'] ?? '').startsWith('text/event-stream')) return;
    this.parser = new SseParser(
      MAX_ANSWER_BYTES,
      (event) => {
        if (event.data.length > 0 && event.event === 'message') this.message(event.data);
      },
      () => {
        this.tooLong();
      },
    );
  }

  onChunk(chunk: Buffer): boolean {
    if (this.parser !== null) {
      this.parser.push(chunk);
      return true;
    }
    this.held += chunk.length;
    if (this.held > MAX_ANSWER_BYTES) this.tooLong();
    else this.parts.push(chunk);
    return true;
  }

  onEnd(): void {
    if (this.parser === null && this.parts.length > 0) {
      this.message(this.parts.length === 1 ? (this.parts[0] as Buffer) : Buffer.concat(this.parts));
    }
    if (this.done) return;
    this.done = true;
    this.sink.onFail(
      this.status >= 400
        ? new UpstreamError('http-status', `The upstream answered with HTTP ${this.status}`, {
            httpStatus: this.status,
          })
        : new UpstreamError('disconnected', 'The upstream ended its answer without a reply'),
    );
  }

  onFail(error: UpstreamError): void {
    if (this.done) return;
    this.done = true;
    this.sink.onFail(error);
  }

  abandon(tellUpstream: boolean, reason?: string): void {
    if (this.done) return;
    this.done = true;
    this.exchange.abort();
    if (!tellUpstream) return;
    const requestId = parseBytes(this.id);
    const body = rpcNotification('notifications/cancelled', { requestId, reason });
    sendQuietly(this.conversation, body, this.timeoutMs);
  }

  allow(ms: number): void {
    this.exchange.allow?.(ms);
  }

  private message(text: Buffer): void {
    eachMessage(text, (message, kind, envelope) => {
      if (this.done) return;
      if (kind !== 'response') {
        this.sink.onRelated(message);
        return;
      }
      if (!isReplyTo(this.id, message, envelope)) return;
      this.done = true;
      this.sink.onReply(message, 0, 0);
    });
  }

  private tooLong(): void {
    if (this.done) return;
    this.exchange.abort();
    this.onFail(new UpstreamError('body-too-large', 'The answer of the upstream is too long'));
  }
}

/** Takes `text` as one message or a batch of them; what is no JSON-RPC is left out. */
export function eachMessage(
  text: Buffer,
  take: (message: Buffer, kind: Envelope['kind'], envelope: Envelope) => void,
): void {
  const quick = scanEnvelope(text);
  if (quick !== null) {
    take(text, quick.kind, quick);
    return;
  }
  const read = readEnvelope(text);
  if (read instanceof RpcError) return;
  if ('batch' in read) for (const part of read.batch) eachMessage(part, take);
  else take(read.body, read.envelope.kind, read.envelope);
}

/** Whether the response `message` has this id, however either is spelled. A reply to another id answers nobody. */
export function isReplyTo(id: Buffer, message: Buffer, { idStart, idEnd }: Envelope): boolean {
  const own = message.subarray(idStart, idEnd);
  return own.equals(id) || parseBytes(own) === parseBytes(id);
}

/** Posts a message that has no answer. A failure shows with the next call. */
export function sendQuietly(
  conversation: ExchangeConversation,
  body: Buffer,
  timeoutMs: number,
): void {
  conversation.post(body, BOTH_KINDS, QUIET, timeoutMs);
}

const QUIET: ExchangeSink = {
  onHead: () => undefined,
  onChunk: () => true,
  onEnd: () => undefined,
  onFail: () => undefined,
};
