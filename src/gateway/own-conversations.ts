import type { CancelTimer, Clock } from '../kernel/clock.js';
import { rpcNotification } from '../protocol/message.js';
import { scanEnvelope } from '../protocol/envelope-scan.js';
import { answerTo } from '../upstream/conversation-client.js';
import type { Lease } from '../upstream/instance-source.js';
import {
  type Conversation,
  type ConversationSink,
  type ExchangeSink,
  GATEWAY_CLIENT,
  type Upstream,
} from '../upstream/upstream.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import { BOTH_KINDS, sendQuietly } from './exchange-call.js';
import { parseBytes } from './json-bytes.js';

const INITIALIZED = rpcNotification('notifications/initialized');
/** One that nobody used for this long is closed: servers keep something for every session. */
const IDLE_MS = 60_000;
const SWEEP_MS = 30_000;
const ASIDE_MS = 5_000;

/**
 * Conversations of our own with upstreams that serve many at once, one per upstream, for calls that come without a
 * session of their own (REST). Opened at the first call, dropped when the upstream ends it, closed when it has been idle
 * for a minute. It holds no lease, its calls do: an instance is never kept for it. Bounded by the number of instances.
 */
export class OwnConversations {
  private readonly kept = new Map<Upstream, KeptConversation>();
  private cancelSweep: CancelTimer | null = null;

  constructor(private readonly clock: Clock) {}

  get size(): number {
    return this.kept.size;
  }

  /** The conversation for one call on `lease`; to be given back. Rejects with an `UpstreamError`. */
  async borrow({ upstream }: Lease): Promise<KeptConversation> {
    let kept = this.kept.get(upstream);
    if (kept === undefined) {
      kept = new KeptConversation(upstream, this.clock, (gone) => {
        if (this.kept.get(upstream) === gone) this.kept.delete(upstream);
      });
      this.kept.set(upstream, kept);
      this.cancelSweep ??= this.clock.schedule(SWEEP_MS, this.sweep);
    }
    kept.users += 1;
    try {
      await kept.ready;
      return kept;
    } catch (error) {
      kept.giveBack();
      throw error;
    }
  }

  /** Closes them all; for shutdown. */
  stop(): void {
    this.cancelSweep?.();
    this.cancelSweep = null;
    for (const kept of [...this.kept.values()]) kept.close();
  }

  private readonly sweep = (): void => {
    this.cancelSweep = null;
    const before = this.clock.monotonicMs() - IDLE_MS;
    for (const kept of [...this.kept.values()]) {
      if (kept.users === 0 && kept.lastUsedMs <= before) kept.close();
    }
    if (this.kept.size > 0) this.cancelSweep = this.clock.schedule(SWEEP_MS, this.sweep);
  };
}

/** One of them. Calls that use it count themselves in `users`. */
export class KeptConversation implements ConversationSink {
  /** Calls are all there is on it. */
  readonly hearsNotifications = false;
  /** Resolves once it can be used. */
  readonly ready: Promise<void>;
  users = 0;
  lastUsedMs: number;
  private opened: Conversation | null = null;
  private lastId = 0;
  private over: UpstreamError | null = null;

  constructor(
    upstream: Upstream,
    private readonly clock: Clock,
    /** Runs once, when it takes no more calls. */
    private readonly onGone: (kept: KeptConversation) => void,
  ) {
    this.lastUsedMs = clock.monotonicMs();
    this.ready = this.open(upstream);
  }

  get conversation(): Conversation {
    if (this.opened === null) throw new Error('a conversation is used before it is open');
    return this.opened;
  }

  /** An id that no request on this conversation had before. */
  nextId(): Buffer {
    this.lastId += 1;
    return Buffer.from(String(this.lastId));
  }

  giveBack(): void {
    this.users -= 1;
    this.lastUsedMs = this.clock.monotonicMs();
  }

  close(): void {
    if (this.over !== null) return;
    this.end(new UpstreamError('stopped', 'The conversation was closed'));
    this.opened?.close();
  }

  /** Nothing unsolicited is of use here; a request of the server gets an answer all the same. */
  onMessage(message: Buffer): void {
    if (scanEnvelope(message)?.kind !== 'request' || this.opened === null) return;
    const answer = answerTo(parseBytes(message));
    if (answer === null) return;
    if (this.opened.kind === 'messages') this.opened.send(answer);
    else sendQuietly(this.opened, answer, ASIDE_MS);
  }

  onEnd(error: UpstreamError): void {
    this.end(error);
  }

  private async open(upstream: Upstream): Promise<void> {
    try {
      const opened = await upstream.open(GATEWAY_CLIENT, this);
      this.opened = opened;
      await initialized(opened);
      if (this.over === null) return;
      opened.close();
    } catch (error) {
      this.end(error);
      throw error;
    }
    throw this.over;
  }

  private end(reason: unknown): void {
    if (this.over !== null) return;
    this.over =
      reason instanceof UpstreamError
        ? reason
        : new UpstreamError('disconnected', 'The conversation could not be opened');
    this.onGone(this);
  }
}

/** Over HTTP a later request could overtake the notification: it is waited for, whatever becomes of it. */
export async function initialized(conversation: Conversation): Promise<void> {
  if (conversation.kind === 'messages') {
    conversation.send(INITIALIZED);
    return;
  }
  await new Promise<void>((resolve) => {
    const sink: ExchangeSink = {
      onHead: () => undefined,
      onChunk: () => true,
      onEnd: resolve,
      onFail: () => {
        resolve();
      },
    };
    conversation.post(INITIALIZED, BOTH_KINDS, sink, ASIDE_MS);
  });
}
