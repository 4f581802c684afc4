import { scanEnvelope } from '../../../src/protocol/envelope-scan.js';
import type { UpstreamError } from '../../../src/upstream/upstream.errors.js';
import {
  type CallHandle,
  type ConversationSink,
  type ExchangeSink,
  GATEWAY_CLIENT,
  type MessageConversation,
  type ReplySink,
  type Upstream,
} from '../../../src/upstream/upstream.js';

export interface Heard {
  /** The answer, under the id its client gave. */
  readonly reply: unknown;
  readonly related: unknown[];
}

/** A client that speaks in bytes and keeps what it hears. */
export class RawClient implements ConversationSink {
  readonly messages: { method: string; id?: unknown; params?: Record<string, unknown> }[] = [];
  ended: UpstreamError | null = null;

  private constructor() {}

  conversation!: MessageConversation;

  static async open(upstream: Upstream): Promise<RawClient> {
    const client = new RawClient();
    const conversation = await upstream.open(GATEWAY_CLIENT, client);
    if (conversation.kind !== 'messages') throw new Error('an exchange');
    client.conversation = conversation;
    return client;
  }

  onMessage(message: Buffer): void {
    this.messages.push(JSON.parse(message.toString()) as RawClient['messages'][number]);
  }

  onEnd(error: UpstreamError): void {
    this.ended = error;
  }

  send(message: unknown): void {
    this.conversation.send(Buffer.from(JSON.stringify(message)));
  }

  /** Sends a request as its bytes are given; `started` gets the handle. */
  request(
    text: string,
    timeoutMs = 5000,
    started: (call: CallHandle) => void = () => {},
  ): Promise<Heard> {
    const body = Buffer.from(text);
    const envelope = scanEnvelope(body);
    if (envelope === null) throw new Error('odd');
    const id = body.subarray(envelope.idStart, envelope.idEnd);
    return new Promise((resolve, reject) => {
      const related: unknown[] = [];
      const sink: ReplySink = {
        onReply(message, idStart, idEnd) {
          const own = Buffer.concat([message.subarray(0, idStart), id, message.subarray(idEnd)]);
          resolve({ reply: JSON.parse(own.toString()) as unknown, related });
        },
        onRelated(message) {
          related.push(JSON.parse(message.toString()));
        },
        onFail: reject,
      };
      started(this.conversation.request(body, envelope, sink, timeoutMs));
    });
  }

  /** Calls a tool; answers the text. */
  async tool(name: string, args: unknown = {}, id: unknown = 1): Promise<unknown> {
    const params = { name, arguments: args };
    const heard = await this.request(
      JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params }),
    );
    const reply = heard.reply as { id: unknown; result: { content: [{ text: string }] } };
    if (reply.id !== id) throw new Error('an answer under another id');
    try {
      return JSON.parse(reply.result.content[0].text) as unknown;
    } catch {
      return reply.result.content[0].text;
    }
  }
}

/** Keeps what an exchange brings. */
export class RawExchange implements ExchangeSink {
  status = 0;
  headers: Readonly<Record<string, string>> = {};
  text = '';
  failed: UpstreamError | null = null;
  private readonly done: Promise<void>;
  private settle: () => void = () => {};

  constructor() {
    this.done = new Promise((resolve) => {
      this.settle = resolve;
    });
  }

  onHead(status: number, headers: Readonly<Record<string, string>>): void {
    this.status = status;
    this.headers = headers;
  }
  onChunk(chunk: Buffer): boolean {
    this.text += chunk.toString();
    return true;
  }
  onEnd(): void {
    this.settle();
  }
  onFail(error: UpstreamError): void {
    this.failed = error;
    this.settle();
  }

  async finished(): Promise<this> {
    await this.done;
    return this;
  }
}
