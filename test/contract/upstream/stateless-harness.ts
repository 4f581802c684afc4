import { fileURLToPath } from 'node:url';
import type { JsonObject } from '../../../src/kernel/json.js';
import { scanEnvelope } from '../../../src/protocol/envelope-scan.js';
import type { UpstreamError } from '../../../src/upstream/upstream.errors.js';
import type { UpstreamFactory } from '../../../src/upstream/upstream.factory.js';
import type {
  CallHandle,
  ClientFacts,
  Conversation,
  ConversationSink,
  MessageConversation,
  Upstream,
} from '../../../src/upstream/upstream.js';
import { factory, nodeCommand, spec, startUpstream } from './harness.js';

const SERVER = fileURLToPath(new URL('../../fixtures/stateless-server.mjs', import.meta.url));

export type Era = 'modern' | 'dual' | 'legacy';
export type Transport = 'stdio' | 'shared' | 'http';

/** The fixture of `test/fixtures/stateless-server.mjs` as an upstream. */
export function startStateless(
  transport: Transport,
  era: Era,
  knobs: readonly string[] = [],
  from: UpstreamFactory = factory(),
): Promise<Upstream> {
  const http = transport === 'http';
  const args = ['--era', era, '--transport', http ? 'http' : 'stdio', ...knobs];
  const command = nodeCommand(SERVER, {}, http ? { port: 0, path: '/mcp' } : null, args);
  const made = spec(http ? 'streamable_http' : 'stdio', {
    command,
    shared: transport === 'shared',
  });
  return startUpstream({ ...made, startTimeoutMs: 15_000 }, from);
}

export const ALICE: ClientFacts = {
  protocolVersion: '2025-06-18',
  capabilities: { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} },
  clientInfo: { name: 'alice', version: '1' },
};

export interface Message {
  readonly id?: string | number;
  readonly method?: string;
  readonly params?: JsonObject;
  readonly result?: JsonObject;
  readonly error?: { code: number; message: string; data?: unknown };
}

type Answerer = (request: Message) => object | null;

/** A legacy client: answers what the server asks, and keeps what it hears. */
export class LegacyClient implements ConversationSink {
  readonly messages: Message[] = [];
  readonly asked: Message[] = [];
  ended: UpstreamError | null = null;
  conversation!: MessageConversation;
  private lastId = 0;

  /** `answer`: the members `result` or `error` of the answer to a request; `null`: none. */
  private constructor(private readonly answer: Answerer) {}

  static async open(
    upstream: Upstream,
    answer: Answerer = () => null,
    facts: ClientFacts = ALICE,
  ): Promise<LegacyClient> {
    const client = new LegacyClient(answer);
    client.use(await upstream.open(facts, client));
    client.send({ method: 'notifications/initialized' });
    return client;
  }

  onMessage(message: Buffer): void {
    this.messages.push(JSON.parse(message.toString()) as Message);
  }

  onEnd(error: UpstreamError): void {
    this.ended = error;
  }

  send(message: JsonObject): void {
    this.conversation.send(Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message })));
  }

  /** Answers the response; `related` hears what came before it. */
  request(
    method: string,
    params?: JsonObject,
    options: {
      readonly timeoutMs?: number;
      readonly related?: Message[];
      readonly id?: string | number;
      readonly started?: (call: CallHandle) => void;
    } = {},
  ): Promise<Message> {
    this.lastId += 1;
    const { timeoutMs = 10_000, related = [], id = this.lastId } = options;
    const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    const envelope = scanEnvelope(body);
    if (envelope === null) throw new Error('odd');
    return new Promise((resolve, reject) => {
      const call = this.conversation.request(
        body,
        envelope,
        {
          onReply: (message, idStart, idEnd) => {
            const own = `${message.toString('utf8', 0, idStart)}${JSON.stringify(id)}${message.toString('utf8', idEnd)}`;
            resolve(JSON.parse(own) as Message);
          },
          onRelated: (message) => {
            this.hear(JSON.parse(message.toString()) as Message, related);
          },
          onFail: reject,
        },
        timeoutMs,
      );
      options.started?.(call);
    });
  }

  /** Calls a tool; answers its text, parsed where it is JSON. */
  async tool(
    name: string,
    args: JsonObject = {},
    meta?: JsonObject,
    related?: Message[],
  ): Promise<unknown> {
    const params = { name, arguments: args, ...(meta === undefined ? {} : { _meta: meta }) };
    const { result, error } = await this.request('tools/call', params, { related });
    if (error !== undefined) throw new Error(`${error.code} ${error.message}`);
    return textOf(result);
  }

  private use(conversation: Conversation): void {
    if (conversation.kind !== 'messages') throw new Error('an exchange');
    this.conversation = conversation;
  }

  private hear(message: Message, related: Message[]): void {
    related.push(message);
    if (message.id === undefined || message.method === undefined) return;
    this.asked.push(message);
    const outcome = this.answer(message);
    if (outcome !== null) this.send({ id: message.id, ...outcome });
  }
}

export function textOf(result: unknown): unknown {
  const { text } = (result as { content: [{ text: string }] }).content[0];
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** What the fixture's `seen` answers. */
export interface Seen {
  readonly requests: {
    readonly id?: unknown;
    readonly method: string;
    readonly name?: string;
    readonly filter?: JsonObject;
    readonly meta?: JsonObject;
    readonly headers?: Record<string, string>;
  }[];
  readonly cancelled: number;
  readonly finished: number;
  readonly envelope: JsonObject;
}
