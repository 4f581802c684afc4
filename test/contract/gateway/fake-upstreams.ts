import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/kernel/json.js';
import type { InstanceSource, Lease, LeaseRequest } from '../../../src/upstream/instance-source.js';
import { UpstreamError } from '../../../src/upstream/upstream.errors.js';
import {
  Upstream,
  type CallHandle,
  type ClientFacts,
  type Conversation,
  type ConversationSink,
  type ExchangeConversation,
  type ExchangeHandle,
  type ExchangeSink,
  type MessageConversation,
  type ReplySink,
  type RequestSpans,
  type ServerFacts,
  type UpstreamFacts,
  type UpstreamTransport,
} from '../../../src/upstream/upstream.js';

export const TOOLS: JsonObject[] = [
  { name: 'echo', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } },
  { name: 'hold', inputSchema: { type: 'object' } },
  { name: 'progress', inputSchema: { type: 'object' } },
  { name: 'sample', inputSchema: { type: 'object' } },
  { name: 'crash', inputSchema: { type: 'object' } },
  { name: 'fail', inputSchema: { type: 'object' } },
  { name: 'flood', inputSchema: { type: 'object' } },
  { name: 'secret', inputSchema: { type: 'object' } },
];

/** Where a scripted answer goes. */
interface Answering {
  result(result: JsonValue): void;
  error(code: number, message: string): void;
  related(message: JsonObject): void;
  /** A request to the client; resolves with its result. */
  ask(method: string, params: JsonObject): Promise<JsonValue>;
}

const text = (value: string): JsonObject => ({ content: [{ type: 'text', text: value }] });

/** Behaves the same behind either kind of conversation. One per revision; what reached it is in `seen`. */
export class FakeServer {
  readonly seen: JsonObject[] = [];
  /** Calls of the tool `hold` that wait for `release`. */
  readonly held: (() => void)[] = [];
  /** Notifications that `flood` has left to send. */
  left = 0;
  onCrash: () => void = () => undefined;

  constructor(readonly name = 'fake') {}

  methods(): string[] {
    return this.seen.map((message) => String(message.method ?? 'response'));
  }

  release(): void {
    for (const go of this.held.splice(0)) go();
  }

  serve(message: JsonObject, answer: Answering): void {
    this.seen.push(message);
    const params = isJsonObject(message.params) ? message.params : {};
    switch (message.method) {
      case 'tools/list':
        answer.result({ tools: TOOLS });
        break;
      case 'tools/call':
        this.call(params, answer);
        break;
      case 'ping':
      case 'logging/setLevel':
      case 'resources/subscribe':
        answer.result({});
        break;
      default:
        answer.error(-32601, 'Method not found');
    }
  }

  private call(params: JsonObject, answer: Answering): void {
    const args = isJsonObject(params.arguments) ? params.arguments : {};
    const said = String(args.text ?? '');
    switch (params.name) {
      case 'echo':
      case 'secret':
        answer.result({ ...text(`${this.name}:${said}`), 'x-unknown': 1 });
        break;
      case 'hold':
        this.held.push(() => {
          answer.result(text(`held:${said}`));
        });
        break;
      case 'progress':
        this.progress(params, answer);
        break;
      case 'sample':
        void answer.ask('sampling/createMessage', { messages: [], maxTokens: 1 }).then((result) => {
          answer.result(text(`sampled:${JSON.stringify(result)}`));
        });
        break;
      case 'crash':
        this.onCrash();
        break;
      case 'flood':
        this.flood(Number(args.count ?? 1), answer);
        break;
      default:
        answer.error(-32042, 'failed as asked');
    }
  }

  private progress(params: JsonObject, answer: Answering): void {
    const meta = isJsonObject(params._meta) ? params._meta : {};
    for (let progress = 1; progress <= 3; progress += 1) {
      answer.related({
        jsonrpc: '2.0',
        method: 'notifications/progress',
        params: { progressToken: meta.progressToken ?? null, progress, total: 3 },
      });
    }
    this.held.push(() => {
      answer.result(text('done'));
    });
  }

  /** Many large notifications, then the reply stays away. */
  private flood(count: number, answer: Answering): void {
    const data = 'x'.repeat(1_000_000);
    const params = { level: 'info', data };
    const pour = (left: number): void => {
      this.left = left;
      if (left === 0) return;
      answer.related({ jsonrpc: '2.0', method: 'notifications/message', params });
      setImmediate(pour, left - 1);
    };
    pour(count);
    this.held.push(() => {
      answer.result(text('flooded'));
    });
  }
}

function factsOf(server: FakeServer, client: ClientFacts): ServerFacts {
  const result = {
    protocolVersion: client.protocolVersion,
    capabilities: { tools: { listChanged: true }, logging: {} },
    serverInfo: { name: server.name, version: '1' },
    'x-kept': true,
  };
  return {
    protocolVersion: client.protocolVersion,
    capabilities: result.capabilities,
    serverInfo: result.serverInfo,
    instructions: null,
    resultJson: Buffer.from(JSON.stringify(result)),
  };
}

abstract class FakeUpstream extends Upstream {
  inFlight = 0;
  listeners = 0;
  lastUsedMs = 0;
  abstract readonly open$: Set<{ end(error: UpstreamError): void }>;

  constructor(readonly server: FakeServer) {
    super();
  }

  override start(): Promise<void> {
    return Promise.resolve();
  }
  override stop(): Promise<void> {
    return Promise.resolve();
  }
  override onDown(): void {}
  override facts(): UpstreamFacts {
    return { pid: null, process_group: null, memory_bytes: null, exit: null, stderr: [] };
  }
  override countListener(change: 1 | -1): void {
    this.listeners += change;
  }
  die(): void {
    const error = new UpstreamError('exited', 'The upstream exited', { mayHaveRun: true });
    for (const conversation of [...this.open$]) conversation.end(error);
  }
}

export class FakeStdio extends FakeUpstream {
  override readonly transport = 'stdio';
  override readonly open$ = new Set<FakeMessages>();

  constructor(
    server: FakeServer,
    override readonly multiplexed: boolean,
  ) {
    super(server);
  }

  override open(client: ClientFacts, sink: ConversationSink): Promise<Conversation> {
    const conversation = new FakeMessages(this, sink, factsOf(this.server, client));
    this.open$.add(conversation);
    return Promise.resolve(conversation);
  }
}

class FakeMessages implements MessageConversation {
  readonly kind = 'messages';
  private nextId = 1;
  private readonly calls = new Set<ReplySink>();
  private readonly asked = new Map<string, (result: JsonValue) => void>();
  private over = false;

  constructor(
    private readonly upstream: FakeStdio,
    readonly sink: ConversationSink,
    readonly server: ServerFacts,
  ) {}

  request(body: Buffer, _spans: RequestSpans, sink: ReplySink): CallHandle {
    const id = this.nextId;
    this.nextId += 1;
    this.calls.add(sink);
    const message = JSON.parse(body.toString('utf8')) as JsonObject;
    const finish = (member: string): void => {
      if (!this.calls.delete(sink)) return;
      const head = `{"jsonrpc":"2.0","id":`;
      const bytes = Buffer.from(`${head}${id},${member}}`);
      sink.onReply(bytes, head.length, head.length + String(id).length);
    };
    setImmediate(() => {
      if (this.over) return;
      this.upstream.server.onCrash = () => {
        this.upstream.die();
      };
      this.upstream.server.serve(message, {
        result: (result) => {
          finish(`"result":${JSON.stringify(result)}`);
        },
        error: (code, text) => {
          finish(`"error":${JSON.stringify({ code, message: text })}`);
        },
        related: (note) => {
          if (this.calls.has(sink)) sink.onRelated(Buffer.from(JSON.stringify(note)));
        },
        ask: (method, params) => this.ask(method, params),
      });
    });
    return {
      abandon: () => {
        this.calls.delete(sink);
      },
    };
  }

  send(body: Buffer): void {
    const message = JSON.parse(body.toString('utf8')) as JsonObject;
    this.upstream.server.seen.push(message);
    if (typeof message.id === 'string') this.asked.get(message.id)?.(message.result ?? null);
  }

  close(): void {
    if (this.over) return;
    this.over = true;
    this.upstream.open$.delete(this);
  }

  end(error: UpstreamError): void {
    if (this.over) return;
    this.close();
    for (const call of [...this.calls]) call.onFail(error);
    this.calls.clear();
    this.sink.onEnd(error);
  }

  private ask(method: string, params: JsonObject): Promise<JsonValue> {
    const id = `ask-${this.asked.size}`;
    return new Promise((resolve) => {
      this.asked.set(id, resolve);
      this.sink.onMessage(Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, method, params })));
    });
  }
}

export class FakeHttp extends FakeUpstream {
  override readonly transport = 'streamable_http';
  override readonly multiplexed = true;
  override readonly open$ = new Set<FakeExchanges>();

  override open(client: ClientFacts, sink: ConversationSink): Promise<Conversation> {
    const conversation = new FakeExchanges(this, sink, factsOf(this.server, client));
    this.open$.add(conversation);
    return Promise.resolve(conversation);
  }
}

/** Answers as a Streamable HTTP server would: JSON for plain answers, a stream once something precedes the reply. */
class FakeExchanges implements ExchangeConversation {
  readonly kind = 'exchange';
  private readonly running = new Set<ExchangeSink>();
  private readonly asked = new Map<string, (result: JsonValue) => void>();
  readonly listening = new Set<ExchangeSink>();
  private over = false;

  constructor(
    private readonly upstream: FakeHttp,
    readonly sink: ConversationSink,
    readonly server: ServerFacts,
  ) {}

  post(
    body: Buffer,
    _headers: Readonly<Record<string, string>>,
    sink: ExchangeSink,
  ): ExchangeHandle {
    const message = JSON.parse(body.toString('utf8')) as JsonObject;
    this.running.add(sink);
    setImmediate(() => {
      if (this.over) return;
      if (message.method === undefined || message.id === undefined) this.accept(message, sink);
      else this.answer(message, sink);
    });
    return {
      resume: () => undefined,
      abort: () => {
        this.running.delete(sink);
      },
    };
  }

  listen(headers: Readonly<Record<string, string>>, sink: ExchangeSink): ExchangeHandle {
    this.upstream.server.seen.push({ method: 'GET', from: headers['last-event-id'] ?? null });
    this.listening.add(sink);
    setImmediate(() => {
      sink.onHead(200, { 'content-type': 'text/event-stream' });
      sink.onChunk(
        Buffer.from('id: up-1\ndata: {"jsonrpc":"2.0","method":"notifications/message",'),
      );
      sink.onChunk(Buffer.from('"params":{"level":"info","data":"heard"}}\n\n'));
    });
    return {
      resume: () => undefined,
      abort: () => {
        this.listening.delete(sink);
      },
    };
  }

  close(): void {
    this.over = true;
    this.upstream.open$.delete(this);
    this.upstream.server.seen.push({ method: 'DELETE' });
  }

  end(error: UpstreamError): void {
    this.over = true;
    this.upstream.open$.delete(this);
    for (const sink of [...this.running]) sink.onFail(error);
    this.sink.onEnd(error);
  }

  private accept(message: JsonObject, sink: ExchangeSink): void {
    this.upstream.server.seen.push(message);
    if (typeof message.id === 'string') this.asked.get(message.id)?.(message.result ?? null);
    this.running.delete(sink);
    sink.onHead(202, {});
    sink.onEnd();
  }

  private answer(message: JsonObject, sink: ExchangeSink): void {
    let streaming = false;
    const frame = (note: JsonObject): void => {
      if (!this.running.has(sink)) return;
      if (!streaming)
        sink.onHead(200, { 'content-type': 'text/event-stream', 'mcp-extra': 'kept' });
      streaming = true;
      sink.onChunk(Buffer.from(`event: message\ndata: ${JSON.stringify(note)}\n\n`));
    };
    const finish = (outcome: JsonObject): void => {
      if (!this.running.has(sink)) return;
      const whole: JsonObject = { jsonrpc: '2.0', id: message.id ?? null, ...outcome };
      const json = Buffer.from(JSON.stringify(whole));
      if (streaming) frame(whole);
      else {
        sink.onHead(200, {
          'content-type': 'application/json',
          'content-length': String(json.length),
          'mcp-extra': 'kept',
        });
        sink.onChunk(json);
      }
      this.running.delete(sink);
      sink.onEnd();
    };
    this.upstream.server.onCrash = () => {
      this.upstream.die();
    };
    this.upstream.server.serve(message, {
      result: (result) => {
        finish({ result });
      },
      error: (code, text) => {
        finish({ error: { code, message: text } });
      },
      related: frame,
      ask: (method, params) =>
        new Promise((resolve) => {
          const id = `ask-${this.asked.size}`;
          this.asked.set(id, resolve);
          frame({ jsonrpc: '2.0', id, method, params });
        }),
    });
  }
}

/** One shared upstream, or a new one per session. */
export class FakeSource implements InstanceSource {
  readonly server: FakeServer;
  readonly made: FakeUpstream[] = [];
  leases = 0;
  refuseWith: UpstreamError | null = null;

  constructor(
    private readonly kind: UpstreamTransport,
    private readonly shared: boolean,
    name = 'fake',
  ) {
    this.server = new FakeServer(name);
  }

  acquire(_request: LeaseRequest): Promise<Lease> {
    if (this.refuseWith !== null) return Promise.reject(this.refuseWith);
    const upstream = this.upstream();
    let live = true;
    this.leases += 1;
    return Promise.resolve({
      instanceId: `instance-${this.made.length}`,
      upstream,
      release: () => {
        if (live) this.leases -= 1;
        live = false;
      },
    });
  }

  die(): void {
    for (const upstream of this.made.splice(0)) upstream.die();
  }

  private upstream(): FakeUpstream {
    const [first] = this.made;
    if (this.shared && first !== undefined) return first;
    const upstream =
      this.kind === 'stdio' ? new FakeStdio(this.server, this.shared) : new FakeHttp(this.server);
    this.made.push(upstream);
    return upstream;
  }
}
