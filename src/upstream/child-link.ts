import type { Clock } from '../kernel/clock.js';
import { LineSplitter } from '../protocol/line-framing.js';
import type { Activity } from './activity.js';
import { UpstreamChild, type ChildParts } from './child-process.js';
import { ChildWriter } from './child-writer.js';
import { type ChannelListener, MessageChannel } from './message-channel.js';
import type { Scrub } from './scrub.js';
import type { SpawnedProcess } from './spawner.js';
import { StdoutNoise } from './stdout-noise.js';
import { TOOLS_ANNOUNCEMENT, toolsChannel } from './tools-channel.js';
import { UpstreamError } from './upstream.errors.js';
import type { UpstreamFacts } from './upstream.js';
import type { CommandSpec, UpstreamSpec } from './upstream-spec.js';

/** Bytes that may wait for a child that does not read. */
const MAX_QUEUED_BYTES = 64 * 1024 * 1024;
/** A child that closed a pipe is about to exit; one that does not is of no use. */
const CLOSED_PIPE_MS = 500;

export interface ChildLinkParts {
  readonly children: ChildParts;
  readonly spec: UpstreamSpec;
  readonly command: CommandSpec;
  readonly activity: Activity;
  readonly scrub: Scrub;
  /** Hears messages and task progress of the child; noise stays here. */
  readonly listener: Omit<ChannelListener, 'onNoise'>;
  /** Hears the child's end, once, its calls not yet failed. */
  readonly onEnd: (link: ChildLink, error: UpstreamError) => void;
}

/** One child, and the messages over its pipes. */
export class ChildLink {
  readonly child: UpstreamChild;
  /** How it ended, once it has. */
  ended: UpstreamError | null = null;
  private readonly noise: StdoutNoise;
  private readonly clock: Clock;
  private noiseSeenMs = 0;

  constructor(private readonly parts: ChildLinkParts) {
    const { children, spec, command, scrub } = parts;
    this.clock = children.clock;
    this.child = new UpstreamChild(children, spec, command);
    this.noise = new StdoutNoise(scrub, (line) => {
      this.child.output.note(line);
    });
  }

  /** Spawns the child. Rejects with the reason why it cannot be. */
  async start(): Promise<MessageChannel> {
    return this.connect(await this.child.start());
  }

  stop(): Promise<void> {
    return this.child.stop();
  }

  facts(): UpstreamFacts {
    return this.child.facts();
  }

  /** It has answered as a server of this protocol does. */
  becomeTalking(): void {
    this.noise.becomeTalking();
  }

  /** The error with what the child said and how it ended. */
  explain(error: UpstreamError): UpstreamError {
    const code = error.code === 'exited' ? 'exited-early' : error.code;
    const facts = { ...this.child.evidence(), ...error.facts, mayHaveRun: undefined };
    return this.noise.explain(new UpstreamError(code, error.message, facts));
  }

  private connect(spawned: SpawnedProcess): MessageChannel {
    const { activity, spec, listener } = this.parts;
    const writer = new ChildWriter(spawned.stdin, MAX_QUEUED_BYTES);
    const heard: ChannelListener = {
      onMessage: (message, envelope) => {
        if (envelope.method === TOOLS_ANNOUNCEMENT && toolsChannel.hasSubscribers) {
          toolsChannel.publish({ service: spec.serviceName, instance_id: spec.instanceId });
        }
        listener.onMessage(message, envelope);
      },
      onTaskProgress: (owner, message) => {
        listener.onTaskProgress(owner, message);
      },
      onNoise: (line) => {
        this.hearNoise(line);
      },
    };
    const channel = new MessageChannel(this.clock, activity, writer, heard, spec.shared);
    const { lineBytes } = spec.limits;
    const lines = new LineSplitter(
      lineBytes,
      (line) => {
        try {
          channel.receive(line);
        } catch (error) {
          this.contain(error);
        }
      },
      () => {
        const text = `The upstream sent a line of more than ${lineBytes} bytes`;
        this.child.kill(new UpstreamError('line-too-long', text));
      },
    );
    spawned.stdout.on('data', (chunk: Buffer) => {
      lines.push(chunk);
    });
    this.watchPipes(spawned);
    return channel;
  }

  /** A fault of ours with what one child says ends that child, not the process. */
  private contain(error: unknown): void {
    this.parts.children.logger.error({ err: error }, 'a message of an upstream could not be read');
    const text = 'The gateway could not read what the upstream sent';
    this.child.kill(new UpstreamError('disconnected', text, { mayHaveRun: true }));
  }

  private watchPipes(spawned: SpawnedProcess): void {
    const hearClosedPipe = (): void => {
      this.clock.schedule(CLOSED_PIPE_MS, () => {
        if (this.ended === null) {
          this.child.kill(new UpstreamError('disconnected', 'The upstream closed its pipes'));
        }
      });
    };
    spawned.stdout.once('end', hearClosedPipe);
    spawned.stdin.once('error', hearClosedPipe);
    this.child.onEnd((error) => {
      this.ended = error;
      this.parts.onEnd(this, error);
    });
  }

  private hearNoise(line: Buffer): void {
    const { lastUsedMs } = this.parts.activity;
    if (lastUsedMs !== this.noiseSeenMs) this.noise.forgive();
    this.noiseSeenMs = lastUsedMs;
    const fault = this.noise.hear(line);
    if (fault !== null) this.child.kill(fault);
  }
}
