import type { JsonObject, JsonValue } from '../../../src/kernel/json.js';
import type { InstanceSource, Lease, LeaseRequest } from '../../../src/upstream/instance-source.js';
import {
  Upstream,
  type CallHandle,
  type ClientFacts,
  type Conversation,
  type ConversationSink,
  type MessageConversation,
  type ReplySink,
  type RequestSpans,
  type ServerFacts,
  type UpstreamFacts,
} from '../../../src/upstream/upstream.js';
import { UpstreamError } from '../../../src/upstream/upstream.errors.js';

/** A request that waits for the test to answer it. */
export class ScriptedCall {
  abandoned: string | null = null;

  constructor(
    readonly message: JsonObject,
    private readonly id: number,
    private readonly sink: ReplySink,
  ) {}

  get method(): string {
    return String(this.message.method);
  }

  reply(result: JsonValue): void {
    this.finish({ result });
  }

  fail(code: number, message: string, data?: JsonValue): void {
    this.finish({ error: { code, message, ...(data === undefined ? {} : { data }) } });
  }

  related(message: JsonObject): void {
    this.sink.onRelated(Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message })));
  }

  break(code: 'exited' | 'call-timeout'): void {
    this.sink.onFail(new UpstreamError(code, 'as scripted'));
  }

  private finish(outcome: JsonObject): void {
    const head = '{"jsonrpc":"2.0","id":';
    const text = `${head}${this.id},${JSON.stringify(outcome).slice(1)}`;
    this.sink.onReply(Buffer.from(text), head.length, head.length + String(this.id).length);
  }
}

/** One conversation over pipes, moved by the test. */
export class ScriptedConversation implements MessageConversation {
  readonly kind = 'messages';
  readonly calls: ScriptedCall[] = [];
  /** Notifications and answers that reached the upstream. */
  readonly sent: JsonObject[] = [];
  closed = false;

  constructor(
    readonly server: ServerFacts,
    readonly client: ClientFacts | null,
    private readonly sink: ConversationSink,
    private readonly auto: ReadonlySet<string>,
  ) {}

  request(body: Buffer, _spans: RequestSpans, sink: ReplySink): CallHandle {
    const message = JSON.parse(body.toString('utf8')) as JsonObject;
    const call = new ScriptedCall(message, this.calls.length + 1, sink);
    this.calls.push(call);
    if (this.auto.has(call.method)) setImmediate(() => call.reply({}));
    return {
      abandon: (_tell, reason) => {
        call.abandoned = reason ?? '';
      },
    };
  }

  send(body: Buffer): void {
    this.sent.push(JSON.parse(body.toString('utf8')) as JsonObject);
  }

  close(): void {
    this.closed = true;
  }

  say(message: JsonObject): void {
    this.sink.onMessage(Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message })));
  }

  end(): void {
    this.sink.onEnd(new UpstreamError('exited', 'The upstream exited'));
  }

  callOf(method: string): ScriptedCall {
    const call = this.calls.find((one) => one.method === method && one.abandoned === null);
    if (call === undefined) throw new Error(`no call of ${method}`);
    return call;
  }
}

export interface Script {
  readonly multiplexed?: boolean;
  readonly capabilities?: JsonObject;
  /** The result of `server/discover` of a stateless upstream; without it the upstream has sessions. */
  readonly discover?: JsonObject;
  /** Most leases at once. */
  readonly places?: number;
  /** Methods that are answered `{}` at once. */
  readonly auto?: readonly string[];
}

/** Upstreams whose every move the test makes. */
export class ScriptedSource implements InstanceSource {
  readonly conversations: ScriptedConversation[] = [];
  leases = 0;
  listeners = 0;

  constructor(readonly script: Script = {}) {}

  get last(): ScriptedConversation {
    const last = this.conversations[this.conversations.length - 1];
    if (last === undefined) throw new Error('no conversation');
    return last;
  }

  get open(): ScriptedConversation[] {
    return this.conversations.filter(({ closed }) => !closed);
  }

  acquire(_request: LeaseRequest): Promise<Lease> {
    if (this.leases >= (this.script.places ?? Infinity)) {
      return Promise.reject(new UpstreamError('capacity', 'full', { retryAfterS: 1 }));
    }
    let live = true;
    this.leases += 1;
    return Promise.resolve({
      instanceId: 'scripted',
      upstream: new ScriptedUpstream(this),
      release: () => {
        if (live) this.leases -= 1;
        live = false;
      },
    });
  }
}

class ScriptedUpstream extends Upstream {
  override readonly transport = 'stdio';
  override readonly multiplexed: boolean;
  override readonly inFlight = 0;
  override readonly listeners = 0;
  override readonly lastUsedMs = 0;

  constructor(private readonly source: ScriptedSource) {
    super();
    this.multiplexed = source.script.multiplexed === true;
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
    this.source.listeners += change;
  }

  override open(client: ClientFacts, sink: ConversationSink): Promise<Conversation> {
    return Promise.resolve(this.converse(client, sink, {}));
  }

  override openStateless(sink: ConversationSink): Promise<Conversation | null> {
    const { discover } = this.source.script;
    return Promise.resolve(discover === undefined ? null : this.converse(null, sink, discover));
  }

  private converse(
    client: ClientFacts | null,
    sink: ConversationSink,
    result: JsonObject,
  ): ScriptedConversation {
    const { capabilities = {}, auto = [] } = this.source.script;
    const server = {
      protocolVersion: '2025-11-25',
      capabilities,
      serverInfo: { name: 'scripted', version: '1' },
      instructions: null,
      resultJson: Buffer.from(JSON.stringify(result)),
    };
    const made = new ScriptedConversation(server, client, sink, new Set(auto));
    this.source.conversations.push(made);
    return made;
  }
}
