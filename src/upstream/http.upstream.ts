import type { Clock } from '../kernel/clock.js';
import type { Egress } from './connector.js';
import { CountedUpstream } from './counted.upstream.js';
import { aborted } from './handshake.js';
import { HttpClient } from './http-client.js';
import { HttpConversation } from './http-conversation.js';
import { httpHandshake, type HttpSession } from './http-handshake.js';
import { hopRefusal, httpTarget } from './http-target.js';
import { scrubberOf, type Scrub } from './scrub.js';
import { UpstreamError } from './upstream.errors.js';
import type { ClientFacts, Conversation, ConversationSink, UpstreamFacts } from './upstream.js';
import type { RemoteSpec, UpstreamSpec } from './upstream-spec.js';

/** What there is to know about a server somewhere else. */
export const REMOTE_FACTS: UpstreamFacts = {
  pid: null,
  process_group: null,
  memory_bytes: null,
  exit: null,
  stderr: [],
};

/** A Streamable HTTP server. Each conversation is a session of its own. */
export class HttpUpstream extends CountedUpstream {
  readonly transport = 'streamable_http';
  readonly multiplexed = true;
  private readonly conversations = new Set<HttpConversation>();
  private readonly client: HttpClient;
  private readonly scrub: Scrub;
  private stopped: Promise<void> | null = null;

  /** Throws `bad-url`. `egress` is `null` for a child of ours. */
  constructor(
    clock: Clock,
    private readonly spec: UpstreamSpec,
    remote: RemoteSpec,
    egress: Egress | null,
  ) {
    super(clock);
    const target = httpTarget(remote.url, remote.headers);
    this.client = new HttpClient(clock, this.activity, target, remote, egress);
    this.scrub = scrubberOf(spec.secrets);
  }

  override async start(signal: AbortSignal): Promise<void> {
    try {
      if (signal.aborted) throw aborted();
      await this.client.reach(signal);
    } catch (error) {
      await this.stop();
      throw signal.aborted ? aborted() : error;
    }
  }

  override async open(
    client: ClientFacts,
    sink: ConversationSink,
    signal?: AbortSignal,
    hops = 0,
  ): Promise<Conversation> {
    const refusal = hopRefusal(hops);
    if (refusal !== null) throw refusal;
    if (this.stopped !== null) throw new UpstreamError('stopped', 'The upstream was stopped');
    const opened = await this.handshake(client, hops, signal);
    const conversation = new HttpConversation(
      this.client,
      opened,
      sink,
      () => this.handshake(client, hops),
      (closed) => {
        this.conversations.delete(closed);
      },
    );
    this.conversations.add(conversation);
    return conversation;
  }

  override stop(): Promise<void> {
    this.stopped ??= this.end();
    return this.stopped;
  }

  private async end(): Promise<void> {
    this.quiet();
    const error = new UpstreamError('stopped', 'The upstream was stopped', { mayHaveRun: true });
    for (const conversation of [...this.conversations]) conversation.farewell(error);
    this.conversations.clear();
    await this.client.close();
  }

  override facts(): UpstreamFacts {
    return REMOTE_FACTS;
  }

  /** The server is known to be gone. */
  endAll(error: UpstreamError): void {
    for (const conversation of [...this.conversations]) conversation.end(error);
    this.conversations.clear();
    this.client.failAll(null, error);
  }

  private handshake(client: ClientFacts, hops: number, signal?: AbortSignal): Promise<HttpSession> {
    return httpHandshake(this.client, client, {
      timeoutMs: this.spec.startTimeoutMs,
      maxBytes: this.spec.limits.lineBytes,
      signal,
      hops,
      scrub: this.scrub,
    });
  }
}
