import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import type { Clock } from '../../../src/kernel/clock.js';
import type { Envelope } from '../../../src/protocol/envelope-scan.js';
import { rpcNotification } from '../../../src/protocol/message.js';
import { CountedUpstream } from '../../../src/upstream/counted.upstream.js';
import { DirectConversation } from '../../../src/upstream/direct-conversation.js';
import { handshakeOver } from '../../../src/upstream/handshake.js';
import type { InstanceSource, Lease } from '../../../src/upstream/instance-source.js';
import { MessageChannel, type ChannelListener } from '../../../src/upstream/message-channel.js';
import { SharedConversations } from '../../../src/upstream/shared-conversations.js';
import {
  GATEWAY_CLIENT,
  type ClientFacts,
  type Conversation,
  type ConversationSink,
  type UpstreamFacts,
} from '../../../src/upstream/upstream.js';
import { UpstreamError } from '../../../src/upstream/upstream.errors.js';

/** A server of the official SDK that runs in this process, spoken to in messages as one behind a pipe is. */
export class SdkUpstream extends CountedUpstream implements ChannelListener {
  override readonly transport = 'stdio';
  /** What the server hears through and speaks into. */
  private readonly wire: Transport = {
    start: () => Promise.resolve(),
    close: () => Promise.resolve(),
    send: async (message) => {
      await Promise.resolve();
      if (this.over === null) this.channel.receive(Buffer.from(JSON.stringify(message)));
    },
  };
  /** Requests and notifications that the server got. */
  readonly seen: JSONRPCMessage[] = [];
  private readonly channel: MessageChannel;
  private shared: SharedConversations | null = null;
  private direct: DirectConversation | null = null;
  private over: UpstreamError | null = null;

  constructor(
    private readonly clock: Clock,
    readonly server: Server,
    override readonly multiplexed: boolean,
  ) {
    super(clock);
    const take = (message: Buffer): boolean => {
      const parsed = JSON.parse(message.toString('utf8')) as JSONRPCMessage;
      this.seen.push(parsed);
      setImmediate(() => {
        if (this.over === null) this.wire.onmessage?.(parsed);
      });
      return true;
    };
    const link = {
      send: take,
      sendParts: (parts: readonly Buffer[]) => take(Buffer.concat(parts)),
    };
    this.channel = new MessageChannel(this.clock, this.activity, link, this);
  }

  override async start(): Promise<void> {
    await this.server.connect(this.wire);
    if (!this.multiplexed) return;
    const server = await this.handshake(GATEWAY_CLIENT);
    this.shared = new SharedConversations(server, this.channel);
    this.channel.send(rpcNotification('notifications/initialized'));
  }

  override async open(client: ClientFacts, sink: ConversationSink): Promise<Conversation> {
    if (this.over !== null) throw this.over;
    if (this.shared !== null) return this.shared.add(sink);
    const server = await this.handshake(client);
    this.direct = new DirectConversation(server, this.channel, sink, () => {
      this.die();
    });
    return this.direct;
  }

  override stop(): Promise<void> {
    this.die();
    return Promise.resolve();
  }

  override facts(): UpstreamFacts {
    return { pid: 1, process_group: 1, memory_bytes: null, exit: null, stderr: [] };
  }

  /** Ends as a process does that crashes. */
  die(): void {
    if (this.over !== null) return;
    const error = new UpstreamError('exited', 'The upstream exited', { mayHaveRun: true });
    this.over = error;
    this.direct?.end(error);
    this.shared?.endAll(error);
    this.channel.table.failAll(null, error);
    this.tellDown(error);
  }

  get dead(): boolean {
    return this.over !== null;
  }

  onMessage(message: Buffer, envelope: Envelope): void {
    if (this.shared !== null) this.shared.deliver(message, envelope);
    else this.direct?.deliver(message);
  }

  onTaskProgress(): void {}
  onNoise(line: Buffer): void {
    throw new Error(`noise: ${line.toString('utf8')}`);
  }

  private handshake(client: ClientFacts): ReturnType<typeof handshakeOver> {
    return handshakeOver(this.channel, client, { timeoutMs: 5_000, scrub: (text) => text });
  }
}

/** One instance for everybody, or one for each session. */
export class SdkSource implements InstanceSource {
  readonly made: SdkUpstream[] = [];
  refuseWith: UpstreamError | null = null;
  /** Held until it resolves, as a slow start would be. */
  gate: Promise<void> | null = null;
  leases = 0;

  constructor(
    private readonly clock: Clock,
    private readonly make: (nth: number) => Server,
    readonly isolation: 'shared' | 'session',
  ) {}

  async acquire(): Promise<Lease> {
    if (this.gate !== null) await this.gate;
    if (this.refuseWith !== null) throw this.refuseWith;
    const upstream = await this.upstream();
    this.leases += 1;
    let live = true;
    return {
      instanceId: `instance-${this.made.length}`,
      upstream,
      release: () => {
        if (live) this.leases -= 1;
        live = false;
      },
    };
  }

  get latest(): SdkUpstream {
    const upstream = this.made[this.made.length - 1];
    if (upstream === undefined) throw new Error('nothing was started');
    return upstream;
  }

  private async upstream(): Promise<SdkUpstream> {
    const running = this.made.find((made) => !made.dead);
    if (this.isolation === 'shared' && running !== undefined) return running;
    const upstream = new SdkUpstream(
      this.clock,
      this.make(this.made.length + 1),
      this.isolation === 'shared',
    );
    this.made.push(upstream);
    await upstream.start();
    return upstream;
  }
}
