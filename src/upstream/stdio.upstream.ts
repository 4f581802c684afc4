import type { Clock } from '../kernel/clock.js';
import type { Envelope } from '../protocol/envelope-scan.js';
import { LineSplitter } from '../protocol/line-framing.js';
import { rpcNotification } from '../protocol/message.js';
import { UpstreamChild, type ChildParts } from './child-process.js';
import { ChildWriter } from './child-writer.js';
import { CountedUpstream } from './counted.upstream.js';
import { DirectConversation } from './direct-conversation.js';
import { aborted, handshakeOver } from './handshake.js';
import { type ChannelListener, MessageChannel } from './message-channel.js';
import { scrubberOf, type Scrub } from './scrub.js';
import { SharedConversations } from './shared-conversations.js';
import type { SpawnedProcess } from './spawner.js';
import { StdoutNoise } from './stdout-noise.js';
import { UpstreamError } from './upstream.errors.js';
import {
  type ClientFacts,
  type Conversation,
  type ConversationSink,
  GATEWAY_CLIENT,
  type ServerFacts,
  type UpstreamFacts,
} from './upstream.js';
import type { CommandSpec, UpstreamSpec } from './upstream-spec.js';

/** Bytes that may wait for a child that does not read. */
const MAX_QUEUED_BYTES = 64 * 1024 * 1024;
/** Messages kept from before a conversation was open. */
const MAX_EARLY = 100;
/** The handshake is given up this much before its time is over: whoever waits with a timer of the same length knows less. */
const HANDSHAKE_MARGIN_MS = 150;
/** A child that closed a pipe is about to exit; one that does not is of no use. */
const CLOSED_PIPE_MS = 500;

/**
 * An MCP server as a child process, newline-delimited JSON over its pipes. Shared: one handshake with our own client
 * facts at `start`, any number of conversations. Not shared: the one conversation does the handshake.
 */
export class StdioUpstream extends CountedUpstream implements ChannelListener {
  readonly transport = 'stdio';
  readonly multiplexed: boolean;
  private readonly scrub: Scrub;
  private readonly child: UpstreamChild;
  private readonly noise: StdoutNoise;
  private readonly clock: Clock;
  private channel: MessageChannel | null = null;
  private shared: SharedConversations | null = null;
  private direct: DirectConversation | null = null;
  private started = false;
  /** Whether the handshake has succeeded. */
  private talking = false;
  private opened = false;
  private noiseSeenMs = 0;
  private over: UpstreamError | null = null;
  /** What came before the opener could know its conversation; `null` once it was delivered. */
  private early: Buffer[] | null = [];

  constructor(
    parts: ChildParts,
    private readonly spec: UpstreamSpec,
    command: CommandSpec,
  ) {
    super(parts.clock);
    this.clock = parts.clock;
    this.multiplexed = spec.shared;
    this.scrub = scrubberOf(spec.secrets);
    this.child = new UpstreamChild(parts, spec, command);
    this.noise = new StdoutNoise(this.scrub, (line) => {
      this.child.output.note(line);
    });
  }

  override async start(signal: AbortSignal): Promise<void> {
    const deadlineMs = this.clock.monotonicMs() + this.spec.startTimeoutMs;
    try {
      if (signal.aborted) throw aborted();
      this.connect(await this.child.start());
      if (signal.aborted) throw aborted();
      if (this.spec.shared) await this.startShared(signal, deadlineMs);
      this.started = true;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  override async open(
    client: ClientFacts,
    sink: ConversationSink,
    signal?: AbortSignal,
  ): Promise<Conversation> {
    if (this.over !== null) throw this.talking ? this.over : this.explain(this.over);
    if (this.channel === null) throw new UpstreamError('stopped', 'The upstream is not started');
    if (this.shared !== null) return this.shared.add(sink);
    if (this.opened) throw new UpstreamError('capacity', 'The upstream has its conversation');
    this.opened = true;
    try {
      const server = await this.handshake(this.channel, client, this.spec.startTimeoutMs, signal);
      this.direct = new DirectConversation(server, this.channel, sink, () => {
        void this.stop();
      });
      setImmediate(this.deliverEarly);
      return this.direct;
    } catch (error) {
      void this.stop();
      throw error;
    }
  }

  override async stop(): Promise<void> {
    this.quiet();
    this.end(new UpstreamError('stopped', 'The upstream was stopped', { mayHaveRun: true }));
    await this.child.stop();
  }

  override facts(): UpstreamFacts {
    return this.child.facts();
  }

  onMessage(message: Buffer, envelope: Envelope): void {
    if (this.shared !== null) this.shared.deliver(message, envelope);
    else if (this.early === null) this.direct?.deliver(message);
    else if (this.early.length < MAX_EARLY) this.early.push(message);
  }

  onTaskProgress(owner: object, message: Buffer): void {
    if (owner instanceof DirectConversation) owner.deliver(message);
    else this.shared?.deliverTo(owner, message);
  }

  onNoise(line: Buffer): void {
    if (this.lastUsedMs !== this.noiseSeenMs) this.noise.forgive();
    this.noiseSeenMs = this.lastUsedMs;
    const fault = this.noise.hear(line);
    if (fault !== null) this.child.kill(fault);
  }

  private readonly deliverEarly = (): void => {
    const early = this.early ?? [];
    this.early = null;
    for (const message of early) this.direct?.deliver(message);
  };

  private connect(spawned: SpawnedProcess): void {
    const writer = new ChildWriter(spawned.stdin, MAX_QUEUED_BYTES);
    const channel = new MessageChannel(this.clock, this.activity, writer, this);
    this.channel = channel;
    const { lineBytes } = this.spec.limits;
    const lines = new LineSplitter(
      lineBytes,
      (line) => {
        channel.receive(line);
      },
      () => {
        const text = `The upstream sent a line of more than ${lineBytes} bytes`;
        this.child.kill(new UpstreamError('line-too-long', text));
      },
    );
    spawned.stdout.on('data', (chunk: Buffer) => {
      lines.push(chunk);
    });
    const hearClosedPipe = (): void => {
      this.clock.schedule(CLOSED_PIPE_MS, () => {
        if (this.over === null) {
          this.child.kill(new UpstreamError('disconnected', 'The upstream closed its pipes'));
        }
      });
    };
    spawned.stdout.once('end', hearClosedPipe);
    spawned.stdin.once('error', hearClosedPipe);
    this.child.onEnd((error) => {
      this.end(error);
      if (this.started) this.tellDown(this.talking ? error : this.explain(error));
    });
  }

  private async startShared(signal: AbortSignal, deadlineMs: number): Promise<void> {
    const { channel } = this;
    if (channel === null) return;
    const timeoutMs = Math.max(1, deadlineMs - this.clock.monotonicMs());
    const server = await this.handshake(channel, GATEWAY_CLIENT, timeoutMs, signal);
    this.shared = new SharedConversations(server, channel);
    this.early = null;
    channel.send(rpcNotification('notifications/initialized'));
  }

  private async handshake(
    channel: MessageChannel,
    client: ClientFacts,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<ServerFacts> {
    try {
      const marginMs = Math.min(HANDSHAKE_MARGIN_MS, timeoutMs / 4);
      const limits = { timeoutMs: Math.round(timeoutMs - marginMs), signal, scrub: this.scrub };
      const server = await handshakeOver(channel, client, limits);
      this.noise.becomeTalking();
      this.talking = true;
      return server;
    } catch (error) {
      throw error instanceof UpstreamError ? this.explain(error) : error;
    }
  }

  /** The error with what the child said and how it ended. */
  private explain(error: UpstreamError): UpstreamError {
    const code = error.code === 'exited' ? 'exited-early' : error.code;
    const facts = { ...this.child.evidence(), ...error.facts, mayHaveRun: undefined };
    return this.noise.explain(new UpstreamError(code, error.message, facts));
  }

  private end(error: UpstreamError): void {
    if (this.over !== null) return;
    this.over = error;
    this.direct?.end(error);
    this.shared?.endAll(error);
    this.channel?.table.failAll(null, error);
  }
}
